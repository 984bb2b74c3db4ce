"""What holders do with their turn: pass it on, let others sign before or with them, take those off again."""

from __future__ import annotations

from tests.approvals.desk import act, allowed, holder, ids, names
from tests.approvals.office import Office, step
from tests.approvals.test_decisions import code


def test_a_turn_is_passed_on_to_another_reviewer_with_its_time(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    slot = office.slot("wang")
    assert names(office, "wang", slot, "transfer") == ["xu", "zhao"]
    assert names(office, "wang", slot, "transfer", q="zh") == ["zhao"]
    for to, problem in (("clerk", "not_eligible"), ("li", "excluded"), ("wang", "already_holder")):
        refused = act(office, "wang", "transfer", slot, to=str(office.id(to)))
        assert refused.json()["errors"][0] | {"detail": ""} == {
            "code": problem,
            "pointer": "/to",
            "detail": "",
        }
    moved = act(office, "wang", "transfer", slot, to=str(office.id("zhao")), reason="出差")
    assert moved.json()["current_holders"] == ["zhao"]
    closed, opened = office.told()[-2:]
    assert (closed.type, closed.data["outcome"], closed.data["actor_name"]) == (
        "slot.closed",
        "transferred",
        "wang",
    )
    assert (opened.type, opened.data["holder_id"]) == ("slot.opened", str(office.id("zhao")))
    late = office.agree("wang", slot)
    assert code(late) == (409, "already_transferred")
    assert late.json()["winner"]["opinion"] == "出差"
    back = office.slot("zhao")
    assert names(office, "zhao", back, "transfer") == ["xu"]
    refused = act(office, "zhao", "transfer", back, to=str(office.id("wang")))
    assert refused.json()["errors"][0]["code"] == "passed_on_before"
    assert office.agree("zhao").json()["current_step"] == "环节finance"
    timeline = office.case("wang", doc_id)["timeline"]
    assert [(one["type"], one["label"]) for one in timeline][1] == ("transferred", "转办")


def test_a_step_may_forbid_passing_on_and_adding_signers(office: Office) -> None:
    office.publish("chen", "unit", [step("head", may_transfer=False, may_add_sign=False)])
    office.publish("zhou", "district", [])
    office.submit()
    slot = office.slot("wang")
    assert allowed(office, "wang", slot)["transfer"] == (False, "该环节不允许转办")
    assert code(act(office, "wang", "transfer", slot, to=str(office.id("zhao")))) == (
        403,
        "transfer_not_allowed",
    )
    refused = act(office, "wang", "add-sign", slot, people=ids(office, "zhao"), order="with")
    assert code(refused) == (403, "add_sign_not_allowed")
    answer = office.send("wang", "GET", f"slots/{slot['id']}/people?verb=transfer")
    assert code(answer) == (403, "transfer_not_allowed")


def test_others_sign_before_the_holder_whose_turn_comes_back(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    slot = office.slot("wang")
    assert names(office, "wang", slot, "add_sign") == ["chen", "clerk", "xu", "zhao"]
    added = act(office, "wang", "add-sign", slot, people=ids(office, "clerk", "xu"), order="before")
    assert added.json()["current_holders"] == ["clerk", "xu"]
    assert office.get("wang", "todo")["items"] == []
    waiting = holder(office, doc_id, "wang")
    assert (waiting["state"], waiting["status_label"]) == ("waiting", "待加签人办理")
    assert code(office.agree("wang", {"id": slot["id"], "etag": waiting["etag"]})) == (
        409,
        "waiting_for_signers",
    )
    assert allowed(office, "clerk", office.slot("clerk"))["add_sign"] == (False, "加签人不能再加签")
    office.agree("clerk", opinion="数量已核对")
    assert office.get("wang", "todo")["items"] == []
    office.agree("xu")
    assert office.told("slot.opened")[-1].data["holder_id"] == str(office.id("wang"))
    assert office.agree("wang").json()["current_step"] == "环节finance"
    assert [(one["name"], one["sign"]) for one in office.case("li", doc_id)["route"][0]["holders"]] == [
        ("wang", ""),
        ("clerk", "before"),
        ("xu", "before"),
    ]


def test_a_signer_who_disagrees_returns_the_document(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    act(office, "wang", "add-sign", office.slot("wang"), people=ids(office, "clerk"), order="before")
    assert office.disagree("clerk").json()["case_state"] == "returned"
    assert holder(office, doc_id, "wang")["state"] == "cancelled"


def test_the_step_waits_for_those_who_sign_with_the_holder(staffed: Office) -> None:
    office = staffed
    office.submit(["wang"])
    slot = office.slot("wang")
    act(office, "wang", "add-sign", slot, people=ids(office, "clerk"), order="with")
    assert office.agree("wang", slot).json()["current_holders"] == ["clerk"]
    assert office.agree("clerk").json()["current_step"] == "环节finance"


def test_signers_are_distinct_people_of_the_organisation(staffed: Office) -> None:
    office = staffed
    office.submit(["wang", "zhao"])
    slot = office.slot("wang")
    for people, problem in (
        (["clerk", "clerk"], "named_twice"),
        (["zhao"], "already_holder"),
        (["li"], "excluded"),
        (["qian"], "not_eligible"),
    ):
        refused = act(office, "wang", "add-sign", slot, people=ids(office, *people), order="with")
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, problem)
    assert act(office, "wang", "add-sign", slot, people=[], order="with").status_code == 422


def test_who_has_added_a_signer_takes_him_off_again(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    act(office, "wang", "add-sign", office.slot("wang"), people=ids(office, "clerk"), order="before")
    mine = holder(office, doc_id, "clerk")
    assert code(act(office, "zhao", "reduce-sign", mine, reason="")) == (403, "not_the_adder")
    assert act(office, "wang", "reduce-sign", mine, reason="").status_code == 200
    assert office.told()[-2].data["outcome"] == "removed"
    assert office.get("clerk", "todo")["items"] == []
    assert code(act(office, "clerk", "agree", mine)) == (409, "already_removed")
    assert office.agree("wang").json()["current_step"] == "环节finance"


def test_a_signer_is_not_taken_off_so_that_the_step_passes(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang", "zhao"])
    slot = office.slot("wang")
    act(office, "wang", "add-sign", slot, people=ids(office, "clerk"), order="with")
    office.agree("zhao")
    refused = act(office, "wang", "reduce-sign", holder(office, doc_id, "clerk"), reason="")
    assert code(refused) == (409, "would_close_step")
    office.agree("clerk")
    assert office.told("slot.opened")[-1].data["step_name"] == "环节finance"


def test_i23_an_administrator_takes_off_only_whom_the_quorum_can_spare(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang", "zhao"])
    first = holder(office, doc_id, "wang")
    unreasoned = act(office, "chen", "reduce-sign", first, reason="")
    assert unreasoned.json()["errors"][0]["code"] == "reason_required"
    assert act(office, "chen", "reduce-sign", first, reason="借调外单位").status_code == 200
    refused = act(office, "chen", "reduce-sign", holder(office, doc_id, "zhao"), reason="借调外单位")
    assert code(refused) == (409, "below_quorum")
    entry = office.case("chen", doc_id)["timeline"][-1]
    assert (entry["type"], entry["opinion"], entry["administrator"]) == ("removed", "借调外单位", True)
    assert office.agree("zhao").json()["current_step"] == "环节finance"


def test_those_who_were_to_sign_before_somebody_are_taken_off_with_him(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang", "zhao"])
    act(office, "wang", "add-sign", office.slot("wang"), people=ids(office, "clerk"), order="before")
    signer = holder(office, doc_id, "clerk")
    waiting = holder(office, doc_id, "wang")
    assert act(office, "chen", "reduce-sign", waiting, reason="借调").status_code == 200
    holders = {one["name"]: one["state"] for one in office.case("chen", doc_id)["route"][0]["holders"]}
    assert holders == {"wang": "removed", "clerk": "cancelled", "zhao": "open"}
    assert office.get("clerk", "todo")["items"] == []
    assert code(act(office, "clerk", "agree", signer)) == (409, "already_removed")
    assert office.case("chen", doc_id)["history_intact"]


def test_a_turn_that_is_left_while_others_sign_first_waits_for_its_successor(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    act(office, "wang", "add-sign", office.slot("wang"), people=ids(office, "clerk"), order="before")
    office.change("wang", 2)
    left = holder(office, doc_id, "wang")
    assert left["state"] == "vacant"
    body = {"to": str(office.id("zhao")), "reason": "离任"}
    answer = office.post("chen", f"slots/{left['slot_id']}/reassign", body, If_Match=left["etag"])
    assert answer.json()["current_holders"] == ["clerk"]
    assert holder(office, doc_id, "zhao")["state"] == "waiting"
    office.agree("clerk")
    assert office.agree("zhao").json()["current_step"] == "环节finance"


def test_i41_a_party_of_the_case_does_not_administer_it(staffed: Office) -> None:
    office = staffed
    office.add("both", office.school, "reviewer", "unit_administrator")
    doc_id, _ = office.submit(["both"])
    slot = office.slot("both")
    body = {"to": str(office.id("zhao")), "reason": "改派"}
    refused = office.post("both", f"slots/{slot['id']}/reassign", body, If_Match=slot["etag"])
    assert code(refused) == (403, "party_of_case")
    case = office.case("both", doc_id)
    ended = office.post(
        "both", f"cases/{case['id']}/terminate", {"reason": "终止"}, If_Match=f'"v{case["version"]}"'
    )
    assert code(ended) == (403, "party_of_case")
    told = {one["action"]: one["reason"] for one in case["available_actions"]}
    assert told["terminate"] == "申请人和审核人不能以管理员身份处理该事项"
