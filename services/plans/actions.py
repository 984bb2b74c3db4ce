"""What may be done with a document now, by whom, and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from services.plans.assignment import must_be_assigner
from services.plans.document import Act, Document
from services.plans.imports.approval import Action as ImportAction
from services.plans.imports.approval import ImportApproval
from services.plans.plan import Action, Plan
from services.plans.request import PlanRequest, must_be_requester
from services.plans.schemas import ActionShape
from services.plans.trade import must_be_holder
from shared.errors import Conflict, Forbidden
from shared.people import Caller


class Way(NamedTuple):
    """How an action is asked for, and who may ask."""

    method: str
    url: str
    require: Callable[[Any, Caller], None]


def _own(url: str) -> dict[str, Way]:
    """What applicants do with their documents, and who administers their unit once they have left; a
    withdrawal is judged by approvals."""
    own = Document.must_be_own
    return {
        Act.EDIT: Way("PUT", url, own),
        Act.SUBMIT: Way("POST", f"{url}/submit", own),
        Act.DELETE: Way("DELETE", url, own),
        Act.ABANDON: Way("POST", f"{url}/abandon", own),
        Act.HAND_OVER: Way("POST", f"{url}/hand-over", Document.must_be_administered),
        Act.WITHDRAW: Way("POST", "/api/approvals/documents/{doc_type}/{id}/withdraw", own),
    }


ACTIONS: Mapping[type[Document], Mapping[str, Way]] = {
    Plan: {
        **_own("/api/plans/plans/{id}"),
        Action.ASSIGN: Way("POST", "/api/plans/plans/{id}/assign", must_be_assigner),
        Action.RECALL: Way("POST", "/api/plans/plans/{id}/recall", must_be_assigner),
        Action.START_TRADE: Way("POST", "/api/plans/plans/{id}/trades", must_be_holder),
        Action.CLOSE: Way("POST", "/api/plans/plans/{id}/close", must_be_holder),
        Action.REQUEST: Way("POST", "/api/plans/requests", must_be_requester),
    },
    PlanRequest: _own("/api/plans/requests/{id}"),
    ImportApproval: {
        **_own("/api/plans/import-approvals/{id}"),
        ImportAction.SEND: Way("POST", "/api/plans/import-approvals/{id}/send", Document.must_be_own),
        ImportAction.REVOKE: Way(
            "POST", "/api/plans/import-approvals/{id}/revoke", ImportApproval.must_be_finance
        ),
    },
}


def available_actions(document: Document, caller: Caller) -> list[ActionShape]:
    """Every action that people may ask for, with the reason where it is refused now."""
    ways = ACTIONS[type(document)]
    return [_shape(document, caller, action, way) for action, way in ways.items()]


def _shape(document: Document, caller: Caller, action: str, way: Way) -> ActionShape:
    reason = _refusal(document, caller, action, way)
    url = way.url.replace("{id}", str(document.id)).replace("{doc_type}", document.doc_type)
    return ActionShape(action=action, allowed=not reason, reason=reason, method=way.method, url=url)


def _refusal(document: Document, caller: Caller, action: str, way: Way) -> str:
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
