"""What may be done with an import application now, by whom, and why not."""

from __future__ import annotations

from collections.abc import Mapping

from services.plans.actions import Way, listed
from services.plans.document import Act
from services.plans.imports.approval import Action, ImportApproval
from services.plans.schemas import ActionShape
from shared.people import Caller

URL = "/api/plans/import-approvals/{id}"
# a withdrawal is judged by approvals
ACTIONS: Mapping[str, Way[ImportApproval]] = {
    Act.EDIT: Way("PUT", URL, ImportApproval.must_be_own),
    Act.SUBMIT: Way("POST", f"{URL}/submit", ImportApproval.must_be_own),
    Act.DELETE: Way("DELETE", URL, ImportApproval.must_be_own),
    Act.ABANDON: Way("POST", f"{URL}/abandon", ImportApproval.must_be_own),
    Act.WITHDRAW: Way(
        "POST", "/api/approvals/documents/{doc_type}/{id}/withdraw", ImportApproval.must_be_own
    ),
    Action.SEND: Way("POST", f"{URL}/send", ImportApproval.must_be_own),
}


def available_actions(approval: ImportApproval, caller: Caller) -> list[ActionShape]:
    """Every action that people may ask for, with the reason where it is refused now."""
    return listed(approval, caller, ACTIONS)
