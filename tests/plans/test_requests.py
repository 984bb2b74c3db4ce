"""Method change (变更) and revocation (撤销) of a usable plan, from draft to outcome."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.plans.plan import Plan
from shared.events.approvals import (
    CaseApproved,
    CaseRefused,
    CaseReturned,
    CaseTerminated,
    CaseWithdrawn,
)
from shared.events.plans import PlanStatusChanged
from tests.plans.requests import REVOKE, act, allowed, ask, drafted, history, seen, submitted, tell
from tests.plans.town import Town


def test_an_approved_change_gives_the_plan_its_new_method(town: Town) -> None:
    plan = town.usable()
    request = submitted(town, plan)
    assert (request["status_label"], request["round"]) == ("审核中", 1)
    locked = town.plan(plan)
    assert (locked["status_label"], locked["open_request_id"]) == ("变更中", request["id"])
    assert allowed(locked) == set()

    tell(town, CaseApproved, request)
    done, changed = seen(town, request), town.plan(plan)
    assert (done["status"], done["status_label"]) == ("approved", "审核通过")
    assert done["finished_at"]
    assert (changed["method"], changed["status_label"]) == ("competitive_negotiation", "可使用")
    assert changed["plan_number"] == plan["plan_number"]
    assert changed["open_request_id"] is None
    assert "start_trade" in allowed(changed)
    text = "采购方式变更：公开招标 → 竞争性谈判"
    assert history(town, f"plans/{plan['id']}")[-2:] == [
        ("requested", f"申请{text}"),
        ("method_change", text),
    ]
    entry = town.stream(f"plans/{plan['id']}/history")[-1]
    assert [(c["label"], c["old"], c["new"]) for c in entry["changes"]][:1] == [
        ("采购方式", "open_tender", "competitive_negotiation")
    ]
    assert [e.data["status"] for e in town.published("method_change.status_changed")] == [
        "draft",
        "under_review",
        "approved",
    ]


def test_an_approved_revocation_voids_the_plan_and_frees_its_money(town: Town) -> None:
    line = town.line("60000.00")
    plan = town.usable(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    plan = town.assigned(plan, town.wu)
    request = submitted(town, plan, **REVOKE)
    assert town.plan(plan)["status_label"] == "撤销中"
    assert town.available(line) == "0.00"

    tell(town, CaseApproved, request)
    done, void = seen(town, request), town.plan(plan)
    assert (done["status"], done["status_label"]) == ("completed", "审核完成")
    assert (void["status"], void["status_label"], void["remaining"]) == ("void", "已作废", "0.00")
    assert void["holder_name"] == "林经办"
    assert void["returned"]["reason"] == "品目填写错误"
    assert town.available(line) == "60000.00"
    assert allowed(void) == set()
    told = town.published("revocation.status_changed")[-1].data
    assert sorted(told["concerned"]) == sorted([str(town.lin), str(town.wu)])
    assert told["handling_label"] == "计划作废（采购计划失效）"


def test_a_plan_sent_back_by_revocation_keeps_its_number_when_it_is_usable_again(town: Town) -> None:
    town.rule("revocation", {"handlings": ["void", "return_to_draft"]})

    plan = town.usable()
    request = submitted(town, plan, kind="revocation", handling="return_to_draft", reason="数量有误")
    tell(town, CaseApproved, request)
    back = town.plan(plan)
    assert (back["status"], back["returned"]["by"]) == ("returned", "revocation")
    assert "edit" in allowed(back)
    again = town.submit(back).json()
    assert again["round"] == 2
    town.tell(CaseApproved, again)
    assert town.plan(plan)["plan_number"] == plan["plan_number"]


@pytest.mark.parametrize("handling", ["return_to_draft", ""])
def test_only_a_handling_that_the_district_allows(town: Town, handling: str) -> None:
    request = drafted(town, town.usable(), kind="revocation", handling=handling or None, reason="填写错误")
    answer = act(town, request, "submit")
    assert answer.status_code == 422
    wanted = "handling_not_allowed" if handling else "required"
    assert [(e["code"], e["pointer"]) for e in answer.json()["errors"]] == [(wanted, "/handling")]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (CaseReturned, "returned"),
        (CaseWithdrawn, "withdrawn"),
        (CaseRefused, "returned"),
        (CaseTerminated, "returned"),
    ],
)
def test_a_request_that_is_not_agreed_to_lets_the_plan_go(
    town: Town, outcome: type[Any], status: str
) -> None:
    plan = town.usable()
    request = submitted(town, plan)
    tell(town, outcome, request)
    assert seen(town, request)["status"] == status
    free = town.plan(plan)
    assert (free["status_label"], free["method"]) == ("可使用", "open_tender")
    assert "start_trade" in allowed(free)

    again = act(town, seen(town, request), "submit", picks=[str(town.shen)])
    assert (again.status_code, again.json()["round"]) == (200, 2)
    tell(town, CaseApproved, again.json())
    assert town.plan(plan)["method"] == "competitive_negotiation"


def test_a_late_outcome_of_an_earlier_round_changes_nothing(town: Town) -> None:
    plan = town.usable()
    first = submitted(town, plan)
    tell(town, CaseReturned, first)
    second = act(town, seen(town, first), "submit").json()
    before = town.plan(plan)
    tell(town, CaseApproved, first)
    assert (town.plan(plan)["version"], seen(town, second)["status"]) == (before["version"], "under_review")
    town.tell(CaseApproved, second)  # the same id, said to be a plan
    assert seen(town, second)["status"] == "under_review"


def test_what_a_locked_plan_refuses(town: Town) -> None:
    plan = town.usable()
    submitted(town, plan)
    locked = town.plan(plan)
    for answer in (
        town.start(locked, "1.00"),
        town.act(town.lin, locked, "assign", to=str(town.wu)),
        town.act(town.lin, locked, "close"),
        ask(town, locked, **REVOKE),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state"), answer.text
        assert "变更中" in answer.json()["detail"]


def test_a_plan_in_use_cannot_be_changed_until_its_trade_has_failed(town: Town) -> None:
    plan = town.usable()
    trade = town.trade(plan, "60000.00")
    refused = ask(town, town.plan(plan))
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    town.report(trade, "fail", reason="废标")
    assert ask(town, town.plan(plan)).status_code == 201


def test_two_requests_of_which_the_second_comes_too_late(town: Town) -> None:
    plan = town.usable()
    one, two = drafted(town, plan), drafted(town, plan, **REVOKE)
    assert act(town, one, "submit").status_code == 200
    late = act(town, two, "submit")
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    assert late.json()["status_label"] == "变更中"
    tell(town, CaseApproved, seen(town, one))
    assert act(town, two, "submit").status_code == 200


def test_an_approval_that_finds_another_plan_than_the_reviewers_saw_changes_nothing(town: Town) -> None:
    """It cannot happen through the routes; the guard holds all the same."""
    plan = town.usable()
    request = submitted(town, plan)
    with town.store.work() as work:
        work.get(Plan, UUID(plan["id"])).method = "inquiry"
    tell(town, CaseApproved, request)
    assert seen(town, request)["returned"]["code"] == "plan_changed"
    assert (town.plan(plan)["method"], town.plan(plan)["open_request_id"]) == ("inquiry", None)


def test_a_plan_that_is_locked_or_let_go_stays_in_its_status_for_those_who_listen(town: Town) -> None:
    plan = town.usable()
    tell(town, CaseWithdrawn, submitted(town, plan))
    last = [PlanStatusChanged.model_validate(e.data) for e in town.published("plan.status_changed")][-2:]
    assert [(e.previous_status, e.status, e.status_label) for e in last] == [
        ("usable", "usable", "变更中"),
        ("usable", "usable", "可使用"),
    ]
