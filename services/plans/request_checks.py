"""What a request on a plan must satisfy to be submitted: small functions with stable codes; all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, cast

from services.plans.checks import (
    Verdict,
    above_open_tender,
    ground_for_other_method,
    method_allowed,
    splitting,
    threshold_configured,
    unit_is_active,
)
from services.plans.plan import Plan
from services.plans.request import Kind, PlanRequest
from services.plans.rules import Rules
from shared.calendar import Calendar
from shared.errors import Conflict, Problem

NOTICE_DAYS = 5
"""Working days of the notice of a single-source procurement (政府采购法实施条例 art. 38)."""
ONLY_SUPPLIER = "only_supplier"
POINTERS = {"/method": "/new_method", "/method_ground": "/ground", "/method_reason": "/reason"}


class WithMethod:
    """A plan as it would be with another method; everything else is the plan's own."""

    def __init__(self, plan: Plan, request: PlanRequest) -> None:
        self._plan = plan
        self.method, self.method_ground = request.new_method, request.ground
        self.method_reason = request.reason

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plan, name)


def plan_as_asked(plan: Plan, request: PlanRequest) -> Plan:
    """The plan that the request would make: what its rules and facts are about."""
    if request.kind != Kind.METHOD_CHANGE or not request.new_method:
        return plan
    return cast(Plan, WithMethod(plan, request))


def judge(request: PlanRequest, plan: Plan, rules: Rules, calendar: Calendar) -> Verdict:
    """Applies every policy of the kind of request."""
    asked = plan_as_asked(plan, request)
    about = (request, asked, rules)
    verdict = Verdict([problem for policy in ANY for problem in policy(*about)])
    if request.kind == Kind.REVOCATION:
        verdict.problems += handling_allowed(*about)
        return verdict
    verdict.problems += [problem for policy in CHANGE for problem in policy(*about)]
    verdict.problems += notice_is_over(*about, calendar)
    verdict.warnings += _of_the_method((threshold_configured, splitting), asked, rules)
    return verdict


def plan_is_free(request: PlanRequest, plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Usable, nothing in use, and no other request under review."""
    try:
        plan.must_allow("request")
    except Conflict as conflict:
        yield Problem("plan_not_usable", conflict.text, "/plan_id", "the plan is not usable, or locked")


def reason_given(request: PlanRequest, plan: Plan, rules: Rules) -> Iterator[Problem]:
    if not request.reason:
        yield Problem("required", "原因必填", "/reason", "a reason is required")


def requesting_unit_is_active(request: PlanRequest, plan: Plan, rules: Rules) -> Iterator[Problem]:
    yield from unit_is_active(plan, rules)


def handling_allowed(request: PlanRequest, plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Among those that the district allows after a revocation."""
    if not request.handling:
        yield Problem("required", "撤销后处理方式必填", "/handling", "say what becomes of the plan")
    elif request.handling not in rules.policy.revocation_handlings:
        yield Problem("handling_not_allowed", "本区划不允许该处理方式", "/handling", "not allowed here")


def method_is_another(request: PlanRequest, plan: Plan, rules: Rules) -> Iterator[Problem]:
    if not request.new_method:
        yield Problem("required", "变更后的采购方式必填", "/new_method", "choose the new method")
    elif request.new_method == request.old_method:
        yield Problem("method_unchanged", "采购方式没有变化", "/new_method", "it has this method already")


def method_holds(request: PlanRequest, plan: Plan, rules: Rules) -> Iterator[Problem]:
    """The rules of the new method, as for a new plan (政府采购法 art. 26 to 32)."""
    found = _of_the_method((method_allowed, ground_for_other_method), plan, rules)
    yield from (problem for problem in found if problem.code != "method_reason_required")


def notice_is_over(request: PlanRequest, plan: Plan, rules: Rules, calendar: Calendar) -> Iterator[Problem]:
    """From the only supplier, at or above the open-tender amount: named in a public notice of 5 working days
    first (regulation art. 38)."""
    asked = request.new_method == "single_source" and request.ground == ONLY_SUPPLIER
    if not asked or not above_open_tender(plan, rules):
        return
    for name, label in (("notice_number", "公示编号"), ("notice_supplier", "拟定供应商")):
        if not getattr(request, name):
            text = f"单一来源须先公示，请填写{label}"
            yield Problem("notice_required", text, f"/{name}", "state the notice")
    if request.notice_date is None:
        text = "单一来源须先公示，请填写公示日期"
        yield Problem("notice_required", text, "/notice_date", "state the day of the notice")
        return
    period = calendar.add_working_days(request.notice_date, NOTICE_DAYS)
    if rules.today <= period.end:
        text = f"单一来源公示尚未期满：{period.explain()}"
        yield Problem("notice_not_over", text, "/notice_date", f"the notice runs until {period.end}")


RequestPolicy = Callable[[PlanRequest, Plan, Rules], Iterable[Problem]]
ANY: tuple[RequestPolicy, ...] = (plan_is_free, reason_given, requesting_unit_is_active)
CHANGE: tuple[RequestPolicy, ...] = (method_is_another, method_holds)


def _of_the_method(policies: Iterable[Any], plan: Plan, rules: Rules) -> list[Problem]:
    """What policies of plans find, pointing into the request's form."""
    found = [problem for policy in policies for problem in policy(plan, rules)]
    return [replace(problem, pointer=POINTERS.get(problem.pointer, problem.pointer)) for problem in found]
