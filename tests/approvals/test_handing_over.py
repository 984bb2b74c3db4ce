"""An administrator hands over what a person has: row by row, with a reason, never to who may not have it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_decisions import code

REASON = "调离本单位"


@pytest.fixture
def leaving(each_office: Office) -> Office:
    """Wang has three documents of the school."""
    office = each_office
    if "xu" not in office.people:
        office.add("xu", office.school, "reviewer")
    office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("zhou", "district", [finance_step(pick="previous_actor")])
    for _ in range(3):
        office.submit(["wang"])
        office.clock.move(seconds=1)
    return office


def held(office: Office, who: str, person: str = "wang") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.get(who, f"people/{office.id(person)}/slots")["items"]
    return [one for one in found if one["doc_type"] == office.doc_type]


def hand_over(
    office: Office, who: str, slots: list[dict[str, Any]], to: str, person: str = "wang", **more: Any
) -> Any:
    rows = [{"slot_id": one["id"], "etag": one["etag"]} for one in slots]
    body = {"to": str(office.id(to)), "reason": REASON, "slots": rows, **more.pop("body", {})}
    return office.post(who, f"people/{office.id(person)}/hand-over", body, **more)


def statuses(answer: Any) -> list[tuple[int, str]]:
    assert answer.status_code == 200, answer.text
    return [(one["status"], (one["problem"] or {}).get("code", "")) for one in answer.json()["results"]]


def test_i41_all_that_a_leaver_has_goes_to_one_other_and_says_so(leaving: Office) -> None:
    office = leaving
    slots = held(office, "chen")
    assert len(slots) == 3
    assert [one["action"] for one in slots[0]["available_actions"] if one["allowed"]] == ["reassign"]
    answer = hand_over(office, "chen", slots, "xu")
    assert statuses(answer) == [(200, "")] * 3
    assert answer.json()["results"][0]["decision"]["current_holders"] == ["xu"]
    assert held(office, "chen") == []
    mine = office.get("xu", "todo", doc_type=office.doc_type)["items"]
    assert {one["doc_id"] for one in mine} == {one["doc_id"] for one in slots}
    case = office.case("chen", UUID(slots[0]["doc_id"]))
    last = case["timeline"][-1]
    assert (last["type"], last["actor_name"], last["administrator"], last["opinion"], last["to"]) == (
        *("reassigned", "chen", True, REASON),
        ["xu"],
    )
    assert case["history_intact"]
    assert [one.data["holder_name"] for one in office.told("slot.opened")[-3:]] == ["xu"] * 3
    assert office.agree("xu", mine[0], picks=[str(office.id("qian"))]).status_code == 200


def test_each_row_stands_for_itself(leaving: Office) -> None:
    office = leaving
    first, second, third = held(office, "chen")[::-1]
    own = office.submission().model_copy(update={"applicant_id": office.id("xu"), "applicant_name": "xu"})
    office.submit(["wang"], submission=own)
    fourth = held(office, "chen")[0]
    office.agree("wang", second, picks=[str(office.id("qian"))])
    stale = {**third, "etag": '"v0-0"'}
    answer = hand_over(office, "chen", [first, second, stale, fourth], "xu")
    assert statuses(answer)[:3] == [(200, ""), (409, "already_decided"), (412, "changed_meanwhile")]
    status, refused = statuses(answer)[3]
    assert (status, refused) == (422, "invalid")
    assert answer.json()["results"][3]["problem"]["errors"][0]["code"] == "excluded", "I27: he has applied"
    assert (answer.json()["succeeded"], answer.json()["failed"]) == (1, 3)
    assert {one["id"] for one in held(office, "chen")} == {third["id"], fourth["id"]}


def test_i17_the_same_hand_over_again_gives_the_same_answer(leaving: Office) -> None:
    office = leaving
    slots = held(office, "chen")
    key = str(uuid4())
    once = hand_over(office, "chen", slots, "xu", Idempotency_Key=key)
    assert hand_over(office, "chen", slots, "xu", Idempotency_Key=key).json() == once.json()
    assert len(office.told("slot.opened")) == 6
    other = hand_over(office, "chen", slots, "zhao", Idempotency_Key=key)
    assert statuses(other) == [(422, "idempotency_key_reused")] * 3
    again = hand_over(office, "chen", slots, "zhao")
    assert statuses(again) == [(409, "already_reassigned")] * 3


def test_only_what_that_person_has(leaving: Office) -> None:
    office = leaving
    slots = held(office, "chen")
    assert statuses(hand_over(office, "chen", slots[:1], "xu", person="zhao")) == [(409, "holder_changed")]
    assert statuses(hand_over(office, "chen", slots[:1], "qian")) == [(422, "invalid")]
    assert statuses(hand_over(office, "chen", slots[:1], "chen")) == [(403, "not_to_yourself")]


def test_administrators_of_the_step_only(leaving: Office) -> None:
    office = leaving
    slots = held(office, "chen")
    office.agree("wang", slots[0], picks=[str(office.id("qian"))])
    for who in ("li", "wang", "qian"):
        assert code(office.send(who, "GET", f"people/{office.id('wang')}/slots")) == (403, "role_required")
        assert code(hand_over(office, who, slots, "xu")) == (403, "role_required")
    (of_finance,) = held(office, "chen", "qian")
    assert [(one["action"], one["allowed"]) for one in of_finance["available_actions"]] == [
        ("reassign", False)
    ]
    refused = hand_over(office, "chen", [of_finance], "sun", person="qian")
    assert statuses(refused) == [(403, "not_case_administrator")]
    assert statuses(hand_over(office, "zhou", [of_finance], "sun", person="qian")) == [(200, "")]
    if "far_administrator" not in office.people:
        office.add("far_administrator", office.bureau, "unit_administrator")
    assert held(office, "far_administrator") == []
    assert statuses(hand_over(office, "far_administrator", slots[1:2], "xu")) == [(404, "not_found")]


def test_what_waits_for_somebody_who_has_left_is_listed_too(leaving: Office) -> None:
    office = leaving
    office.add("leaver", office.school, "reviewer")
    doc_id, _ = office.submit(["leaver"])
    office.change("leaver", 2)
    slots = held(office, "chen", "leaver")
    assert [one["state"] for one in slots] == ["vacant"]
    assert office.case("chen", doc_id)["attention"] == "holder_left"
    assert statuses(hand_over(office, "chen", slots, "zhao", person="leaver")) == [(200, "")]
    assert office.case("chen", doc_id)["attention"] == ""
    assert held(office, "chen", "leaver") == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"reason": ""}, "string_too_short"),
        ({"slots": []}, "too_short"),
        ({"to": "xu"}, "uuid_parsing"),
        ({"all": True}, "extra_forbidden"),
        ({"slots": [{"slot_id": str(uuid4()), "etag": "x"}] * 101}, "too_long"),
    ],
)
def test_i41_a_reason_and_rows_are_needed(office: Office, body: dict[str, Any], found: str) -> None:
    rows = [{"id": str(uuid4()), "etag": '"v1-0"'}]
    answer = hand_over(office, "chen", rows, "zhao", body=body)
    assert [one["code"] for one in answer.json()["errors"]] == [found]
    assert code(hand_over(office, "chen", rows, "zhao", Idempotency_Key="")) == (
        428,
        "idempotency_key_required",
    )
    assert statuses(hand_over(office, "chen", rows, "zhao")) == [(404, "not_found")]
