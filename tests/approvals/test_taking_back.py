"""Slots are marked seen, and an agreement is taken back until somebody has built on it."""

from __future__ import annotations

from shared.database import new_id
from tests.approvals.desk import act, allowed, ids, names
from tests.approvals.office import Office, step
from tests.approvals.test_decisions import code
from tests.approvals.test_substitution import grant


def test_i21_an_agreement_is_taken_back_until_the_next_has_seen_it(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang", "zhao"])
    before = office.case("li", doc_id)
    office.agree("wang", opinion="同意")
    done = office.get("wang", "done")["items"][0]
    assert allowed(office, "wang", done)["take_back"] == (True, "")
    back = act(office, "wang", "take-back", done, reason="金额看错")
    assert (back.status_code, back.json()["current_step"]) == (200, "环节head")
    after = office.case("li", doc_id)
    assert [one["state"] for one in after["route"]] == [one["state"] for one in before["route"]]
    assert [one["state"] for one in after["route"][0]["holders"]] == ["open", "open"]
    assert office.get("qian", "todo")["items"] == []
    assert office.get("wang", "done")["items"] == []
    assert office.get("zhao", "todo")["items"] != []
    assert [one.type for one in office.told()[-4:]] == [
        "slot.closed",
        "slot.closed",
        "slot.opened",
        "slot.opened",
    ]

    office.agree("wang")
    seen = office.slot("qian")
    assert act(office, "qian", "seen", seen).status_code == 200
    assert office.told()[-1].type == "slot.seen"
    done = office.get("wang", "done")["items"][0]
    assert allowed(office, "wang", done)["take_back"] == (False, "下一环节已查看，不能收回")
    assert code(act(office, "wang", "take-back", done, reason="")) == (409, "seen_since")
    assert office.slot("qian")["seen_at"] == "2026-11-23T01:00:00Z"
    assert office.agree("qian", seen).status_code == 200, "seeing it made no new version"


def test_i21_what_was_decided_or_done_since_cannot_be_undone(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    office.agree("wang")
    done = office.get("wang", "done")["items"][0]
    assert code(act(office, "zhao", "take-back", done)) == (403, "not_your_decision")
    slot = office.slot("qian")
    others = names(office, "qian", slot, "add_sign")
    assert "zhou" in others
    act(office, "qian", "add-sign", slot, people=ids(office, "zhou"), order="with")
    assert code(act(office, "wang", "take-back", done, reason="")) == (409, "acted_since")
    office.agree("sun")
    assert code(act(office, "wang", "take-back", done, reason="")) == (409, "decided_since")
    office.agree("zhou")
    assert office.case("li", doc_id)["state"] == "approved"
    mine = office.get("zhou", "done")["items"][0]
    assert code(act(office, "zhou", "take-back", mine, reason="")) == (409, "case_closed")


def test_an_agreement_that_closed_nothing_is_taken_back_although_others_have_seen_theirs(
    office: Office,
) -> None:
    office.publish("chen", "unit", [step("panel", quorum="all")])
    office.publish("zhou", "district", [])
    office.submit()
    office.agree("wang")
    act(office, "zhao", "seen", office.slot("zhao"))
    done = office.get("wang", "done")["items"][0]
    assert act(office, "wang", "take-back", done, reason="").json()["current_holders"] == ["wang", "zhao"]
    office.agree("zhao")
    assert office.agree("wang").json()["case_state"] == "approved"


def test_what_is_taken_back_for_somebody_who_left_meanwhile_finds_an_administrator(staffed: Office) -> None:
    office = staffed
    office.submit(["wang", "zhao"])
    office.agree("wang")
    office.change("zhao", 2)
    done = office.get("wang", "done")["items"][0]
    assert act(office, "wang", "take-back", done, reason="").json()["current_holders"] == ["wang"]
    assert office.told("slot.closed")[-1].data["outcome"] == "cancelled"


def test_what_it_opened_may_have_ended_since(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    office.agree("wang")
    office.change("sun", 2, "reviewer", active=False)
    done = office.get("wang", "done")["items"][0]
    assert allowed(office, "wang", done)["take_back"] == (True, "")
    assert act(office, "wang", "take-back", done, reason="").json()["current_holders"] == ["wang"]
    case = office.case("li", doc_id)
    assert [one["state"] for one in case["route"][1]["holders"]] == ["cancelled", "cancelled"]
    assert case["history_intact"]
    assert office.agree("wang").json()["current_holders"] == ["qian"]


def test_a_deputy_takes_back_while_he_stands_in_and_the_principal_at_any_time(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    substitution = grant(office, "wang", "zhao").json()
    office.agree("zhao")
    mine = office.get("wang", "done", by="deputy")["items"][0]
    assert allowed(office, "wang", mine)["take_back"] == (True, "")
    assert act(office, "wang", "take-back", mine, reason="我来办").json()["current_holders"] == ["wang"]
    last = office.case("li", doc_id)["timeline"][-1]
    assert (last["type"], last["actor_name"], last["on_behalf_name"]) == ("taken_back", "wang", "")

    office.agree("zhao")
    done = office.get("zhao", "done")["items"][0]
    assert act(office, "zhao", "take-back", done, reason="").status_code == 200
    last = office.case("li", doc_id)["timeline"][-1]
    assert (last["type"], last["actor_name"], last["on_behalf_name"]) == ("taken_back", "zhao", "wang")

    office.agree("zhao")
    office.post("wang", f"substitutions/{substitution['id']}/end", If_Match=substitution["etag"])
    done = office.get("zhao", "done")["items"][0]
    assert allowed(office, "zhao", done)["take_back"] == (False, "该环节已不由您办理，不能收回")
    assert code(act(office, "zhao", "take-back", done, reason="")) == (403, "not_yours_any_more")
    assert code(act(office, "xu", "take-back", done, reason="")) == (403, "not_your_decision")
    mine = office.get("wang", "done", by="deputy")["items"][0]
    assert act(office, "wang", "take-back", mine, reason="").status_code == 200
    assert office.case("li", doc_id)["history_intact"]


def test_who_has_left_takes_nothing_back(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    office.agree("wang")
    done = office.get("wang", "done")["items"][0]
    office.people["wang"] = (office.id("wang"), office.bureau)
    office.change("wang", 2, "handler")
    assert allowed(office, "wang", done)["take_back"] == (False, "该环节已不由您办理，不能收回")
    before = office.published()
    assert code(act(office, "wang", "take-back", done, reason="")) == (403, "not_yours_any_more")
    assert office.published() == before
    assert office.case("chen", doc_id)["attention"] == ""


def test_seeing_twice_is_once_and_is_for_the_holder(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    slot = office.slot("wang")
    assert code(act(office, "zhao", "seen", slot)) == (403, "not_your_turn")
    for _ in range(2):
        assert act(office, "wang", "seen", slot).status_code == 200
    assert len(office.told("slot.seen")) == 1
    assert [one["type"] for one in office.case("li", doc_id)["timeline"]] == ["submitted", "seen"]
    office.agree("wang")
    assert code(act(office, "wang", "seen", slot)) == (409, "already_decided")


def test_i18_a_turn_seen_in_an_older_version_is_not_passed_on(staffed: Office) -> None:
    office = staffed
    office.submit(["wang"])
    slot = office.slot("wang")
    stale = {"id": slot["id"], "etag": '"v9-0000"'}
    before = office.published()
    for verb, body in (
        ("seen", {}),
        ("transfer", {"to": str(new_id())}),
        ("add-sign", {"people": [str(new_id())], "order": "with"}),
    ):
        assert code(act(office, "wang", verb, stale, **body)) == (412, "changed_meanwhile")
        bare = office.post("wang", f"slots/{slot['id']}/{verb}", body)
        assert bare.status_code == 428
    assert office.published() == before
