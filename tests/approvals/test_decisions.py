"""Decisions at the door: whose turn it is, which version was seen, whom to pick, what is said."""

from __future__ import annotations

from typing import Any

import pytest

from shared.database import new_id
from tests.approvals.office import Office, finance_step, step


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_case_of_another_unit_is_not_found_and_one_without_a_slot_is_not_his_turn(office: Office) -> None:
    office.add("hu", office.bureau, "reviewer", "unit_administrator")
    office.add("aud", office.province, "auditor")
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    slot = office.slot("wang")
    assert code(office.agree("hu", slot)) == (404, "not_found")
    assert code(office.agree("zhao", slot)) == (403, "not_your_turn")
    assert code(office.disagree("li", slot)) == (403, "not_your_turn")
    assert code(office.agree("aud", slot)) == (403, "not_your_turn")
    assert code(office.withdraw("zhao", doc_id)) == (403, "applicant_only")
    assert code(office.withdraw("hu", doc_id)) == (404, "not_found")
    assert office.send("zhao", "GET", f"slots/{slot['id']}").status_code == 404
    assert office.send("hu", "GET", f"cases/{slot['case_id']}").status_code == 404
    assert office.send("hu", "GET", f"documents/plan/{doc_id}/case").status_code == 404
    assert office.http.get("todo").status_code == 401


