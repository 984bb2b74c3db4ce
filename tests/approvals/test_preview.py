"""Preview is the route that submit freezes (I10), in two segments (I9), with a reason for each step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.approvals.condition import holds
from shared.digest import digest
from shared.events.documents import Submission
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_condition import CONDITIONS, FACTS

NUMBERS = count(1)


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("preview"))
    for n in range(8):  # enough for every step to find somebody of its own
        made.add(f"chief{n}", made.bureau, "reviewer", positions=["chief"])
        made.add(f"teacher{n}", made.school, "reviewer")
        made.add(f"clerk{n}", made.finance, "reviewer")
        made.add(f"head{n}", made.province, "district_administrator")
    yield made
    made.close()


def preview(office: Office, who: str, asked: Submission) -> dict[str, Any]:
    answer = office.post(who, "preview", asked.model_dump(mode="json"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


SELECTORS: list[dict[str, Any]] = [
    {"role": "reviewer"},
    {"role": "reviewer", "in": "superior_unit"},
    {"role": "reviewer", "in": "superior_unit", "position": "chief"},
    {"role": "reviewer", "in": "district_body", "kind": "finance"},
    {"role": "reviewer", "in": "district_body", "kind": "finance", "level": "county"},
    {"role": "district_administrator", "in": "district_body", "kind": "finance", "level": "province"},
]
STEPS = st.lists(
    st.builds(
        lambda selector, condition, quorum, empty, attested: {
            "selector": selector,
            "condition": condition,
            "quorum": quorum,
            "on_empty": empty,
            "may_carry": attested is not None,
            "attested": attested or [],
        },
        st.sampled_from(SELECTORS),
        st.one_of(st.none(), CONDITIONS),
        st.sampled_from(["any", "all"]),
        st.sampled_from(["refuse", "skip", "administrator"]),
        st.sampled_from([None, [], ["name"], ["facts"]]),
    ),
    min_size=1,
    max_size=4,
)


def test_spaces_in_facts_count_alike_before_and_at_submission(bureau: Office) -> None:
    blank = {"op": "eq", "fact": "level", "value": ""}
    bureau.publish("chen", "unit", [step("s0"), step("s1", condition=blank)], "blank")
    bureau.publish("zhou", "district", [finance_step()], "blank")
    _, second, _ = submitted_as_shown(bureau, bureau.submission(doc_type="blank", level=" "), 1)
    assert (second["facts"], second["applies"]) == ({"level": " "}, False)


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(unit=STEPS, district=STEPS, facts=FACTS, agreements=st.integers(1, 4), renamed=st.booleans())
def test_i9_i10_preview_equals_the_frozen_route(  # noqa: PLR0913 - what a route depends on
    bureau: Office,
    unit: list[dict[str, Any]],
    district: list[dict[str, Any]],
    facts: dict[str, Any],
    agreements: int,
    renamed: bool,
) -> None:
    doc_type = f"kind{next(NUMBERS)}"
    for who, level, steps in (("chen", "unit", unit), ("zhou", "district", district)):
        bureau.publish(who, level, [step(f"s{n}", **one) for n, one in enumerate(steps)], doc_type)
    asked = bureau.submission(doc_type=doc_type, **facts)
    frozen = submitted_as_shown(bureau, asked, 1)
    if not frozen:
        return
    assert [one["key"] for one in frozen] == [
        *(f"unit.s{n}" for n in range(len(unit))),
        *(f"district.s{n}" for n in range(len(district))),
    ]
    for one in frozen:
        assert holds(one["condition"], asked.facts) is one["applies"]
        assert holds(one["condition"], one["facts"]) is one["applies"]
    if is_returned_after(bureau, asked, agreements):
        content = {**asked.content, "name": "别的" if renamed else asked.content["name"], "notes": "补充"}
        again = asked.model_copy(update={"content": content, "digest": digest(content)})
        for one in submitted_as_shown(bureau, again, 2):
            assert not one["carried"] or (one["may_carry"] and one["attested"])
            assert not (one["carried"] and renamed and one["attested"] == ["name"])


def submitted_as_shown(bureau: Office, asked: Submission, n: int) -> list[dict[str, Any]]:
    """Submits a round; gives its steps, which are those that were shown before, or nothing when refused."""
    seen = preview(bureau, "li", asked)
    bureau.submit(submission=asked, n=n)
    if seen["problems"]:
        assert bureau.told("case.refused")[-1].data["code"] == seen["problems"][0]["code"]
        return []
    case = bureau.case("li", asked.doc_id, asked.doc_type)
    frozen = [{name: one[name] for name in seen["route"][0]} for one in case["route"]]
    assert frozen == seen["route"]
    assert [
        (one["key"], holder["person_id"], holder["carried_round"])
        for one in case["route"]
        for holder in one["holders"]
        if holder["carried_round"]
    ] == [(one["step_key"], one["person_id"], one["round"]) for one in seen["carried"]]
    (current,) = [one for one in case["route"] if one["state"] == "current"]
    assert current["key"] == seen["first_step"]
    asked_people = [one["person_id"] for one in current["holders"] if one["state"] == "open"]
    assert sorted(asked_people) == sorted(one["person_id"] for one in seen["candidates"])
    return frozen


def is_returned_after(bureau: Office, asked: Submission, agreements: int) -> bool:
    """Lets reviewers agree so many times, then one disagree; not where nobody is left to do so."""
    for verb in [*["agree"] * agreements, "disagree"]:
        case = bureau.case("li", asked.doc_id, asked.doc_type)
        turns = [one for step in case["route"] for one in step["holders"] if one["state"] == "open"]
        if not turns:
            return False
        body = {"opinion": "请补充"}
        path = f"slots/{turns[0]['slot_id']}/{verb}"
        assert bureau.post(turns[0]["name"], path, body, If_Match=turns[0]["etag"]).status_code == 200
    return True


def test_every_step_says_why_it_is_there(office: Office) -> None:
    large = {"op": "ge", "fact": "amount_fen", "value": 5_000_000}
    office.publish("chen", "unit", [step("head", pick="submitter"), step("chief", condition=large)])
    office.publish("zhou", "district", [finance_step()])
    small = preview(office, "li", office.submission())
    assert small["asks_pick"] is True
    assert [one["name"] for one in small["candidates"]] == ["wang", "zhao"]
    assert [(one["key"], one["applies"], one["reason"]) for one in small["route"]] == [
        ("unit.head", True, "每次都需要"),
        ("unit.chief", False, "条件不成立，跳过"),
        ("district.finance", True, "每次都需要"),
    ]
    chief = preview(office, "li", office.submission(amount_fen=9_000_000))["route"][1]
    assert (chief["applies"], chief["facts"], chief["chain_version"]) == (True, {"amount_fen": 9_000_000}, 1)
    assert chief["condition"] == large


def test_the_applicant_is_no_candidate(office: Office) -> None:
    office.usual_chains()
    asked = office.submission().model_copy(update={"applicant_id": office.id("wang")})
    assert [one["name"] for one in preview(office, "wang", asked)["candidates"]] == ["zhao"]


def test_all_that_is_in_the_way_is_said_at_once(office: Office) -> None:
    asked = office.submission().model_copy(update={"digest": "0" * 64})
    found = preview(office, "li", asked)
    assert [one["code"] for one in found["problems"]] == [
        "digest_mismatch",
        "no_unit_chain",
        "no_district_chain",
    ]
    office.submit(submission=asked)
    assert [event.data["code"] for event in office.told("case.refused")] == ["digest_mismatch"]


def test_a_step_without_reviewers_is_refused_skipped_or_waits_for_an_administrator(office: Office) -> None:
    nobody = {"role": "reviewer", "in": "superior_unit"}
    unit = office.publish("chen", "unit", [step("own"), step("up", selector=nobody, on_empty="skip")])
    office.publish("zhou", "district", [finance_step()])
    office.submit()
    assert office.agree("wang").json()["current_step"] == "环节finance"
    office.republish("chen", unit, [step("up", selector=nobody, on_empty="skip"), step("own")])
    doc_id, _ = office.submit()
    assert [one["state"] for one in office.case("li", doc_id)["route"]] == [
        "skipped_by_rule",
        "current",
        "waiting",
    ]
    office.republish("chen", unit, [step("up", selector=nobody, on_empty="administrator"), step("own")])
    stuck, _ = office.submit()
    case = office.case("chen", stuck)
    assert case["attention"] == "nobody_to_review"
    (raised,) = office.told("case.attention_raised")
    assert raised.data["administrator_ids"] == [str(office.id("chen"))]
    vacant = case["route"][0]["holders"][0]
    office.add("hu", office.bureau, "reviewer")
    body = {"to": str(office.id("hu")), "reason": "新任审核人"}
    assert (
        office.post("chen", f"slots/{vacant['slot_id']}/reassign", body, If_Match=vacant["etag"]).status_code
        == 200
    )
    assert office.agree("hu").json()["current_step"] == "环节own"


def test_a_route_without_any_step_is_refused(office: Office) -> None:
    never = {"op": "gt", "fact": "amount_fen", "value": 10**12}
    office.publish("chen", "unit", [step("head", condition=never)])
    office.publish("zhou", "district", [])
    office.submit()
    assert [event.data["code"] for event in office.told("case.refused")] == ["empty_route"]


def test_preview_is_for_the_unit_and_those_above_it(office: Office) -> None:
    office.usual_chains()
    office.add("hu", office.bureau, "handler")
    asked = office.submission().model_dump(mode="json")
    assert office.post("hu", "preview", asked).status_code == 404
    assert office.post("qian", "preview", asked).status_code == 404
    assert office.post("zhou", "preview", asked).status_code == 200
    assert office.published() == office.told("chain.published")


def test_a_new_type_of_document_needs_chains_and_an_event_and_nothing_else(office: Office) -> None:
    office.doc_type = "travel_request"
    office.usual_chains()
    asked = office.submission(destination="太原", days=3)
    assert preview(office, "li", asked)["problems"] == []
    office.submit(["wang"], submission=asked)
    assert office.slot("wang")["doc_type"] == "travel_request"
    office.agree("wang")
    office.agree("qian")
    (approved,) = office.told("case.approved")
    assert (approved.data["doc_type"], approved.data["doc_id"]) == ("travel_request", str(asked.doc_id))
    assert office.case("li", asked.doc_id)["content"] == asked.content
