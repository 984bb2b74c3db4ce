"""What may be done with a plan now, by whom, and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from services.plans.assignment import must_be_assigner
from services.plans.plan import Action, Plan
from services.plans.schemas import ActionShape
from services.plans.trade import must_be_holder
from shared.errors import Conflict, Forbidden
from shared.people import Caller


class Way(NamedTuple):
    """How an action is asked for, and who may ask."""

    method: str
    url: str
    require: Callable[[Plan, Caller], None]


# a withdrawal is judged by approvals
ACTIONS: Mapping[Action, Way] = {
    Action.EDIT: Way("PUT", "/api/plans/plans/{id}", Plan.must_be_own),
    Action.SUBMIT: Way("POST", "/api/plans/plans/{id}/submit", Plan.must_be_own),
    Action.DELETE: Way("DELETE", "/api/plans/plans/{id}", Plan.must_be_own),
    Action.ABANDON: Way("POST", "/api/plans/plans/{id}/abandon", Plan.must_be_own),
    Action.WITHDRAW: Way("POST", "/api/approvals/documents/plan/{id}/withdraw", Plan.must_be_own),
    Action.ASSIGN: Way("POST", "/api/plans/plans/{id}/assign", must_be_assigner),
    Action.RECALL: Way("POST", "/api/plans/plans/{id}/recall", must_be_assigner),
    Action.START_TRADE: Way("POST", "/api/plans/plans/{id}/trades", must_be_holder),
    Action.CLOSE: Way("POST", "/api/plans/plans/{id}/close", must_be_holder),
}


def available_actions(plan: Plan, caller: Caller) -> list[ActionShape]:
    """Every action that people may ask for, with the reason where it is refused now."""
    return [_shape(plan, caller, action, way) for action, way in ACTIONS.items()]


def _shape(plan: Plan, caller: Caller, action: Action, way: Way) -> ActionShape:
    reason = _refusal(plan, caller, action, way)
    url = way.url.replace("{id}", str(plan.id))
    return ActionShape(action=action, allowed=not reason, reason=reason, method=way.method, url=url)


def _refusal(plan: Plan, caller: Caller, action: Action, way: Way) -> str:
    try:
        way.require(plan, caller)
        plan.must_allow(action)
    except Forbidden as forbidden:
        return forbidden.text
    except Conflict as conflict:
        return f"{plan.noun}当前为“{plan.status_label}”" if conflict.code == "wrong_state" else conflict.text
    return ""
