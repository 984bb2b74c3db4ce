"""A district's floor: what unit chains must satisfy, since when, and which of them do not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.approvals.chains.floor import Floor, FloorRules, RequiredStep, breaches
from services.approvals.condition import holds
from services.approvals.step import RoleSelector, Step
from shared.people import Role
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_chain_check import a_unit, findings, publish
from tests.approvals.test_condition import FACTS

PATH = "districts/140105/floors/plan"
BANDS = [{"name": "small", "below": 100}, {"name": "large", "from": 100}]
LEADER = {"role": "reviewer", "position": "leader"}


def banded(name: str, group: str = "amount") -> dict[str, Any]:
    return {"op": "band", "fact": "amount_fen", "bands": BANDS, "in": [name], "group": group}


def set_floor(office: Office, rules: dict[str, Any], who: str = "zhou", path: str = PATH, **more: Any) -> Any:
    n = office.get(who, path)["versions"][:1]
    tag = f'"v{n[0]["n"] if n else 0}"'
    return office.post(who, path, {"rules": rules, **more}, If_Match=tag)


@pytest.mark.parametrize(
    ("who", "status"), [("zhou", 200), ("wu", 200), ("chen", 403), ("qian", 403), ("li", 403)]
)
def test_administrators_of_the_district_or_above_set_its_floor(office: Office, who: str, status: int) -> None:
    answer = office.post(who, PATH, {"rules": {"min_steps": 1}}, If_Match='"v0"')
    assert answer.status_code == status
    assert len(office.get("li", PATH)["versions"]) == (status == 200)


def test_a_floor_is_changed_by_who_has_seen_its_newest_version(office: Office) -> None:
    assert office.post("zhou", PATH, {"rules": {}}).status_code == 428
    assert office.post("zhou", PATH, {"rules": {}}, If_Match='"v1"').status_code == 412
    assert set_floor(office, {"min_steps": 1}).headers["etag"] == '"v1"'
    past = set_floor(office, {}, effective_from="2026-11-22")
    assert findings(past) == [("effective_in_the_past", "/effective_from")]
    assert office.post("zhou", PATH, {"rules": {"min_steps": 99}}, If_Match='"v1"').status_code == 422
    assert office.post("zhou", PATH, {"rules": {"odd": 1}}, If_Match='"v1"').status_code == 422
    assert office.send("wang", "GET", "districts/999999/floors/plan").status_code == 404
    assert (
        office.post("zhou", "districts/140100/floors/plan", {"rules": {}}, If_Match='"v0"').status_code == 403
    )


def test_i13_a_unit_chain_below_the_floor_is_not_published(office: Office) -> None:
    for n in range(4):
        office.add(f"leader{n}", office.school, "reviewer", positions=["leader"])
    rules = {
        "min_steps": 2,
        "required": [LEADER],
        "max_step_hours": 16,
        "max_total_hours": 24,
        "on_empty": ["refuse"],
        "self_review": ["exclude", "superior"],
        "may_carry": False,
    }
    assert set_floor(office, rules).status_code == 200
    leader = {"role": "reviewer", "position": "leader"}
    low = [
        step("one", on_empty="skip", self_review="skip"),
        step("two", budget_hours=20, condition=banded("small"), may_carry=True),
    ]
    refused = publish(office, "chen", "unit", *low, step("three", condition=banded("large"), selector=leader))
    assert findings(refused) == [
        ("floor_step_missing", "/steps"),
        ("floor_on_empty", "/steps/0/on_empty"),
        ("floor_self_review", "/steps/0/self_review"),
        ("floor_carrying", "/steps/1/may_carry"),
        ("floor_hours_missing", "/steps/0/budget_hours"),
        ("floor_step_hours", "/steps/1/budget_hours"),
        ("floor_hours_missing", "/steps/2/budget_hours"),
    ]
    assert refused.json()["errors"][0]["detail"] == "示例区底线第 1 版：缺少必经的“leader审核人”环节"
    english = office.post("chen", "chains/" + chain_of(office, "chen") + "/lint").json()["problems"]
    assert all(problem["text_en"] for problem in english)
    long = [step(f"s{n}", budget_hours=16) for n in range(2)]
    assert ("floor_total_hours", "/steps") in findings(publish(office, "chen", "unit", *long))
    fine = [
        step("one", budget_hours=8, selector=leader),
        step("two", budget_hours=16, condition=banded("small")),
        step("three", budget_hours=10, condition=banded("large")),
    ]
    assert publish(office, "chen", "unit", *fine).status_code == 200


def chain_of(office: Office, who: str) -> str:
    found: str = office.get(who, "chains")["items"][0]["id"]
    return found


def test_floors_of_all_districts_above_hold_together(office: Office) -> None:
    province = "districts/140000/floors/plan"
    assert set_floor(office, {"min_steps": 2}, "wu", province).status_code == 200
    assert set_floor(office, {"on_empty": ["refuse"]}).status_code == 200
    shown = office.get("li", PATH)
    assert [(one["district_code"], one["rules"]["min_steps"]) for one in shown["in_force"]] == [
        ("140000", 2),
        ("140105", 0),
    ]
    assert findings(publish(office, "chen", "unit", step("one", on_empty="skip"))) == [
        ("floor_min_steps", "/steps"),
        ("floor_on_empty", "/steps/0/on_empty"),
    ]


def test_a_floor_holds_from_its_day(office: Office) -> None:
    set_floor(office, {"min_steps": 2}, effective_from="2026-11-25")
    assert publish(office, "chen", "unit", step("one")).status_code == 200
    assert office.get("zhou", f"{PATH}/breaches")["items"] == []
    coming = office.get("zhou", f"{PATH}/breaches", on="2026-11-25")["items"]
    assert [one["chain"]["owner_name"] for one in coming] == ["示例区第一小学"]
    office.clock.move(days=2)
    assert len(office.get("zhou", f"{PATH}/breaches")["items"]) == 1
    changed = publish(office, "chen", "unit", step("one"), step("two", condition=banded("small", "x")))
    assert changed.status_code == 422
    set_floor(office, {"min_steps": 1})
    assert office.get("li", PATH)["in_force"][0]["n"] == 2
    assert publish(office, "chen", "unit", step("one"), step("two")).status_code == 200


def test_after_a_change_the_district_sees_which_chains_fall_short(office: Office) -> None:
    office.usual_chains()
    running, _ = office.submit(["wang"])
    for number in range(3):
        unit = a_unit(office, f"示例区第{number}中学", f"reviewer{number}", f"second{number}")
        office.add(f"admin{number}", unit, "unit_administrator")
        steps = [step("one"), step("two")] if number == 1 else [step("one")]
        assert publish(office, f"admin{number}", "unit", *steps).status_code == 200
    rules = {"min_steps": 2}
    tried = office.post("zhou", f"{PATH}/check", {"rules": rules}).json()
    assert len(tried["items"]) == 3
    assert office.get("zhou", f"{PATH}/breaches")["items"] == []
    set_floor(office, rules)
    first = office.get("zhou", f"{PATH}/breaches", limit=2)
    rest = office.get("wu", f"{PATH}/breaches", limit=2, cursor=first["next"])
    names = [one["chain"]["owner_name"] for one in [*first["items"], *rest["items"]]]
    assert names == ["示例区第2中学", "示例区第0中学", "示例区第一小学"]
    assert rest["items"][0]["problems"][0]["code"] == "floor_min_steps"
    for who, status in (("chen", 403), ("li", 403)):
        assert office.send(who, "GET", f"{PATH}/breaches").status_code == status
        assert office.post(who, f"{PATH}/check", {"rules": rules}).status_code == status

    assert office.agree("wang").json()["current_step"] == "环节finance"
    assert office.case("li", running)["state"] == "reviewing"
    doc_id, _ = office.submit(["wang"])
    assert office.case("li", doc_id)["state"] == "reviewing"


def test_a_chain_says_where_its_version_in_force_falls_short(office: Office) -> None:
    unit, district = office.usual_chains()
    assert office.get("li", f"chains/{unit}")["floor_problems"] == []
    set_floor(office, {"min_steps": 2})
    (problem,) = office.get("li", f"chains/{unit}")["floor_problems"]
    assert (problem["code"], problem["pointer"]) == ("floor_min_steps", "/steps")
    missing = office.post("zhou", f"{PATH}/check", {"rules": {"required": [LEADER]}}).json()["items"]
    english = "no such step for every document: leader reviewer"
    assert [found["text_en"] for found in missing[0]["problems"]] == [english]
    assert office.get("zhou", f"chains/{district}")["floor_problems"] == []


def test_looking_costs_the_same_number_of_statements_whatever_the_number_of_chains(office: Office) -> None:
    publish(office, "chen", "unit", step("head"))
    few = office.statements(lambda: office.get("zhou", f"{PATH}/breaches"))
    for number in range(5):
        unit = a_unit(office, f"示例区第{number}中学", f"reviewer{number}")
        office.add(f"admin{number}", unit, "unit_administrator")
        publish(office, f"admin{number}", "unit", step("one"))
    assert office.statements(lambda: office.get("zhou", f"{PATH}/breaches")) == few


STEPS = st.lists(
    st.builds(
        lambda key, role, position, condition, hours: Step(
            key=key,
            name="环节",
            selector=RoleSelector(role=role, position=position),
            condition=condition,
            budget_hours=hours,
        ),
        st.sampled_from("abcdef"),
        st.sampled_from([Role.REVIEWER, Role.FINANCE]),
        st.sampled_from([None, "leader"]),
        st.sampled_from([None, banded("small"), banded("large"), {"op": "eq", "fact": "kind", "value": "a"}]),
        st.integers(1, 20),
    ),
    max_size=6,
    unique_by=lambda one: one.key,
)


@given(STEPS, FACTS, st.integers(0, 3), st.integers(1, 40))
def test_i13_what_a_floor_lets_pass_satisfies_it_for_every_document(
    steps: list[Step], facts: dict[str, Any], least: int, most: int
) -> None:
    taken = [name for one in steps if one.condition and "in" in one.condition for name in one.condition["in"]]
    if sorted(taken) not in ([], ["large", "small"]):
        return  # no group: refused before any floor is asked
    wanted = RequiredStep(role=Role.REVIEWER, position="leader")
    rules = FloorRules(min_steps=least, required=[wanted], max_total_hours=most)
    floor = Floor(district_code="140105", district_name="示例区", n=1, rules=rules)
    if breaches({"140105": floor}, "/140000/140105/", steps):
        return
    applying = [one for one in steps if holds(one.condition, facts)]
    assert len(applying) >= least
    assert any(wanted.is_met_by(one) for one in applying)
    assert sum(one.budget_hours or 0 for one in applying) <= most


def test_people_who_are_named_meet_no_required_role(office: Office) -> None:
    set_floor(office, {"required": [{"role": "reviewer"}]})
    named = {"people": [str(office.id("wang"))]}
    assert findings(publish(office, "chen", "unit", step("head", selector=named))) == [
        ("floor_step_missing", "/steps")
    ]
    assert publish(office, "zhou", "district", finance_step()).status_code == 200


def test_who_gets_an_overdue_turn_meets_the_required_role_too(office: Office) -> None:
    set_floor(office, {"required": [{"role": "reviewer", "in": "own_unit"}]})
    missing = [("floor_step_missing", "/steps")]
    named = {"selector": {"people": [str(office.id("zhao"))]}}
    chiefs = {"selector": {"role": "unit_administrator"}}
    others = {"selector": {"role": "reviewer", "position": "leader"}}
    for level in (named, chiefs):
        late = step("head", budget_hours=8, escalation=[others, level])
        assert findings(publish(office, "chen", "unit", late)) == missing
    late = step("head", budget_hours=8, escalation=[others])
    assert publish(office, "chen", "unit", late).status_code == 200


def test_many_conditions_do_not_lift_the_limit_of_hours(office: Office) -> None:
    for n in range(13):
        office.add(f"r{n}", office.school, "reviewer")
    set_floor(office, {"max_total_hours": 60})

    def steps(number: int, hours: int) -> list[dict[str, Any]]:
        flags = [{"op": "eq", "fact": f"f{n}", "value": True} for n in range(number)]
        return [step(f"s{n}", budget_hours=hours, condition=one) for n, one in enumerate(flags)]

    for number in (2, 8, 13):
        refused = publish(office, "chen", "unit", *steps(number, 50))
        assert findings(refused) == [("floor_total_hours", "/steps")]
    assert "现为 650（条件过多，按全部环节计）" in refused.json()["errors"][0]["detail"]
    assert publish(office, "chen", "unit", *steps(13, 4)).status_code == 200