def test_past_holders_and_supervisors_go_on_seeing_the_case(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    assert office.send("qian", "GET", f"documents/plan/{doc_id}/case").status_code == 404
    office.agree("wang")
    office.agree("sun")
    for who in ("li", "wang", "chen", "qian", "sun", "zhou", "wu"):
        assert office.case(who, doc_id)["state"] == "approved"


def test_state_is_judged_before_the_version(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    slot = office.slot("wang")
    path = f"slots/{slot['id']}/agree"
    assert office.post("wang", path, {}).status_code == 428
    stale = office.post("wang", path, {}, If_Match='"v1-0000"')
    assert code(stale) == (412, "changed_meanwhile")
    assert slot["etag"] == office.slot("wang")["etag"]
    assert office.agree("wang", slot).status_code == 200
    late = office.post("wang", path, {}, If_Match='"v1-0000"')
    assert code(late) == (409, "already_decided")
    winner = late.json()["winner"]
    assert (winner["actor_name"], winner["outcome"], winner["step_name"]) == ("wang", "agreed", "环节head")


def test_i18_a_decision_on_other_content_changes_nothing(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    seen = office.slot("wang")
    office.withdraw("li", doc_id)
    office.submit(["wang"], n=2, submission=office.submission(doc_id, kind="works"))
    now = office.slot("wang")
    assert now["etag"] != seen["etag"]
    before = office.published()
    answer = office.post("wang", f"slots/{now['id']}/agree", {}, If_Match=seen["etag"])
    assert code(answer) == (412, "changed_meanwhile")
    assert office.published() == before
    assert code(office.agree("wang", seen)) == (409, "already_withdrawn")


def test_the_second_of_an_any_one_step_hears_who_was_first(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    office.agree("wang")
    mine = office.slot("sun")
    office.agree("qian", opinion="资金已落实")
    late = office.disagree("sun", mine)
    assert code(late) == (409, "already_decided")
    assert late.json()["winner"]["actor_name"] == "qian"
    assert late.json()["winner"]["opinion"] == "资金已落实"
    assert office.get("sun", "todo")["items"] == []


def test_a_closed_slot_tells_who_closed_it_and_what_its_holder_said(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    office.agree("wang", opinion="情况属实")
    office.agree("qian", opinion="资金已落实")
    told = [
        (data["outcome"], data["step_name"], data["actor_name"], data["opinion"])
        for data in (event.data for event in office.told("slot.closed"))
    ]
    assert told == [
        ("agreed", "环节head", "wang", "情况属实"),
        ("agreed", "环节finance", "qian", "资金已落实"),
        ("cancelled", "环节finance", "qian", ""),
    ]
    assert office.told("slot.closed")[-1].data["actor_id"] == str(office.id("qian"))


@pytest.mark.parametrize("opinion", ["", "   ", "\n"])
def test_i19_a_disagreement_says_why(office: Office, opinion: str) -> None:
    office.usual_chains()
    office.submit(["wang"])
    assert office.disagree("wang", opinion=opinion).status_code == 422
    assert office.slot("wang")["state"] == "open"


def test_i19_nothing_is_decided_after_a_disagreement(office: Office) -> None:
    office.publish("chen", "unit", [step("panel", quorum="all")])
    office.publish("zhou", "district", [finance_step()])
    office.submit()
    other = office.slot("zhao")
    assert office.disagree("wang").json()["case_state"] == "returned"
    assert code(office.agree("zhao", other)) == (409, "already_decided")
    assert [event.data["outcome"] for event in office.told("slot.closed")] == ["disagreed", "cancelled"]


def test_i17_the_same_command_twice_is_once(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    slot = office.slot("wang")
    path, key = f"slots/{slot['id']}/agree", str(new_id())
    headers = {"If_Match": slot["etag"], "Idempotency_Key": key}
    first = office.post("wang", path, {"opinion": "同意"}, **headers)
    events = office.published()
    again = office.post("wang", path, {"opinion": "同意"}, **headers)
    assert (again.status_code, again.json()) == (200, first.json())
    assert office.published() == events
    other = office.post("wang", path, {"opinion": "不同的内容"}, **headers)
    assert code(other) == (422, "idempotency_key_reused")


def test_i17_the_same_submission_twice_is_once(office: Office) -> None:
    office.usual_chains()
    _, carried = office.submit(["wang"])
    before = office.published()
    office.hear_again(carried)
    asked = office.submission()
    office.submit(["li"], submission=asked)
    office.submit(["li"], submission=asked)
    assert len(office.told("case.refused")) == 1
    assert len(office.published()) == len(before) + 1


def test_i24_the_submitter_picks_among_the_candidates(office: Office) -> None:
    office.usual_chains()
    for picks, refusal in (
        ([], "pick_required"),
        (["li"], "pick_not_candidate"),
        (["qian"], "pick_not_candidate"),
    ):
        asked = office.submission()
        office.submit(picks, submission=asked)
        assert office.told("case.refused")[-1].data["code"] == refusal
        assert office.send("li", "GET", f"documents/plan/{asked.doc_id}/case").status_code == 404
        refused = office.withdraw("li", asked.doc_id)
        assert code(refused) == (409, "submission_refused")
        assert refused.json()["refusal"]["code"] == refusal
    office.submit(["zhao", "wang"])
    assert [event.data["holder_id"] for event in office.told("slot.opened")] == [
        str(office.id("wang")),
        str(office.id("zhao")),
    ]


def test_i24_the_previous_actor_picks_the_next(office: Office) -> None:
    office.usual_chains("other")
    office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("zhou", "district", [finance_step(pick="previous_actor")])
    doc_id, _ = office.submit(["wang"])
    following = office.case("wang", doc_id)["next_step"]
    assert (following["asks_pick"], [one["name"] for one in following["candidates"]]) == (
        True,
        ["qian", "sun"],
    )
    before = office.published()
    assert code(office.agree("wang")) == (422, "pick_required")
    assert code(office.agree("wang", picks=[str(office.id("zhao"))])) == (422, "pick_not_candidate")
    assert code(office.agree("wang", picks=[str(office.id("wang"))])) == (422, "pick_not_candidate")
    assert office.published() == before
    assert office.agree("wang", picks=[str(office.id("sun"))]).json()["current_holders"] == ["sun"]
    assert code(office.agree("sun", picks=[str(office.id("qian"))])) == (422, "pick_not_asked")
    assert office.agree("sun").json()["case_state"] == "approved"


def test_i24_a_disagreement_needs_no_pick(office: Office) -> None:
    office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("zhou", "district", [finance_step(pick="previous_actor")])
    office.submit(["wang"])
    assert office.disagree("wang").json()["case_state"] == "returned"


def test_i27_the_applicant_never_decides(office: Office) -> None:
    office.add("both", office.school, "handler", "reviewer")
    office.publish("chen", "unit", [step("panel", quorum="all")])
    office.publish("zhou", "district", [finance_step()])
    asked = office.submission().model_copy(
        update={"applicant_id": office.id("both"), "applicant_name": "both"}
    )
    office.submit(submission=asked)
    assert office.get("both", "todo")["items"] == []
    slot = office.slot("wang")
    assert code(office.agree("both", slot)) == (403, "not_your_turn")
    body = {"to": str(office.id("both")), "reason": "替换"}
    refused = office.post("chen", f"slots/{slot['id']}/reassign", body, If_Match=slot["etag"])
    assert refused.json()["errors"][0]["code"] == "excluded"


def test_who_has_decided_reviews_nothing_more_in_the_round(office: Office) -> None:
    office.publish("chen", "unit", [step("first", pick="submitter"), step("second")])
    office.publish("zhou", "district", [])
    doc_id, _ = office.submit(["wang"])
    assert office.agree("wang").json()["current_holders"] == ["zhao"]
    office.disagree("zhao")
    office.submit(["wang"], n=2, submission=office.submission(doc_id))
    assert office.slot("wang")["round"] == 2


def test_common_opinions_are_ones_own_and_the_most_used_come_first(office: Office) -> None:
    office.usual_chains()
    texts = [("agree", "同意", 2), ("agree", "情况属实，同意", 1), ("disagree", "请补充材料", 0)]
    for kind, text, position in texts:
        body = {"kind": kind, "text": text, "position": position}
        assert office.post("wang", "opinions", body).status_code == 201
    listed = [row["text"] for row in office.get("wang", "opinions")]
    assert listed == ["请补充材料", "情况属实，同意", "同意"]
    office.submit(["wang"])
    office.agree("wang", opinion="同意")
    rows = office.get("wang", "opinions")
    assert (rows[0]["text"], rows[0]["use_count"]) == ("同意", 1)
    assert office.get("zhao", "opinions") == []
    one = rows[0]
    path, edit = f"opinions/{one['id']}", {"kind": "agree", "text": "同意。", "position": 0}
    assert office.send("zhao", "PUT", path, edit, If_Match=one["etag"]).status_code == 404
    assert office.send("wang", "PUT", path, edit, If_Match='"v7"').status_code == 412
    edited = office.send("wang", "PUT", path, edit, If_Match=one["etag"])
    assert edited.json()["text"] == "同意。"
    assert office.send("wang", "DELETE", path, If_Match=edited.headers["etag"]).status_code == 204
    assert len(office.get("wang", "opinions")) == 2
