"""A plan that every step agreed to becomes usable (可使用): confirmed money, a number, a holder."""

from __future__ import annotations

from services.plans.assignment import open_assignment
from services.plans.district import District, next_number
from services.plans.imports.ending import lapse
from services.plans.plan import Plan
from services.plans.policy import policy_of
from services.plans.reservation import confirm, release
from services.plans.topics import Numbers
from shared.events.approvals import CaseApproved
from shared.people import DistrictCopy
from shared.store import Work


def approve(work: Work, plan: Plan, _event: CaseApproved) -> str:
    """The reservation is confirmed, and the plan gets its number; one that had a number keeps it. A plan
    whose import approval has ended meanwhile goes back to its applicant instead."""
    if lapsed := lapse(work, plan):
        release(work, plan)
        plan.give_back("system", lapsed.text, work.now, code=lapsed.code)
        return f"系统退回：{lapsed.text}"
    confirm(work, plan)
    plan.become_usable(plan.plan_number or _number(work, plan), work.now)
    open_assignment(work, plan)
    return f"审核通过，采购计划编号 {plan.plan_number}"


def _number(work: Work, plan: Plan) -> str:
    district = District.of(work.session.get_one(DistrictCopy, plan.district_code))
    pattern = policy_of(work, district).get(Numbers).plan
    return next_number(work, district.code, plan.fiscal_year, "plan", pattern)
