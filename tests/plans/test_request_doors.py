"""The doors of requests on plans: who may, lists, previews, attachments, what lacks, nonsense."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from shared.database import new_id
from shared.events.approvals import (
    CaseApproved,
    CaseReturned,
    SlotClosed,
    SlotOpened,
)
from tests.plans.requests import CHANGE, REVOKE, act, ask, drafted, history, seen, submitted, tell
from tests.plans.town import Town


def test_everything_that_a_change_lacks_is_said_at_once(town: Town) -> None:
    request = drafted(town, town.usable(), kind="method_change")
    answer = act(town, request, "submit")
    assert answer.status_code == 422
    assert {(e["code"], e["pointer"]) for e in answer.json()["errors"]} == {
        ("required", "/reason"),
        ("required", "/new_method"),
    }
    same = drafted(town, town.usable(), kind="method_change", new_method="open_tender", reason="无")
    assert [e["code"] for e in act(town, same, "submit").json()["errors"]] == ["method_unchanged"]


BIG = [
    {
        "catalogue_code": "A02010108",
        "name": "便携式计算机",
        "unit": "台",
        "quantity": "1000",
        "unit_price": "6000.00",
    }
]


def test_at_the_open_tender_amount_a_change_needs_a_ground_of_its_method(town: Town) -> None:
    plan = town.usable(items=BIG)
    missing = act(town, drafted(town, plan), "submit").json()["errors"]
    assert [(e["code"], e["pointer"]) for e in missing] == [("method_ground_required", "/ground")]
    wrong = act(town, drafted(town, plan, **CHANGE, ground="only_supplier"), "submit").json()["errors"]
    assert [(e["code"], e["pointer"]) for e in wrong] == [("ground_not_for_method", "/ground")]
    request = submitted(town, plan, **CHANGE, ground="no_valid_bids")
    facts = town.published("document.submitted")[-1].data["submission"]["facts"]
    assert (facts["method"], facts["old_method"]) == ("competitive_negotiation", "open_tender")
    assert (facts["above_open_tender"], facts["method_needs_approval"]) == (True, True)
    tell(town, CaseApproved, request)
    changed = town.plan(plan)
    assert (changed["method_ground"], changed["method_reason"]) == ("no_valid_bids", CHANGE["reason"])


def test_a_single_source_from_the_only_supplier_is_noticed_for_five_working_days_first(town: Town) -> None:
    plan = town.usable(items=BIG)
    form = {**CHANGE, "new_method": "single_source", "ground": "only_supplier"}
    errors = act(town, drafted(town, plan, **form), "submit").json()["errors"]
    assert [(e["code"], e["pointer"]) for e in errors] == [
        ("notice_required", "/notice_number"),
        ("notice_required", "/notice_supplier"),
        ("notice_required", "/notice_date"),
    ]
    form |= {"notice_number": "DY-1", "notice_supplier": "某某公司", "notice_date": "2026-11-16"}
    early = act(town, drafted(town, plan, **form), "submit").json()["errors"]
    assert [e["code"] for e in early] == ["notice_not_over"]
    assert "至 2026-11-23 24:00 止" in early[0]["detail"]
    town.clock.move(days=1)
    assert act(town, drafted(town, plan, **form), "submit").status_code == 200


@pytest.mark.parametrize("day", ["2026-12-28", "2030-01-04", "2003-01-06"])
def test_a_notice_in_a_year_without_calendar_is_one_problem_among_all(town: Town, day: str) -> None:
    form = {**CHANGE, "new_method": "single_source", "ground": "only_supplier", "notice_date": day}
    answer = act(town, drafted(town, town.usable(items=BIG), **form), "submit")
    assert [(e["code"], e["pointer"]) for e in answer.json()["errors"]] == [
        ("notice_required", "/notice_number"),
        ("notice_required", "/notice_supplier"),
        ("calendar_year_missing", "/notice_date"),
    ]


def test_who_may_ask(town: Town) -> None:
    plan = town.assigned(town.usable(), town.wu)
    assert ask(town, plan, town.lin).status_code == 201  # applied for it
    assert ask(town, plan, town.wu).status_code == 201  # holds it
    colleague = town.person("周经办", town.hospital, "handler")
    town.people[colleague] = town.hospital
    assert ask(town, plan, colleague).json()["code"] == "requester_only"
    assert ask(town, plan, town.shen).status_code == 403
    assert ask(town, plan, town.he).status_code == 404  # another unit's plan is not there
    assert ask(town, {"id": str(new_id())}).status_code == 404


def test_who_may_see_and_touch_a_request(town: Town) -> None:
    request = drafted(town, town.usable())
    url, tag = f"requests/{request['id']}", {"If-Match": f'"v{request["version"]}"'}
    assert town.ask(town.he, "GET", url).status_code == 404
    assert town.ask(town.rui, "GET", url).status_code == 404
    assert town.ask(town.du, "GET", url).status_code == 200
    assert town.ask(town.wu, "GET", url).status_code == 200
    for method, path in (("PUT", url), ("DELETE", url)):
        body: dict[str, Any] = {"json": {}} if method == "PUT" else {}
        refused = town.ask(town.wu, method, path, headers=tag, **body)
        assert (refused.status_code, refused.json()["code"]) == (403, "applicant_only")
    assert act(town, request, "submit", town.wu).json()["code"] == "applicant_only"
    assert town.ask(town.lin, "PUT", url, json={}, headers={"If-Match": '"v99"'}).status_code == 412
    assert town.ask(town.lin, "PUT", url, json={}).status_code == 428
    assert town.ask(town.lin, "DELETE", url, headers=tag).status_code == 204
    assert town.ask(town.lin, "GET", url).status_code == 404


def test_a_reviewer_reads_the_request_from_his_turn_on(town: Town) -> None:
    request = submitted(town, town.usable())
    slot = {"slot_id": new_id(), "holder_id": town.rui}
    tell(town, SlotOpened, request, **slot)
    row = town.do(town.rui, "GET", "requests?tab=todo")["items"][0]
    assert (row["id"], row["current_step"], row["current_holders"]) == (request["id"], "单位审核", ["芮审核"])
    tell(town, SlotClosed, request, **slot)
    assert town.do(town.rui, "GET", "requests?tab=todo")["items"] == []
    assert town.ask(town.rui, "GET", f"requests/{request['id']}").status_code == 200


def test_lists_and_counts_agree(town: Town) -> None:
    plan, other = town.usable(), town.usable(name="空调采购")
    tell(town, CaseApproved, submitted(town, plan))
    submitted(town, other, **REVOKE)
    drafted(town, town.usable())
    for who in (town.lin, town.wu, town.an, town.shen, town.du, town.he):
        for query in (
            "",
            "kind=revocation",
            "kind=method_change",
            "q=空调",
            "year=2025",
            f"plan_id={plan['id']}",
        ):
            counts = town.do(who, "GET", f"requests/counts?{query}")["counts"]
            for tab, numbers in counts.items():
                rows = town.do(who, "GET", f"requests?tab={tab}&{query}")["items"]
                assert len(rows) == numbers["all"], (tab, query)
    finished = town.do(town.lin, "GET", "requests?tab=finished")["items"]
    assert [row["status_label"] for row in finished] == ["审核通过"]


def test_a_request_can_be_corrected_abandoned_and_then_nothing_more(town: Town) -> None:
    request = submitted(town, town.usable())
    tell(town, CaseReturned, request)
    back = seen(town, request)
    assert back["returned"]["reason"] == "数量偏多"
    form = {"new_method": "inquiry", "reason": "现货充足"}
    tag = {"If-Match": f'"v{back["version"]}"'}
    saved = town.do(town.lin, "PUT", f"requests/{back['id']}", json=form, headers=tag)
    assert saved["new_method_label"] == "询价"
    gone = act(town, saved, "abandon", reason="不再变更")
    assert (gone.status_code, gone.json()["status_label"]) == (200, "已放弃")
    assert act(town, gone.json(), "submit").json()["code"] == "wrong_state"
    assert town.published("document.cancelled")[-1].data["doc_type"] == "method_change"
    assert [kind for kind, _ in history(town, f"requests/{back['id']}")] == [
        *("created", "submitted", "returned", "edited", "abandoned"),
    ]


def test_the_preview_of_a_saved_and_of_an_unsaved_request_is_what_submit_sends(town: Town) -> None:
    plan = town.usable()
    request = drafted(town, plan)
    saved = town.do(town.lin, "GET", f"requests/{request['id']}/submission")
    body = {"plan_id": plan["id"], **CHANGE, "request_id": request["id"]}
    unsaved = town.do(town.lin, "POST", "requests/submission", json=body)
    assert saved == unsaved
    assert saved["problems"] == []
    act(town, request, "submit")
    assert town.published("document.submitted")[-1].data["submission"] == saved["submission"]
    rounds = town.do(town.lin, "GET", f"requests/{request['id']}/rounds")
    assert [one["digest"] for one in rounds] == [saved["submission"]["digest"]]


def test_attachments_belong_to_the_request(town: Town) -> None:
    upload = {"files": {"file": ("废标公告.pdf", b"%PDF-1.4 notice", "application/pdf")}}
    file = town.do(town.lin, "POST", "attachments", **upload)
    part = {"id": file["id"], "attachment_kind": "method_reason"}
    request = drafted(town, town.usable(), **CHANGE, attachments=[part])
    assert [a["name"] for a in request["attachments"]] == ["废标公告.pdf"]
    other = ask(town, town.usable(), **CHANGE, attachments=[part])
    assert other.json()["errors"][0]["code"] == "unknown_attachment"
    assert town.ask(town.du, "GET", f"attachments/{file['id']}").status_code == 200
    assert town.ask(town.he, "GET", f"attachments/{file['id']}").status_code == 404


def test_the_form_says_what_may_be_chosen(town: Town) -> None:
    plan = town.usable()
    form = town.do(town.lin, "GET", f"requests/form?plan_id={plan['id']}&kind=method_change")
    assert (form["method_label"], form["allowed"], form["handlings"]) == ("公开招标", True, [])
    grounds = {m["code"]: [g["code"] for g in m["grounds"]] for m in form["methods"]}
    assert "open_tender" not in grounds
    assert grounds["inquiry"] == ["uniform_goods"]
    assert "self_purchase" not in grounds  # not for this organisation form
    form = town.do(town.wu, "GET", f"requests/form?plan_id={plan['id']}&kind=revocation")
    assert [h["code"] for h in form["handlings"]] == ["void"]
    assert (form["allowed"], form["reason"]) == (False, "只有计划的申请人或持有人可以申请变更和撤销")


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({"kind": "something"}, "/kind"),
    ({"plan_id": "7"}, "/plan_id"),
    ({"new_method": "guess"}, "/new_method"),
    ({"ground": "because"}, "/ground"),
    ({"handling": "burn"}, "/handling"),
    ({"reason": "x" * 2001}, "/reason"),
    ({"reason": "a\x00b"}, ""),
    ({"notice_date": "2026-02-30"}, "/notice_date"),
    ({"unknown": 1}, "/unknown"),
    ({"attachments": [{"id": str(UUID(int=7))}]}, "/attachments/0"),
]


@pytest.mark.parametrize(("change", "pointer"), NONSENSE)
def test_nonsense_is_refused_with_a_pointer(shared_town: Town, change: dict[str, Any], pointer: str) -> None:
    answer = ask(shared_town, shared_town.usable(), **{**CHANGE, **change})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert pointer in {error["pointer"] for error in answer.json().get("errors", [{"pointer": ""}])}


def test_a_request_says_whether_its_plan_lets_it_be_submitted(town: Town) -> None:
    plan = town.assigned(town.usable(), town.wu)
    request = town.do(town.wu, "POST", "requests", json={**REVOKE, "plan_id": plan["id"]})
    url = f"requests/{request['id']}"

    def submit(found: dict[str, Any]) -> tuple[bool, str]:
        (action,) = [one for one in found["available_actions"] if one["action"] == "submit"]
        return action["allowed"], action["reason"]

    assert submit(request) == (True, "")
    assert submit(town.do(town.lin, "GET", url)) == (False, "只有申请人可以操作")
    trade = town.trade(plan, "1.00", town.wu)
    assert submit(town.do(town.wu, "GET", url)) == (False, "计划当前为“使用中”")
    town.report(trade, "fail", reason="流标")
    assert town.act(town.lin, town.plan(plan), "recall").status_code == 200
    refused = (False, "只有计划的申请人或持有人可以申请变更和撤销")
    assert submit(town.do(town.wu, "GET", url)) == refused
    (row,) = town.do(town.wu, "GET", "requests?tab=mine")["items"]
    assert submit(row) == refused
