"""Routes of approved imports: what plans have taken of an approval, and its revocation."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import select

from services.plans.imports.approval import Action, ImportApproval
from services.plans.imports.coverage import NONE, Amount, Cover, taken_by_others
from services.plans.imports.ending import revoke
from services.plans.imports.schemas import ImportShape
from services.plans.imports.views import import_shape
from services.plans.plan import Plan
from shared.deciding import Deciding
from shared.http import Body, Shape, SignedIn, StoreHere, etag
from shared.money import format_quantity, format_yuan

router = APIRouter(tags=["import approvals"])


class CoverShape(Shape):
    """What was approved of a catalogue code, and what plans have left of it."""

    catalogue_code: str
    unit: str
    approved_quantity: str
    approved_amount: str
    taken_quantity: str
    taken_amount: str
    left_quantity: str
    left_amount: str


class CoveredPlan(Shape):
    """A plan that relies on the approval."""

    id: UUID
    name: str
    status: str
    status_label: str
    plan_number: str | None


class CoverageShape(Shape):
    """How far an approval is used: by code, and the newest plans that name it."""

    items: list[CoverShape]
    plans: list[CoveredPlan]


@router.get(
    "/import-approvals/{approval_id}/coverage",
    operation_id="import_approval_coverage",
    summary="核准使用情况 (what plans have taken of it)",
)
def coverage(approval_id: UUID, store: StoreHere, caller: SignedIn) -> CoverageShape:
    """Plans under review and in use count, closed ones if they bought anything. Of the plans only those are
    named that the caller may see."""
    with store.read() as look:
        approval = look.get(ImportApproval, approval_id, seen_by=caller)
        cover = Cover(approval, taken_by_others(look, approval_id))
        named = select(Plan).where(Plan.import_approval_id == approval_id, Plan.visible_to(caller))
        plans = look.all(named.order_by(Plan.id.desc()).limit(100))
        return CoverageShape(
            items=[_cover(code, unit, cover) for code, unit in cover.units.items()],
            plans=[CoveredPlan.model_validate(plan) for plan in plans],
        )


def _cover(code: str, unit: str, cover: Cover) -> CoverShape:
    amounts = {
        "approved": cover.approved.get(code, NONE),
        "taken": cover.taken.get(code, NONE),
        "left": cover.left(code),
    }
    shown = {f"{name}_{part}": text for name, amount in amounts.items() for part, text in _texts(amount)}
    return CoverShape(catalogue_code=code, unit=unit, **shown)


def _texts(amount: Amount) -> list[tuple[str, str]]:
    quantity = format_quantity(Decimal(amount.quantity_milli) / 1000)
    return [("quantity", quantity), ("amount", format_yuan(amount.fen))]


class RevokeForm(Body):
    """Why the approval is taken back; its applicant is told."""

    reason: str = Field(min_length=1, max_length=1000)


@router.post(
    "/import-approvals/{approval_id}/revoke",
    operation_id="revoke_import_approval",
    summary="撤销核准 (the finance office takes the approval back)",
    response_model=ImportShape,
)
def revoke_approval(approval_id: UUID, body: RevokeForm, asked: Deciding) -> Response:
    """By the finance office of the district or one above it. Plans under review that rely on it are returned
    to their applicants; usable ones stay."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        approval = work.get(ImportApproval, approval_id, seen_by=caller)
        approval.must_be_finance(caller)
        approval.must_allow(Action.REVOKE)
        asked.expected.check(etag(approval.version))
        revoke(work, approval, body.reason, caller)
        return once.answer(work, import_shape(work, approval, caller), etag=etag(approval.version))
