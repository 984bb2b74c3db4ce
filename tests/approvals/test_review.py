"""The life of a case: submitted, agreed step by step, returned, withdrawn, submitted again."""

from __future__ import annotations

from tests.approvals.office import Office, finance_step, step


def test_a_document_is_approved_when_every_step_has_agreed(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    mine = office.get("wang", "todo", doc_type=office.doc_type)["items"]
    assert [item["title"] for item in mine] == ["课桌椅采购"]
    assert office.get("zhao", "todo", doc_type=office.doc_type)["items"] == []

    first = office.agree("wang", opinion="同意")
    assert first.status_code == 200, first.text
    assert first.json()["current_holders"] == ["qian", "sun"]
    last = office.agree("sun")
    assert last.json()["case_state"] == "approved"

    told = [event.type for event in office.told() if event.type != "chain.published"]
    assert told == [
        "case.opened",
        "slot.opened",
        "slot.closed",
        "slot.opened",
        "slot.opened",
        "slot.closed",
        "slot.closed",
        "case.approved",
    ]
    versions = [event.subjectversion for event in office.told("case.opened", "slot.closed", "case.approved")]
    assert versions == [1, 2, 3, 3, 3]
    case = office.case("li", doc_id)
    assert (case["state"], case["history_intact"]) == ("approved", True)
    assert [entry["type"] for entry in case["timeline"]] == ["submitted", "agreed", "agreed"]
    assert [one["state"] for one in case["route"]] == ["done", "done"]


def test_a_returned_document_comes_back_in_a_new_round_of_the_same_case(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    first = office.case("li", doc_id)["id"]
    answer = office.disagree("wang", opinion="数量不明")
    assert answer.json()["case_state"] == "returned"
    (returned,) = office.told("case.returned")
    assert (returned.data["opinion"], returned.data["actor_name"]) == ("数量不明", "wang")

    office.submit(["zhao"], n=2, submission=office.submission(doc_id))
    case = office.case("li", doc_id)
    assert (case["id"], case["round"], case["state"]) == (first, 2, "reviewing")
    assert office.slot("zhao")["round"] == 2
    assert [entry["round"] for entry in case["timeline"]] == [1, 1, 2]


def test_a_document_submitted_after_its_approval_opens_a_case_that_knows_the_one_before(
    office: Office,
) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    office.agree("wang")
    office.agree("qian")
    before = office.case("li", doc_id)
    office.submit(["zhao"], n=2, submission=office.submission(doc_id))
    case = office.case("li", doc_id)
    assert case["previous_case"] == before["id"] != case["id"]
    assert (case["round"], case["state"]) == (2, "reviewing")


def test_the_applicant_withdraws_before_the_first_decision_only(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    assert office.withdraw("li", doc_id).json()["state"] == "withdrawn"
    assert office.get("wang", "todo")["items"] == []
    again = office.withdraw("li", doc_id)
    assert (again.status_code, again.json()["code"]) == (409, "already_withdrawn")

    office.submit(["wang"], n=2, submission=office.submission(doc_id))
    office.agree("wang")
    late = office.withdraw("li", doc_id)
    assert (late.status_code, late.json()["code"]) == (409, "already_decided")
    assert late.json()["winner"]["actor_name"] == "wang"


def test_a_withdrawal_that_overtakes_its_submission_is_told_to_wait(office: Office) -> None:
    office.usual_chains()
    early = office.submission()
    answer = office.withdraw("li", early.doc_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_routed_yet")
    office.submit(["wang"], submission=early)
    office.disagree("wang")
    second = office.withdraw("li", early.doc_id, query="?round=2")
    assert (second.status_code, second.json()["code"]) == (409, "not_routed_yet")


def test_every_reviewer_of_an_all_step_must_agree(office: Office) -> None:
    office.publish("chen", "unit", [step("panel", quorum="all")])
    office.publish("zhou", "district", [finance_step()])
    office.submit()
    first = office.agree("wang").json()
    assert (first["current_step"], first["current_holders"]) == ("环节panel", ["zhao"])
    assert office.agree("zhao").json()["current_holders"] == ["qian", "sun"]
