"""What a request on a plan must satisfy to be submitted: small functions with stable codes; all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, cast

from services.plans.checks import unit_is_active
from services.plans.judging import Check, Verdict, apply
from services.plans.method_checks import (
    ground_for_other_method,
    ground_of_method,
    method_allowed,
    method_allowed_here,
    notice_is_over,
    splitting,
    threshold_configured,
)
from services.plans.plan import Plan
from services.plans.plan_checks import PLANNING
from services.plans.request import Kind, PlanRequest
from services.plans.rules import Rules
from services.plans.topics import Choices, Revocation, SingleSource, Splitting, Thresholds
from shared.errors import Conflict, Problem

POINTERS = {"/method": "/new_method", "/method_ground": "/ground", "/method_reason": "/reason"}


class WithMethod:
    """A plan as it would be with another method; everything else is the plan's own."""

    def __init__(self, plan: Plan, request: PlanRequest) -> None:
        self._plan = plan
        self.method, self.method_ground = request.new_method, request.ground
        self.method_reason = request.reason
        self.notice_number, self.notice_date = request.notice_number, request.notice_date
        self.notice_supplier = request.notice_supplier

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plan, name)


def plan_as_asked(plan: Plan, request: PlanRequest) -> Plan:
    """The plan that the request would make: what its rules and facts are about."""
    if request.kind != Kind.METHOD_CHANGE or not request.new_method:
        return plan
    return cast(Plan, WithMethod(plan, request))


def judge(request: PlanRequest, plan: Plan, rules: Rules) -> Verdict:
    """Applies every check of the kind of request."""
    checks = REVOCATION if request.kind == Kind.REVOCATION else CHANGE
    return apply((*ANY, *checks), rules, request, plan_as_asked(plan, request), rules)


def plan_is_free(request: PlanRequest, plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Usable, nothing in use, and no other request under review."""
    try:
        plan.must_allow("request")
    except Conflict as conflict:
        yield Problem("plan_not_usable", conflict.text, "/plan_id", "the plan is not usable, or locked")


def reason_given(request: PlanRequest, plan: Plan, rules: Rules) -> Iterator[Problem]:
    if not request.reason:
        yield Problem("required", "原因必填", "/reason", "a reason is required")


def handling_allowed(request: PlanRequest, plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Among those that the district allows after a revocation."""
    if not request.handling:
        yield Problem("required", "撤销后处理方式必填", "/handling", "say what becomes of the plan")
    elif request.handling not in rules.policy.get(Revocation).handlings:
        yield Problem("handling_not_allowed", "本区划不允许该处理方式", "/handling", "not allowed here")


def method_is_another(request: PlanRequest, plan: Plan, rules: Rules) -> Iterator[Problem]:
    if not request.new_method:
        yield Problem("required", "变更后的采购方式必填", "/new_method", "choose the new method")
    elif request.new_method == request.old_method:
        yield Problem("method_unchanged", "采购方式没有变化", "/new_method", "it has this method already")


def of_plans(
    find: Callable[[Plan, Rules], Iterable[Problem]], *left_out: str
) -> Callable[[PlanRequest, Plan, Rules], Iterable[Problem]]:
    """A check of plans, about the plan as it would be; what it finds points into the request's form. A
    request says its reason itself, whatever the method."""

    def found(request: PlanRequest, plan: Plan, rules: Rules) -> Iterator[Problem]:
        for problem in find(plan, rules):
            if problem.code not in left_out:
                yield replace(problem, pointer=POINTERS.get(problem.pointer, problem.pointer))

    found.__name__ = find.__name__
    return found


ANY = (
    Check(plan_is_free, PLANNING),
    Check(reason_given, PLANNING),
    Check(of_plans(unit_is_active), "政府采购法 第十五条"),
)
REVOCATION = (Check(handling_allowed, Revocation),)
CHANGE = (
    Check(method_is_another, PLANNING),
    Check(of_plans(method_allowed), "政府采购法 第二十六条"),
    Check(of_plans(method_allowed_here), Choices),
    Check(of_plans(ground_of_method), "政府采购法 第二十九条至第三十二条"),
    Check(of_plans(ground_for_other_method, "method_reason_required"), Thresholds),
    Check(of_plans(notice_is_over), SingleSource),
    Check(of_plans(threshold_configured), Thresholds, "warn"),
    Check(of_plans(splitting), Splitting, ""),
)
