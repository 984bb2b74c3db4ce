"""A case that needs an administrator: those who can help are told, once, and it ends with its reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.approvals.desk import act, holder, ids
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_escalation import pass_time
from tests.approvals.test_people import reassign


def told(office: Office) -> list[tuple[str, str]]:
    """What was told of attention so far: that it was raised, and why, or that it ended."""
    found = office.told("case.attention_raised", "case.attention_cleared")
    return [(one.type.removeprefix("case.attention_"), one.data.get("reason", "")) for one in found]


def leave(office: Office, *names: str) -> None:
    for name in names:
        office.change(name, 2, "reviewer", active=False)


def vacant(office: Office, who: str, doc_id: UUID, index: int) -> dict[str, Any]:
    holders = office.case(who, doc_id)["route"][index]["holders"]
    found: dict[str, Any] = next(one for one in holders if one["state"] == "vacant")
    return found


def test_administrators_who_are_parties_of_the_case_are_passed_over(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    office.agree("wang")
    act(office, "qian", "add-sign", office.slot("qian"), people=ids(office, "zhou"), order="with")
    office.agree("zhou")
    leave(office, "qian", "sun")
    (raised,) = office.told("case.attention_raised")
    assert raised.data["administrator_ids"] == ids(office, "wu"), "zhou has signed"
    place = vacant(office, "zhou", doc_id, 1)
    office.add("hong", office.finance, "reviewer")
    assert reassign(office, "zhou", place, "hong").json()["code"] == "party_of_case"
    assert reassign(office, "wu", place, "hong").status_code == 200


def test_a_unit_whose_administrator_is_a_party_is_helped_by_its_district(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    act(office, "wang", "add-sign", office.slot("wang"), people=ids(office, "chen"), order="with")
    leave(office, "wang")
    (raised,) = office.told("case.attention_raised")
    assert raised.data["administrator_ids"] == ids(office, "zhou")
    assert reassign(office, "zhou", vacant(office, "zhou", doc_id, 0), "zhao").status_code == 200


def test_a_case_that_needs_help_again_after_an_agreement_was_taken_back_is_told_again(office: Office) -> None:
    office.add("clerk", office.school, "handler")
    office.publish("chen", "unit", [step("head")])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit()
    act(office, "wang", "add-sign", office.slot("wang"), people=ids(office, "clerk"), order="before")
    office.change("clerk", 2, "handler", active=False)
    office.agree("zhao")
    assert told(office) == [("raised", "holder_left"), ("cleared", "")]
    done = office.get("zhao", "done")["items"][0]
    assert act(office, "zhao", "take-back", done, reason="").status_code == 200
    assert office.case("chen", doc_id)["attention"] == "holder_left"
    assert told(office)[2:] == [("raised", "holder_left")]


def test_attention_ends_when_who_neglects_a_turn_leaves_and_others_have_time(office: Office) -> None:
    office.publish("chen", "unit", [step("head", budget_hours=8)])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit()
    office.add("xu", office.school, "reviewer")
    pass_time(office, hours=24)  # half an hour before both are due
    assert reassign(office, "chen", holder(office, doc_id, "wang"), "xu").status_code == 200
    pass_time(office, hours=1)
    assert told(office) == [("raised", "overdue")]
    leave(office, "zhao")
    assert office.case("chen", doc_id)["attention"] == ""
    assert told(office)[1:] == [("cleared", "")]
    assert office.agree("xu").json()["current_step"] == "环节finance"


def stuck_at(office: Office, who: str) -> int:
    """How many cases need the attention of an administrator: as a number, and as a list."""
    counted: int = office.get(who, "counts")["attention"]
    assert len(office.get(who, "cases", attention=True)["items"]) == counted
    return counted


def test_each_administrator_counts_what_he_can_help_with(office: Office) -> None:
    office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("wu", "district", [finance_step()])
    doc_id, _ = office.submit(["wang"])
    leave(office, "wang")
    assert [stuck_at(office, who) for who in ("chen", "zhou", "wu")] == [1, 1, 1]
    assert reassign(office, "chen", vacant(office, "chen", doc_id, 0), "zhao").status_code == 200
    office.agree("zhao")
    leave(office, "qian", "sun")
    assert office.case("chen", doc_id)["attention"] == "holder_left"
    assert [stuck_at(office, who) for who in ("chen", "zhou", "wu")] == [0, 0, 1]
    office.add("hong", office.finance, "reviewer")
    place = vacant(office, "wu", doc_id, 1)
    for who in ("chen", "zhou"):
        assert reassign(office, who, place, "hong").json()["code"] == "not_case_administrator"
    assert reassign(office, "wu", place, "hong").status_code == 200
    assert [stuck_at(office, who) for who in ("chen", "zhou", "wu")] == [0, 0, 0]
