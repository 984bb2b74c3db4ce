"""Acts on turns against decisions, at the same moment: one wins, the other hears who was first (I16, I21)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from tests.approvals.desk import act, ids
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_races import at_once, one_winner
from tests.approvals.test_substitution import end, grant

TIMES = 6


@pytest.fixture
def busy(each_office: Office) -> Office:
    """The school's own step, then that of the finance office."""
    office = each_office
    if "xu" not in office.people:
        office.add("xu", office.school, "reviewer")
    office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("zhou", "district", [finance_step()])
    return office


def documents(office: Office) -> Iterator[tuple[UUID, dict[str, Any]]]:
    """Documents that wait for wang, one after the other."""
    for _ in range(TIMES):
        office.clock.move(seconds=1)
        doc_id, _ = office.submit(["wang"])
        yield doc_id, office.slot("wang")


def lost(answers: list[Any]) -> dict[str, Any]:
    """What the one who was late hears."""
    (late,) = [one for one in answers if one.status_code == 409]
    found: dict[str, Any] = late.json()
    return found


def whole(office: Office, doc_id: UUID) -> dict[str, Any]:
    case = office.case("li", doc_id)
    assert case["history_intact"]
    assert [entry["seq"] for entry in case["timeline"]] == list(range(1, len(case["timeline"]) + 1))
    return case


def test_i21_taking_back_against_the_next_decision(busy: Office) -> None:
    office = busy
    for doc_id, slot in documents(office):
        office.agree("wang", slot)
        next_one, mine = office.slot("qian"), office.get("wang", f"slots/{slot['id']}")
        acts: list[Callable[[], Any]] = [
            partial(act, office, "wang", "take-back", mine, reason="金额看错"),
            partial(office.disagree, "qian", next_one),
        ]
        answers = at_once(acts)
        is_back = one_winner(answers) is answers[0]
        winner = lost(answers)["winner"]
        assert (winner["outcome"], winner["actor_name"]) == (
            ("taken_back", "wang") if is_back else ("disagreed", "qian")
        )
        case = whole(office, doc_id)
        assert case["state"] == ("reviewing" if is_back else "returned")
        assert case["timeline"][-1]["type"] == winner["outcome"]
        open_now = [one["name"] for at in case["route"] for one in at["holders"] if one["state"] == "open"]
        assert open_now == (["wang"] if is_back else [])


def test_i21_taking_back_against_the_next_one_seeing_it(busy: Office) -> None:
    office = busy
    for doc_id, slot in documents(office):
        office.agree("wang", slot)
        next_one, mine = office.slot("qian"), office.get("wang", f"slots/{slot['id']}")
        answers = at_once(
            [
                partial(act, office, "wang", "take-back", mine, reason=""),
                partial(act, office, "qian", "seen", next_one),
            ]
        )
        is_back = one_winner(answers) is answers[0]
        assert lost(answers)["code"] == ("taken_back" if is_back else "seen_since")
        assert whole(office, doc_id)["timeline"][-1]["type"] == ("taken_back" if is_back else "seen")


def test_i16_a_transfer_against_a_decision_of_the_deputy(busy: Office) -> None:
    office = busy
    granted = grant(office, "wang", "zhao")
    for doc_id, slot in documents(office):
        passed = {"to": str(office.id("xu")), "reason": "出差"}
        answers = at_once(
            [
                partial(act, office, "wang", "transfer", slot, **passed),
                partial(office.agree, "zhao", slot),
            ]
        )
        is_passed = one_winner(answers) is answers[0]
        late = lost(answers)
        assert (late["code"], late["winner"]["actor_name"]) == (
            ("already_transferred", "wang") if is_passed else ("already_decided", "zhao")
        )
        holders = whole(office, doc_id)["route"][0]["holders"]
        assert sorted((one["name"], one["state"]) for one in holders) == (
            [("wang", "transferred"), ("xu", "open")] if is_passed else [("wang", "agreed")]
        )
    end(office, "wang", granted)  # others go on in this office


def test_i16_adding_a_signer_before_against_a_decision(busy: Office) -> None:
    office = busy
    for doc_id, slot in documents(office):
        signer = {"people": ids(office, "xu"), "order": "before"}
        answers = at_once(
            [
                partial(act, office, "wang", "add-sign", slot, **signer),
                partial(office.disagree, "wang", slot),
            ]
        )
        is_added = one_winner(answers) is answers[0]
        late = lost(answers)
        assert (late["code"], late["winner"]["outcome"]) == (
            ("waiting_for_signers", "signers_added") if is_added else ("already_decided", "disagreed")
        )
        assert whole(office, doc_id)["state"] == ("reviewing" if is_added else "returned")


def test_i16_a_hand_over_against_a_decision(busy: Office) -> None:
    office = busy
    for doc_id, slot in documents(office):
        given = {
            "to": str(office.id("xu")),
            "reason": "调离",
            "slots": [{"slot_id": slot["id"], "etag": slot["etag"]}],
        }
        path = f"people/{office.id('wang')}/hand-over"
        handed, agreed = at_once(
            [partial(office.post, "chen", path, given), partial(office.agree, "wang", slot)]
        )
        (row,) = handed.json()["results"]
        assert sorted((row["status"], agreed.status_code)) == [200, 409]
        late = agreed.json() if row["status"] == 200 else row["problem"]
        assert late["winner"]["actor_name"] == ("chen" if row["status"] == 200 else "wang")
        whole(office, doc_id)


def test_i35_a_document_that_changes_under_review_leaves_nothing_to_decide_on_the_old_one(
    busy: Office,
) -> None:
    office = busy
    doc_id, heard = office.submit(["wang"])
    before = office.case("li", doc_id)
    slot = office.slot("wang")
    office.hear_again(heard)
    changed = office.submission(doc_id, kind="goods")
    office.submit(["wang"], submission=changed, n=1)
    assert office.case("li", doc_id)["digest"] == before["digest"], "a round has one content"
    office.submit(["zhao"], submission=changed, n=2)
    case = office.case("li", doc_id)
    assert (case["round"], case["state"], case["digest"]) == (2, "reviewing", changed.digest)
    assert [one["type"] for one in case["timeline"]] == ["submitted", "superseded", "submitted"]
    assert office.get("wang", "todo", doc_type=office.doc_type)["items"] == []
    late = office.agree("wang", slot)
    assert (late.status_code, late.json()["code"]) == (409, "already_withdrawn")
    assert late.json()["winner"]["outcome"] == "superseded"
    assert [one.data["outcome"] for one in office.told("slot.closed")] == ["cancelled"]
    assert [one["name"] for one in case["route"][0]["holders"]] == ["zhao"]
