"""What plans tells the others about a plan."""

from __future__ import annotations

from services.plans import reference
from services.plans.document import Document
from services.plans.plan import Plan
from services.plans.request import Kind, PlanRequest
from shared.events.documents import DocumentCancelled, ReviewStated
from shared.events.plans import (
    MethodChangeStatusChanged,
    PlanStatusChanged,
    RequestStatusChanged,
    RevocationStatusChanged,
)


def status_changed(plan: Plan, previous: str | None) -> PlanStatusChanged:
    """The event of a plan that has just moved; the reason of a return is on the plan."""
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
        **_why(plan),
    )


def request_changed(request: PlanRequest, previous: str | None) -> RequestStatusChanged:
    """The event of a request that has just moved."""
    is_change = request.kind == Kind.METHOD_CHANGE
    event = MethodChangeStatusChanged if is_change else RevocationStatusChanged
    return event(
        request_id=request.id,
        version=request.version,
        round=request.round,
        status=request.status,
        previous_status=previous,
        status_label=request.status_label,
        plan_id=request.plan_id,
        plan_number=request.plan_number,
        name=request.plan_name,
        fiscal_year=request.fiscal_year,
        organisation_id=request.organisation_id,
        applicant_id=request.applicant_id,
        concerned=sorted({request.plan_applicant_id, request.plan_holder_id}),
        asked_because=request.reason,
        **(_methods(request) if is_change else _handling(request)),
        **_why(request),
    )


def _methods(request: PlanRequest) -> dict[str, str]:
    labels = reference.choices("method")
    old, new = request.old_method or "", request.new_method or ""
    return {
        "old_method": old,
        "new_method": new,
        "old_method_label": labels.get(old, ""),
        "new_method_label": labels.get(new, ""),
    }


def _handling(request: PlanRequest) -> dict[str, str]:
    handling = request.handling or ""
    return {"handling": handling, "handling_label": reference.choices("handling").get(handling, "")}


def _why(document: Document) -> dict[str, str]:
    """Why the document came back, as its event tells it."""
    by_reviewer = document.returned_by == "reviewer"
    return {
        "reason": "" if by_reviewer else document.returned_reason,
        "reason_code": document.returned_code,
        "opinion": document.returned_reason if by_reviewer else "",
        "step_name": document.returned_step,
        "decided_by": document.returned_actor,
        "returned_by": document.returned_by,
    }


def cancelled(document: Document, reason: str) -> DocumentCancelled:
    """The document will not go on: approvals ends what is left of its case."""
    return DocumentCancelled(
        doc_type=document.doc_type, doc_id=document.id, revision=document.version, reason=reason
    )


def review_stated(document: Document, doc_type: str, review: str) -> ReviewStated:
    """What the document takes its review of this type to be; approvals sees whether it has followed the
    case."""
    return ReviewStated(
        doc_type=doc_type,
        doc_id=document.id,
        organisation_id=document.organisation_id,
        round=document.round,
        revision=document.version,
        review=review,
    )
