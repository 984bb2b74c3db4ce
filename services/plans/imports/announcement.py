"""What plans tells the others about an import application, its notice and the objections to it."""

from __future__ import annotations

from typing import Any

from services.plans.imports.approval import ImportApproval
from services.plans.imports.notice import Notice
from shared.events.documents import DocumentCancelled
from shared.events.imports import ImportApprovalStatusChanged, NoticePublished


def about(approval: ImportApproval) -> dict[str, Any]:
    """What every event of an application carries."""
    names = ("version", "name", "fiscal_year", "organisation_id", "organisation_name", "applicant_id")
    return {
        "approval_id": approval.id,
        **{name: getattr(approval, name) for name in (*names, "amount_fen", "category")},
        "application_number": approval.application_number or "",
        "approval_number": approval.approval_number or "",
    }


def status_changed(approval: ImportApproval, previous: str | None) -> ImportApprovalStatusChanged:
    """The event of an application that has just moved; the reason of a return is on the application."""
    by_reviewer = approval.returned_by == "reviewer"
    return ImportApprovalStatusChanged(
        **about(approval),
        round=approval.round,
        status=approval.status,
        previous_status=previous,
        status_label=approval.status_label,
        valid_from=approval.valid_from,
        valid_to=approval.valid_to,
        reason="" if by_reviewer else approval.returned_reason,
        reason_code=approval.returned_code,
        opinion=approval.returned_reason if by_reviewer else "",
        step_name=approval.returned_step,
        decided_by=approval.returned_actor,
        returned_by=approval.returned_by,
    )


def notice_published(approval: ImportApproval, notice: Notice) -> NoticePublished:
    return NoticePublished(
        **about(approval),
        notice_id=notice.id,
        published_on=notice.published_on,
        working_days=notice.days,
        ends_on=notice.ends_on,
        ends_at=notice.ends_at,
        explanation=notice.explanation,
    )


def cancelled(approval: ImportApproval, reason: str) -> list[DocumentCancelled]:
    """The application will not go on: approvals ends what is left of the cases of either review."""
    return [
        DocumentCancelled(doc_type=doc_type, doc_id=approval.id, revision=approval.version, reason=reason)
        for doc_type in approval.doc_types
    ]
