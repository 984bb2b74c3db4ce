"""What may be done with a plan now, by whom, and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from services.plans.assignment import must_be_assigner
from services.plans.document import Document
from services.plans.plan import Action, Plan
from services.plans.schemas import ActionShape
from services.plans.trade import must_be_holder
from shared.errors import Conflict, Forbidden
from shared.people import Caller


Kind = TypeVar("Kind", bound=Document)


class Way(NamedTuple, Generic[Kind]):
    """How an action is asked for (`{id}` and `{doc_type}` in the URL are the document's), and who may ask."""

    method: str
    url: str
    require: Callable[[Kind, Caller], None]


# a withdrawal is judged by approvals
ACTIONS: Mapping[str, Way[Plan]] = {
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
    return listed(plan, caller, ACTIONS)


def listed(document: Kind, caller: Caller, ways: Mapping[str, Way[Kind]]) -> list[ActionShape]:
    """The actions of a document of any type."""
    return [_shape(document, caller, action, way) for action, way in ways.items()]


def _shape(document: Kind, caller: Caller, action: str, way: Way[Kind]) -> ActionShape:
    reason = _refusal(document, caller, action, way)
    url = way.url.replace("{id}", str(document.id)).replace("{doc_type}", document.doc_type)
    return ActionShape(action=action, allowed=not reason, reason=reason, method=way.method, url=url)


def _refusal(document: Kind, caller: Caller, action: str, way: Way[Any]) -> str:
    try:
        way.require(document, caller)
        document.must_allow(action)
    except Forbidden as forbidden:
        return forbidden.text
    except Conflict as conflict:
        if conflict.code == "wrong_state":
            return f"{document.noun}当前为“{document.status_label}”"
        return conflict.text
    return ""
