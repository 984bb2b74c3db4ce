"""Plans that come back: withdrawn, disagreed with at any step, or refused by the system."""

from __future__ import annotations

from functools import partial

import pytest

from tests.flows.county import OWN, County, refusal

LARGE = "150000.00"


def test_a_plan_is_withdrawn_before_the_first_decision_and_submitted_again(county: County) -> None:
    before = county.reserved()
    plan_id = county.submitted("2000.00")
    assert county.reserved() != before
    county.withdraw(plan_id)
    plan = county.plan(plan_id)
    assert (plan["status"], plan["round"]) == ("withdrawn", 1)
    assert county.reserved() == before
    assert not county.todo(county.head, plan_id)
    number = plan["application_number"]
    county.submit(plan_id)
    county.world.settle()
    county.decide(county.head, plan_id)
    county.decide(county.supervisor, plan_id)
    plan = county.plan(plan_id)
    assert (plan["status"], plan["round"], plan["application_number"]) == ("usable", 2, number)
    assert county.told(county.handler, plan["name"]) == [
        *("plan.under_review", "plan.withdrawn", "plan.under_review", "plan.usable")
    ]
    assert county.told(county.head, plan["name"]) == ["slot.opened", "slot.opened"]


def test_after_a_decision_it_is_too_late_to_withdraw(county: County) -> None:
    plan_id = county.submitted()
    county.decide(county.head, plan_id, opinion="同意")
    late = refusal(lambda: county.withdraw(plan_id))
    assert (late.status, late.problem["code"]) == (409, "already_decided")
    assert county.head.name in str(late.problem)
    county.decide(county.supervisor, plan_id)
    assert county.plan(plan_id)["status"] == "usable"


def test_nobody_but_the_applicant_withdraws(county: County) -> None:
    plan_id = county.submitted()
    for role, status in (("unit_admin", 403), ("district_admin", 403), ("supervisor", 404), ("admin", 404)):
        assert refusal(partial(county.withdraw, plan_id, county.people[role])).status == status, role
    assert county.plan(plan_id)["status"] == "under_review"


@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_disagreement_at_any_step_gives_the_plan_back(county: County, step: int) -> None:
    before = county.reserved()
    reviewers = [county.head, county.leader, county.supervisor]
    plan_id = county.submitted(LARGE)
    for reviewer in reviewers[:step]:
        county.decide(reviewer, plan_id)
    blank = refusal(lambda: county.decide(reviewers[step], plan_id, "disagree", "  "))
    assert blank.status == 422
    county.decide(reviewers[step], plan_id, "disagree", f"第{step + 1}步退回")
    plan = county.plan(plan_id)
    assert plan["status"] == "returned"
    assert plan["returned"] == {
        "by": "reviewer",
        "code": "",
        "reason": f"第{step + 1}步退回",
        "step": ["部门负责人审核", "分管领导审核", "财政部门审核"][step],
        "actor": reviewers[step].name,
    }
    assert county.reserved() == before
    assert not any(county.todo(reviewer, plan_id) for reviewer in reviewers)
    told = [county.told(reviewer, plan["name"]) for reviewer in reviewers]
    assert told == [["slot.opened"]] * (step + 1) + [[]] * (2 - step)
    county.submit(plan_id)
    county.world.settle()
    assert [len(county.todo(reviewer, plan_id)) for reviewer in reviewers] == [1, 0, 0]
    county.withdraw(plan_id)


def test_a_decision_on_an_older_round_is_refused(county: County) -> None:
    plan_id = county.submitted()
    (old,) = county.todo(county.head, plan_id)
    county.withdraw(plan_id)
    county.submit(plan_id)
    county.world.settle()
    act = f"/api/approvals/slots/{old['id']}/agree"
    late = refusal(lambda: county.head.post(act, {"opinion": ""}, etag=old["etag"]))
    assert late.status == 409
    assert county.plan(plan_id)["status"] == "under_review"


