"""Objections: by anybody while the notice runs, answered by the applicant, decided by the finance office."""

from __future__ import annotations

from typing import Any

import pytest

from shared.events.approvals import CaseApproved
from tests.plans.imports.customs import OBJECTION, Customs


def objected(customs: Customs, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """An application with an objection, and the objection as finance sees it."""
    approval = customs.published()
    assert customs.object(approval, **changes).status_code == 201
    (objection,) = customs.objections(approval, customs.town.qian)
    return customs.now(approval), objection


def answered(customs: Customs, objection: dict[str, Any]) -> dict[str, Any]:
    return customs.done(
        customs.handle(customs.town.lin, objection, "argue", text="国产设备指标不足，附测试报告")
    )


def decide(customs: Customs, objection: dict[str, Any], upheld: bool) -> dict[str, Any]:
    qian = customs.town.qian
    return customs.done(customs.handle(qian, objection, "decide", upheld=upheld, reason="经复核"))


def test_not_upheld_the_final_review_reads_both_texts(any_customs: Customs) -> None:
    customs = any_customs
    approval, objection = objected(customs)
    assert (approval["status"], approval["status_label"]) == ("objection", "异议处理中")
    assert (objection["state"], objection["text"]) == ("open", OBJECTION["text"])
    customs.pass_notice(approval)
    approval = customs.now(approval)
    assert (approval["status"], approval["notices"][0]["state"]) == ("objection", "over")
    objection = decide(customs, answered(customs, objection), upheld=False)
    assert (objection["state_label"], objection["decided_by"]) == ("异议不成立", "钱财政")
    approval = customs.now(approval)
    assert approval["status"] == "final_review"
    (told,) = customs.town.published("document.submitted")[-1].data["submission"]["content"]["objections"]
    assert (told["text"], told["argument"]) == (OBJECTION["text"], "国产设备指标不足，附测试报告")
    assert told["organisation"] == OBJECTION["organisation"]
    whole = str([event.data for event in customs.town.published()])
    assert OBJECTION["phone"] not in whole
    assert OBJECTION["name"] not in whole
    assert customs.tell(CaseApproved, approval)["status"] == "approved"


def test_not_upheld_while_the_notice_runs_it_goes_on(customs: Customs) -> None:
    approval, objection = objected(customs)
    decide(customs, answered(customs, objection), upheld=False)
    assert customs.now(approval)["status"] == "publicity"
    assert customs.object(approval, text="还有一处国产设备可以替代的").status_code == 201
    assert customs.now(approval)["status"] == "objection"
    second = customs.objections(approval, customs.town.qian)[1]
    decide(customs, answered(customs, second), upheld=False)
    customs.pass_notice(approval)
    assert customs.now(approval)["status"] == "final_review"


def test_upheld_the_application_has_failed(customs: Customs) -> None:
    approval, objection = objected(customs)
    customs.object(approval, text="另一家企业也有同样的意见")
    decide(customs, objection, upheld=True)
    approval = customs.now(approval)
    assert (approval["status"], approval["status_label"]) == ("rejected", "未通过")
    assert approval["returned"] == {
        "by": "finance",
        "code": "objection_upheld",
        "reason": "经复核",
        "step": "",
        "actor": "钱财政",
    }
    assert approval["notices"][0]["state"] == "ended"
    assert not any(action["allowed"] for action in approval["available_actions"])
    other = customs.objections(approval, customs.town.qian)[1]
    late = customs.handle(customs.town.qian, other, "decide", upheld=False, reason="晚了")
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    assert customs.object(approval).json()["code"] == "notice_over"
    customs.pass_notice(approval)
    assert customs.now(approval)["status"] == "rejected"


def test_two_objections_are_both_decided_before_it_goes_on(customs: Customs) -> None:
    approval, first = objected(customs)
    customs.object(approval, text="另一家企业也有同样的意见")
    customs.pass_notice(approval)
    second = customs.objections(approval, customs.town.qian)[1]
    decide(customs, answered(customs, first), upheld=False)
    assert customs.now(approval)["status"] == "objection"
    decide(customs, answered(customs, second), upheld=False)
    assert customs.now(approval)["status"] == "final_review"
    decided = customs.town.published("objection.decided")
    assert [event.data["upheld"] for event in decided] == [False, False]


def test_nobody_is_refused_unheard(customs: Customs) -> None:
    _, objection = objected(customs)
    refused = customs.handle(customs.town.qian, objection, "decide", upheld=False, reason="不成立")
    assert (refused.status_code, refused.json()["code"]) == (409, "argument_missing")


def test_a_decision_is_made_once(customs: Customs) -> None:
    _, objection = objected(customs)
    objection = decide(customs, answered(customs, objection), upheld=False)
    for who, verb, body in (
        (customs.town.qian, "decide", {"upheld": True, "reason": "改判"}),
        (customs.town.lin, "argue", {"text": "再补充"}),
    ):
        late = customs.handle(who, objection, verb, **body)
        assert (late.status_code, late.json()["code"]) == (409, "objection_decided")
        assert late.json()["decided_by"] == "钱财政"


def test_the_version_that_was_seen_counts(customs: Customs) -> None:
    _, objection = objected(customs)
    answered(customs, objection)
    stale = customs.handle(customs.town.qian, objection, "decide", upheld=True, reason="未看补充")
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")


def test_after_the_notice_nobody_objects(customs: Customs) -> None:
    approval = customs.published()
    customs.move_to("2026-11-30T23:59:59")
    assert customs.object(approval).status_code == 201
    customs.move_to("2026-12-01T00:00:00")
    late = customs.object(approval, host="198.51.100.8")
    assert (late.status_code, late.json()["code"]) == (409, "notice_over")
    assert late.json()["ends_at"] == "2026-11-30T16:00:00+00:00"


def test_who_objected_is_shown_to_the_purchasers_handlers_and_to_finance(customs: Customs) -> None:
    approval, _ = objected(customs)
    town = customs.town
    contact = {**{name: OBJECTION[name] for name in ("name", "organisation", "phone")}, "email": ""}
    for who in (town.lin, town.wu, town.qian):
        assert customs.objections(approval, who)[0]["contact"] == contact
    for who in (town.shen, town.an, town.du):
        assert customs.objections(approval, who)[0]["contact"] is None
    assert "source" not in customs.objections(approval, town.qian)[0]


def test_who_may_handle_an_objection(customs: Customs) -> None:
    approval, objection = objected(customs)
    town = customs.town
    body = {"upheld": False, "reason": "不成立"}
    for who, status, code in (
        (town.lin, 403, "role_required"),
        (town.an, 403, "role_required"),
        (town.du, 403, "role_required"),
        (town.he, 404, "not_found"),
        (town.yuan, 404, "not_found"),
    ):
        answer = customs.handle(who, objection, "decide", **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    for who, status, code in (
        (town.wu, 403, "applicant_only"),
        (town.qian, 403, "role_required"),
        (town.he, 404, "not_found"),
    ):
        answer = customs.handle(who, objection, "argue", text="补充")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert town.ask(town.he, "GET", f"import-approvals/{approval['id']}/objections").status_code == 404
    elsewhere = customs.published()
    path = f"import-approvals/{elsewhere['id']}/objections/{objection['id']}/decide"
    answer = town.ask(town.qian, "POST", path, json=body, headers={"If-Match": '"v1"'})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_objection_says_what_may_be_done_with_it(customs: Customs) -> None:
    approval, objection = objected(customs)
    town = customs.town

    def may(who: Any) -> dict[str, tuple[bool, str]]:
        (found,) = customs.objections(approval, who)
        url = f"/api/plans/import-approvals/{approval['id']}/objections/{objection['id']}"
        assert {action["url"] for action in found["available_actions"]} == {f"{url}/argue", f"{url}/decide"}
        return {one["action"]: (one["allowed"], one["reason"]) for one in found["available_actions"]}

    assert may(town.lin) == {"argue": (True, ""), "decide": (False, "需要角色：财政人员")}
    assert may(town.qian) == {"argue": (False, "需要角色：经办人"), "decide": (True, "")}
    assert may(town.wu)["argue"] == (False, "只有申请人可以操作")
    decide(customs, objection, upheld=True)
    assert may(town.lin)["argue"] == may(town.qian)["decide"] == (False, "该异议已处理")


def test_one_address_objects_three_times_to_a_notice_and_ten_times_a_day(customs: Customs) -> None:
    approval = customs.published()
    assert [customs.object(approval).status_code for _ in range(4)] == [201, 201, 201, 429]
    assert customs.object(approval, host="203.0.113.9").status_code == 201
    others = [customs.published() for _ in range(3)]
    answers = [customs.object(other).status_code for other in others for _ in range(3)]
    assert answers == [201] * 7 + [429] * 2
    customs.town.clock.move(hours=24, seconds=1)
    assert customs.object(others[-1]).status_code == 201


def test_the_same_objection_sent_twice_is_one(customs: Customs) -> None:
    approval = customs.published()
    path = f"public/notices/{approval['notices'][0]['id']}/objections"
    headers = {"Idempotency-Key": "the same"}
    answers = [customs.anybody("POST", path, json=OBJECTION, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(customs.objections(approval)) == 1


def test_those_who_can_decide_are_named_to_notify(customs: Customs) -> None:
    objected(customs)
    (raised,) = customs.town.published("objection.raised")
    assert raised.data["finance_ids"] == [str(customs.town.qian)]
    assert raised.data["objector_organisation"] == OBJECTION["organisation"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": ""}, "string_too_short"),
        ({"organisation": "  "}, "string_too_short"),
        ({"phone": "", "email": ""}, "contact_required"),
        ({"phone": "call me"}, "string_pattern_mismatch"),
        ({"email": "nobody"}, "string_pattern_mismatch"),
        ({"text": "太短"}, "string_too_short"),
        ({"text": "长" * 3001}, "string_too_long"),
        ({"file": "x"}, "extra_forbidden"),
        ({"text": "a\0" * 10}, "value_error"),
    ],
)
def test_an_objection_that_is_none(shared_customs: Customs, changes: dict[str, Any], code: str) -> None:
    answer = shared_customs.anybody(
        "POST",
        "public/notices/00000000-0000-7000-8000-000000000000/objections",
        json={**OBJECTION, **changes},
    )
    assert answer.status_code == 422, answer.text
    assert code in {error["code"] for error in answer.json()["errors"]}
    unknown = shared_customs.anybody(
        "POST", "public/notices/00000000-0000-7000-8000-000000000000/objections", json=OBJECTION
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
