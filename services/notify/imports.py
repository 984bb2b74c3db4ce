"""Who is told of imported products: the applicant of every outcome, the finance office of objections."""

from __future__ import annotations

from uuid import UUID

from services.notify.kinds import KINDS, context_of
from services.notify.notice import Document, Notice, tell
from shared.events.imports import ImportApprovalStatusChanged, ObjectionDecided, ObjectionRaised
from shared.inbox import Handlers
from shared.store import Work

DOC_TYPE = "import_approval"


def tell_of_imports(events: Handlers) -> None:
    """Registers the handlers."""
    events.on(ImportApprovalStatusChanged)(tell_applicant)
    events.on(ObjectionRaised)(tell_of_objection)
    events.on(ObjectionDecided)(tell_of_decision)


def tell_applicant(work: Work, event: ImportApprovalStatusChanged) -> None:
    """Statuses that have no text, and a status that stays, are passed over."""
    status = event.status
    if status == "first_review" and event.previous_status in ("draft", "returned", "withdrawn"):
        status = "under_review"
    elif status == "returned" and event.returned_by == "system":
        status = "returned_by_system"
    kind = f"{DOC_TYPE}.{status}"
    if kind in KINDS and event.status != event.previous_status:
        tell(work, event.applicant_id, _notice(kind, event))


def tell_of_objection(work: Work, event: ObjectionRaised) -> None:
    """The applicant, who answers it, and those who decide."""
    _tell(work, {event.applicant_id, *event.finance_ids}, _notice("objection.raised", event))


def tell_of_decision(work: Work, event: ObjectionDecided) -> None:
    """The applicant."""
    _tell(work, {event.applicant_id}, _notice("objection.decided", event))


def _tell(work: Work, people: set[UUID], notice: Notice) -> None:
    for person_id in sorted(people):
        tell(work, person_id, notice)


def _notice(kind: str, event: ImportApprovalStatusChanged | ObjectionRaised | ObjectionDecided) -> Notice:
    document = Document(DOC_TYPE, event.approval_id, event.organisation_id)
    return Notice(kind, context_of(event), f"/import-approvals/{event.approval_id}", document)
