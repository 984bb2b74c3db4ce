"""A draft is replayed over real cases of the past before it is published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.approvals.round_time import StepTime
from shared.database import new_id
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_chain_check import a_unit

LARGE = {"op": "ge", "fact": "amount_fen", "value": 5_000_000}


def replay(office: Office, who: str, chain: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = office.post(who, f"chains/{chain}/replay", {"steps": list(steps) or None, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def submit(office: Office, amount: int, unit: UUID | None = None, applicant: str = "li") -> None:
    asked = office.submission(amount_fen=amount).model_copy(
        update={"organisation_id": unit or office.school, "applicant_id": office.id(applicant)}
    )
    office.clock.move(minutes=1)
    office.submit(["wang"], submission=asked)


def test_it_says_which_routes_would_change_and_how(office: Office) -> None:
    unit, _ = office.usual_chains()
    for amount in (1_000_000, 9_000_000, 2_000_000):
        submit(office, amount)
    before = (office.get("chen", f"chains/{unit}"), office.get("chen", "cases"), len(office.published()))
    found = replay(
        office, "chen", unit, step("head", pick="submitter"), step("leader", condition=LARGE, budget_hours=8)
    )
    assert (found["looked_at"], found["changed"], found["lacking"]) == (3, 1, 0)
    (case,) = found["cases"]
    assert [(one["key"], one["change"]) for one in case["changes"]] == [("unit.leader", "added")]
    gone = replay(office, "chen", unit, step("other"))["cases"]
    assert len(gone) == 3
    assert {(one["key"], one["change"]) for one in gone[0]["changes"]} == {
        ("unit.head", "removed"),
        ("unit.other", "added"),
    }
    changed = replay(office, "chen", unit, step("head"))["cases"][0]["changes"]
    assert [(one["key"], one["fields"]) for one in changed] == [
        ("unit.head", [{"field": "pick", "before": "submitter", "after": "none"}])
    ]
    assert replay(office, "chen", unit)["changed"] == 0
    after = (office.get("chen", f"chains/{unit}"), office.get("chen", "cases"), len(office.published()))
    assert after == before


def test_a_condition_that_answers_alike_changes_no_route(office: Office) -> None:
    unit, _ = office.usual_chains()
    submit(office, 9_000_000)
    head = step("head", pick="submitter")
    assert replay(office, "chen", unit, {**head, "condition": LARGE})["changed"] == 0
    other = {"op": "lt", "fact": "amount_fen", "value": 5_000_000}
    assert replay(office, "chen", unit, {**head, "condition": other}, step("x"))["changed"] == 1


def test_it_says_where_reviewers_would_be_missing(office: Office) -> None:
    _, district = office.usual_chains()
    submit(office, 1_000_000)
    up = {"role": "reviewer", "in": "superior_unit"}
    found = replay(office, "zhou", district, finance_step(), step("up", selector=up, on_empty="skip"))
    assert (found["changed"], found["lacking"]) == (1, 1)
    assert found["cases"][0]["gaps"] == [
        {"key": "district.up", "name": "环节up", "people": 0, "needed": 1, "outcome": "skip"}
    ]
    panel = replay(office, "zhou", district, finance_step(quorum="at_least", at_least=3))
    assert panel["cases"][0]["gaps"][0]["needed"] == 3


def test_it_says_how_long_it_would_take_where_that_is_known(office: Office) -> None:
    unit, district = office.usual_chains()
    for hours in (1, 2, 3):
        submit(office, 1_000_000)
        office.clock.move(hours=hours)
        office.agree("wang")
        office.clock.move(days=1, hours=-hours)
        office.agree("qian")
        office.clock.move(days=6)
    found = replay(office, "chen", unit, step("head", pick="submitter"), step("chief"))
    case = found["cases"][0]
    assert (found["compared"], found["hours_before"]) == (0, None)
    assert (case["before"]["unknown"], case["after"]["unknown"]) == ([], ["unit.chief"])
    assert case["before"]["hours"] == case["after"]["hours"] != "0.0"
    shorter = replay(office, "zhou", district, step("other", condition=LARGE))
    assert (shorter["compared"], shorter["changed"]) == (3, 3)
    assert float(shorter["hours_after"]) < float(shorter["hours_before"])


@pytest.mark.parametrize(("who", "status"), [("chen", 200), ("li", 403), ("wang", 403), ("zhou", 403)])
def test_it_is_for_those_who_may_edit_the_chain(office: Office, who: str, status: int) -> None:
    unit, _ = office.usual_chains()
    assert office.post(who, f"chains/{unit}/replay", {}).status_code == status
    assert office.post(who, f"chains/{new_id()}/replay", {}).status_code == 404


def test_a_draft_with_mistakes_is_not_replayed(office: Office) -> None:
    unit, _ = office.usual_chains()
    submit(office, 1)
    for body, status in (
        ({"steps": [step("a"), step("a")]}, 422),
        ({"steps": [step("a", condition={"op": "odd"})]}, 422),
        ({"limit": 201}, 422),
        ({"limit": 200}, 200),
    ):
        assert office.post("chen", f"chains/{unit}/replay", body).status_code == status


def test_a_district_replays_the_cases_of_all_units_that_follow_it(office: Office) -> None:
    _, district = office.usual_chains()
    for number in range(3):
        unit = a_unit(office, f"示例区第{number}中学", f"reviewer{number}")
        office.add(f"admin{number}", unit, "unit_administrator")
        office.publish(f"admin{number}", "unit", [step("head")])
        submit(office, 1_000_000, unit, f"handler of 示例区第{number}中学")
    submit(office, 1_000_000)
    found = replay(office, "zhou", district, finance_step(), finance_step("second"))
    names = [one["organisation_name"] for one in found["cases"]]
    assert names == ["示例区第一小学", "示例区第2中学", "示例区第1中学", "示例区第0中学"]
    assert replay(office, "zhou", district, step("x"), limit=2)["looked_at"] == 2
    province = office.publish("wu", "district", [finance_step("province")])
    assert replay(office, "wu", province)["looked_at"] == 0


def test_it_costs_the_same_number_of_statements_whatever_it_looks_at(office: Office) -> None:
    _, district = office.usual_chains()
    submit(office, 1_000_000)
    few = office.statements(lambda: replay(office, "zhou", district, finance_step()))
    for number in range(4):
        unit = a_unit(office, f"示例区第{number}中学", f"reviewer{number}")
        office.add(f"admin{number}", unit, "unit_administrator")
        office.publish(f"admin{number}", "unit", [step("head")])
        submit(office, 1_000_000, unit, f"handler of 示例区第{number}中学")
    assert office.statements(lambda: replay(office, "zhou", district, finance_step())) == few


def test_every_replayed_route_is_what_preview_would_show(office: Office) -> None:
    """The draft is replayed, published, and the same cases are asked again."""
    unit, _ = office.usual_chains()
    amounts = (1_000_000, 9_000_000)
    for amount in amounts:
        submit(office, amount)
    draft = [step("head", pick="submitter"), step("leader", condition=LARGE)]
    office.add("xu", office.school, "reviewer")
    told = replay(office, "chen", unit, *draft)["cases"]
    office.republish("chen", unit, draft)
    assert [one["changes"][0]["key"] for one in told] == ["unit.leader"]
    for amount in amounts:
        shown = office.post("li", "preview", office.submission(amount_fen=amount).model_dump(mode="json"))
        applying = [one["key"] for one in shown.json()["route"] if one["applies"]]
        assert ("unit.leader" in applying) == (amount > 5_000_000)
    assert replay(office, "chen", unit)["changed"] == 0


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=12))
def test_the_expected_time_is_the_median(office: Office, minutes: list[int]) -> None:
    office.begin_anew()
    unit = office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("zhou", "district", [])
    submit(office, 1)
    with office.store.work() as work:
        for number, one in enumerate(minutes):
            work.add(
                StepTime(
                    case_id=new_id(),
                    n=number,
                    step_key="unit.head",
                    step_name="环节head",
                    chain_id=UUID(unit),
                    doc_type=office.doc_type,
                    organisation_id=office.school,
                    district_code="140105",
                    ended_at=work.now,
                    outcome="agreed",
                    minutes=one,
                )
            )
    median = sorted(minutes)[(len(minutes) - 1) // 2]
    found = replay(office, "chen", unit)
    assert float(found["hours_before"]) == pytest.approx(median / 60, abs=0.051)
