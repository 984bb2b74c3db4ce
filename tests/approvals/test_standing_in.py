"""A deputy acts within the segregation of duties, for himself and for whom he represents (I27, I28)."""

from __future__ import annotations

from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_substitution import grant, todo


def test_i28_the_applicant_never_decides_as_a_deputy(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    grant(office, "wang", "li")
    (row,) = todo(office, "li")
    assert [one["reason"] for one in row["available_actions"][:2]] == ["申请人不能代理审核本人的申请"] * 2
    refused = office.agree("li", row)
    assert (refused.status_code, refused.json()["code"]) == (403, "applicant_never_decides")
    (opened,) = office.told("slot.opened")
    assert opened.data["deputies"] == []


def test_i28_who_decided_in_the_round_decides_for_nobody(office: Office) -> None:
    office.add("xu", office.school, "reviewer")
    office.publish("chen", "unit", [step("one", pick="submitter"), step("two", pick="previous_actor")])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(["wang"])
    grant(office, "zhao", "wang")
    office.agree("wang", picks=[str(office.id("zhao"))])
    (row,) = todo(office, "wang")
    assert [one["reason"] for one in row["available_actions"][:2]] == ["您在本轮已表态，不能再代理审核"] * 2
    assert office.agree("wang", row).json()["code"] == "decided_already"
    holders = office.case("wang", doc_id)["route"][1]["holders"]
    assert [one["allowed"] for one in holders[0]["available_actions"][:2]] == [False, False]


def test_i28_whom_somebody_decided_for_reviews_no_further_step(office: Office) -> None:
    office.publish("chen", "unit", [step("one", pick="submitter"), step("two")])
    office.publish("zhou", "district", [finance_step()])
    office.add("xu", office.school, "reviewer")
    office.submit(["wang"])
    grant(office, "wang", "zhao")
    answer = office.agree("zhao", todo(office, "zhao")[0])
    assert answer.json()["current_holders"] == ["xu"]


def test_i28_an_own_slot_of_the_step_comes_first(office: Office) -> None:
    office.publish("chen", "unit", [step("panel", quorum="all")])
    office.publish("zhou", "district", [finance_step()])
    office.submit()
    grant(office, "wang", "zhao")
    rows = {row["on_behalf_name"]: row for row in todo(office, "zhao")}
    assert office.agree("zhao", rows["wang"]).json()["code"] == "own_slot_first"
    assert [one["allowed"] for one in rows["wang"]["available_actions"][:2]] == [False, False]
    assert office.agree("zhao", rows[""]).status_code == 200
    assert office.agree("zhao", rows["wang"]).json()["code"] == "decided_already"
    assert office.agree("wang", rows["wang"]).json()["current_step"] == "环节finance"


def test_deputies_are_named_when_a_slot_opens_for_who_is_away(office: Office) -> None:
    office.publish("chen", "unit", [step("head", pick="submitter", budget_hours=8)])
    office.publish("zhou", "district", [finance_step()])
    grant(office, "wang", "zhao")
    office.submit(["wang"])
    office.submit(["zhao"])
    opened = {one.data["holder_id"]: one.data["deputies"] for one in office.told("slot.opened")}
    assert opened == {str(office.id("wang")): [str(office.id("zhao"))], str(office.id("zhao")): []}
    office.clock.move(hours=30)
    office.run_ticks()
    overdue = {one.data["holder_id"]: one.data["deputies"] for one in office.told("slot.overdue")}
    assert overdue == opened
