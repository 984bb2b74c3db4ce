"""What plans tells the others about a plan."""

from __future__ import annotations

from services.plans.document import Document
from services.plans.plan import Plan
from shared.events.documents import DocumentCancelled
from shared.events.plans import PlanStatusChanged


def status_changed(plan: Plan, previous: str | None) -> PlanStatusChanged:
    """The event of a plan that has just moved; the reason of a return is on the plan."""
    by_reviewer = plan.returned_by == "reviewer"
    return PlanStatusChanged(
        plan_id=plan.id,
        version=plan.version,
        round=plan.round,
        status=plan.status,
        previous_status=previous,
        status_label=plan.status_label,
        name=plan.name,
        fiscal_year=plan.fiscal_year,
        organisation_id=plan.organisation_id,
        applicant_id=plan.applicant_id,
        holder_id=plan.holder_id,
        application_number=plan.application_number or "",
        plan_number=plan.plan_number or "",
        amount_fen=plan.amount_fen,
        reason="" if by_reviewer else plan.returned_reason,
        reason_code=plan.returned_code,
        opinion=plan.returned_reason if by_reviewer else "",
        step_name=plan.returned_step,
        decided_by=plan.returned_actor,
        returned_by=plan.returned_by,
    )


def cancelled(document: Document, reason: str) -> DocumentCancelled:
    """The document will not go on: approvals ends what is left of its case."""
    return DocumentCancelled(
        doc_type=document.doc_type, doc_id=document.id, revision=document.version, reason=reason
    )
