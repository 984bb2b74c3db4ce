"""What may be done with a document now, by whom, and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from services.plans.assignment import must_be_assigner
from services.plans.document import NOT_NOW, Act, Document
from services.plans.imports.approval import Action as ImportAction
from services.plans.imports.approval import ImportApproval
from services.plans.imports.objecting import must_be_open
from services.plans.imports.objection import Objection
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
    PlanRequest: {
        **_own("/api/plans/requests/{id}"),
        Act.SUBMIT: Way("POST", "/api/plans/requests/{id}/submit", PlanRequest.must_be_submitted_by),
    },
    ImportApproval: {
        **_own("/api/plans/import-approvals/{id}"),
        ImportAction.SEND: Way("POST", "/api/plans/import-approvals/{id}/send", Document.must_be_own),
        ImportAction.REVOKE: Way(
            "POST", "/api/plans/import-approvals/{id}/revoke", ImportApproval.must_be_finance
        ),
    },
}


OBJECTION_URL = "/api/plans/import-approvals/{approval_id}/objections/{id}/{verb}"


def available_actions(document: Document, caller: Caller) -> list[ActionShape]:
    """Every action that people may ask for, with the reason where it is refused now."""
    return [_of_document(document, caller, *one) for one in ACTIONS[type(document)].items()]


def objection_actions(approval: ImportApproval, objection: Objection, caller: Caller) -> list[ActionShape]:
    """What may be done with an objection: the applicant answers it, the finance office decides it."""
    ways = {"argue": approval.must_be_own, "decide": approval.must_be_finance}
    about = {"approval_id": approval.id, "id": objection.id}
    found = []
    for verb, must in ways.items():
        reason = _refusal(partial(must, caller), partial(must_be_open, approval, objection))
        url = OBJECTION_URL.format(**about, verb=verb)
        found.append(ActionShape(action=verb, allowed=not reason, reason=reason, method="POST", url=url))
    return found


def _of_document(document: Document, caller: Caller, action: str, way: Way) -> ActionShape:
    reason = _refusal(partial(way.require, document, caller), partial(document.must_allow, action))
    url = way.url.replace("{id}", str(document.id)).replace("{doc_type}", document.doc_type)
    return ActionShape(action=action, allowed=not reason, reason=reason, method=way.method, url=url)


def _refusal(*conditions: Callable[[], object]) -> str:
    """Why one of the conditions does not hold; empty when all do."""
    try:
        for condition in conditions:
            condition()
    except (Forbidden, Conflict) as refusal:
        return refusal.text.removesuffix(NOT_NOW)
    return ""
