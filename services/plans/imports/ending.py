"""The end of an import approval: its time is over, or finance revokes it; what becomes of its plans."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from services.plans.announcement import cancelled as plan_cancelled
from services.plans.announcement import status_changed as plan_changed
from services.plans.imports.announcement import status_changed
from services.plans.imports.approval import ImportApproval, Status
from services.plans.imports.coverage import cover_of, not_valid
from services.plans.plan import Plan
from services.plans.plan import Status as PlanStatus
from services.plans.policy import policy_of
from services.plans.reservation import release
from services.plans.review import note
from services.plans.rules import unit_of
from services.plans.topics import Imports
from shared.errors import Problem
from shared.jobs import later
from shared.people import Caller
from shared.store import Store, Work

TASK = "plans.return_import_plans"


def revoke(work: Work, approval: ImportApproval, reason: str, by: Caller) -> None:
    """The finance office takes a locked approval back; plans under review that rely on it are returned."""
    before = approval.to_record()
    approval.revoke(reason, by.name, work.now)
    note(work, approval, "revoked", f"撤销核准：{reason}", by=by, before=before)
    work.publish(status_changed(approval, str(before["status"])))
    later(work, TASK, approval_id=str(approval.id))


def expire(work: Work, approval_id: UUID) -> None:
    """The last day of an approval is over, by the clock; nothing when it is not, or has ended otherwise."""
    approval = work.get(ImportApproval, approval_id)
    if approval.status != Status.APPROVED or approval.holds_on(work.today):
        return
    before = approval.to_record()
    approval.expire(work.now)
    note(work, approval, "expired", f"有效期至 {approval.valid_to}，已失效", before=before)
    work.publish(status_changed(approval, str(before["status"])))
    later(work, TASK, approval_id=str(approval.id))


def lapse(work: Work, plan: Plan) -> Problem | None:
    """Why a plan must not become usable although every step agreed: its approval holds no more, or its unit
    is no longer of a class that files instead."""
    if plan.import_approval_id is not None:
        cover = cover_of(work, plan)
        return not_valid(cover.approval, work.today) if cover else None
    if not (plan.is_imported or any(item.is_imported for item in plan.items)):
        return None
    unit, district = unit_of(work, plan.organisation_id)
    if unit.import_exempt_class in policy_of(work, district).get(Imports).exempt_classes:
        return None
    text = "本单位不再属于备案范围，采购进口产品须先取得进口产品核准"
    return Problem("import_approval_required", text, "/is_imported", "an import approval is needed first")


def return_plans(store: Store, approval_id: UUID) -> None:
    """Returns the plans under review that rely on an approval which has ended; again is harmless."""
    with store.read() as look:
        under_review = select(Plan.id).where(
            Plan.import_approval_id == approval_id, Plan.status == PlanStatus.UNDER_REVIEW
        )
        found = look.all(under_review.order_by(Plan.id))
    for plan_id in found:
        with store.work() as work:
            return_plan(work, plan_id)


def return_plan(work: Work, plan_id: UUID) -> None:
    """Gives a plan back to its applicant, and ends its case, unless its approval holds after all."""
    plan = work.get(Plan, plan_id)
    if plan.status != PlanStatus.UNDER_REVIEW or (lapsed := lapse(work, plan)) is None:
        return
    before = plan.to_record()
    release(work, plan)
    plan.give_back("system", lapsed.text, work.now, code=lapsed.code)
    note(work, plan, "returned", f"系统退回：{lapsed.text}", before=before, round=plan.round)
    work.publish(plan_cancelled(plan, lapsed.text), plan_changed(plan, str(before["status"])))