def test_a_unit_without_a_chain_gets_its_plan_and_its_money_back(county: County) -> None:
    unit = county.unit("示例县体育馆")
    handler = county.hire(unit, "钱进", "handler")
    body = {
        "organisation_id": unit,
        "fiscal_year": 2026,
        "project_code": "T1",
        "project_name": "器材",
        "fund_nature": "general",
        "amount": "5000.00",
    }
    county.world.settle()
    line = county.finance.post("/api/plans/budget-lines", body)
    plan_id = county.draft(by=handler, allocations=[{"budget_line_id": line["id"], "amount": "1000.00"}])
    sent = handler.get(f"/api/plans/plans/{plan_id}/submission")
    preview = handler.post("/api/approvals/preview", sent["submission"])
    assert [problem["code"] for problem in preview["problems"]] == ["no_unit_chain"]
    county.submit(plan_id, by=handler)
    shown = county.finance.get(f"/api/plans/budget-lines/{line['id']}")
    assert shown["reserved"] == "1000.00"
    county.world.settle()
    plan = county.plan(plan_id, handler)
    assert plan["status"] == "returned"
    assert (plan["returned"]["by"], plan["returned"]["code"]) == ("system", "no_unit_chain")
    shown = county.finance.get(f"/api/plans/budget-lines/{line['id']}")
    assert shown["reserved"] == "0.00"
    assert county.told(handler, plan["name"]) == ["plan.under_review", "plan.returned_by_system"]


def test_with_a_chain_of_its_own_the_same_plan_goes_through(county: County) -> None:
    unit = county.unit("示例县图书馆")
    handler, reviewer = county.hire(unit, "孔明", "handler"), county.hire(unit, "司马懿", "reviewer")
    boss = county.hire(unit, "曹操", "unit_administrator")
    county.world.settle()
    plan_id = county.draft(by=handler, allocations=[])
    county.submit(plan_id, [reviewer], by=handler)
    county.world.settle()
    assert county.plan(plan_id, handler)["returned"]["code"] == "no_unit_chain"
    step = {"key": "head", "name": "负责人审核", "selector": OWN, "pick": "submitter"}
    county.publish_chain(boss, step)
    county.submit(plan_id, [reviewer], by=handler)
    county.world.settle()
    county.decide(reviewer, plan_id)
    county.decide(county.supervisor, plan_id)
    assert county.plan(plan_id, handler)["status"] == "usable"


def test_a_plan_that_comes_back_resumes_where_what_was_agreed_to_is_unchanged(county: County) -> None:
    unit = county.unit("示例县文化馆")
    handler, head, boss = (
        county.hire(unit, name, role)
        for name, role in (("白居易", "handler"), ("元稹", "reviewer"), ("刘禹锡", "unit_administrator"))
    )
    county.world.settle()
    attested = {"may_carry": True, "attested": ["name", "items"]}
    step = {"key": "head", "name": "负责人审核", "selector": OWN, "pick": "submitter", **attested}
    county.publish_chain(boss, step)
    form = county.form(allocations=[])
    plan_id: str = handler.post("/api/plans/plans", form)["id"]
    county.submit(plan_id, [head], by=handler)
    county.world.settle()
    county.decide(head, plan_id)
    county.decide(county.supervisor, plan_id, "disagree", "用途不明")

    path = f"/api/plans/plans/{plan_id}"
    handler.get(path)
    handler.put(path, {**form, "purpose": "群众文化活动"}, etag=handler.etags[path])
    sent = handler.get(f"{path}/submission")
    shown = handler.post("/api/approvals/preview", sent["submission"])
    assert (shown["first_step"], shown["asks_pick"]) == ("district.finance_office", False)
    county.submit(plan_id, [], by=handler)
    county.world.settle()
    assert county.told(head, form["name"]) == ["slot.opened"], "he is not asked again"
    assert not county.todo(head, plan_id)
    (slot,) = county.todo(county.supervisor, plan_id)
    since = county.supervisor.get(f"/api/approvals/slots/{slot['id']}")["since_decided"]
    assert [(one["label"], one["before"], one["after"]) for one in since["changes"]] == [
        ("采购用途", "更新设备", "群众文化活动")
    ]
    stream = [one["text"] for one in handler.get(f"{path}/history")["items"]]
    assert "沿用上一轮的同意：负责人审核" in stream
    county.decide(county.supervisor, plan_id)
    assert county.plan(plan_id, handler)["status"] == "usable"
