"""Routes of checks: what stands in the way of a submission, and the submission that a form would become."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from services.plans.attachment import listed_files
from services.plans.form_schemas import PlanForm
from services.plans.outside import must_be_submitted
from services.plans.plan import Plan
from services.plans.rule_views import submission_shape
from services.plans.rules import rules_for, unit_of
from services.plans.schemas import CheckShape, SubmissionShape
from services.plans.submission import build
from shared.http import SignedIn, StoreHere
from shared.people import Role

router = APIRouter(tags=["form"])


@router.get("/plans/{plan_id}/check", operation_id="check_plan", summary="提交前检查 (check)", tags=["plans"])
def check(plan_id: UUID, store: StoreHere, caller: SignedIn) -> CheckShape:
    """What stands in the way of a submission, and what should be known before it."""
    return submission(plan_id, store, caller)


@router.get(
    "/plans/{plan_id}/submission",
    operation_id="plan_submission",
    summary="预览提交内容 (what submit would send)",
    tags=["plans"],
)
def submission(plan_id: UUID, store: StoreHere, caller: SignedIn) -> SubmissionShape:
    """Exactly the facts, content and digest that submit would send, for the preview of the route."""
    with store.read() as look:
        plan = look.get(Plan, plan_id, seen_by=caller)
        must_be_submitted(plan, caller)
        rules = rules_for(look, plan)
        return submission_shape(*build(plan, rules), rules)


class Unsaved(PlanForm):
    """A form that is not saved; `plan_id` when it belongs to a plan that is being edited."""

    plan_id: Annotated[UUID | None, Field(description="正在编辑的计划 (the plan being edited)")] = None


@router.post(
    "/submission",
    operation_id="unsaved_submission",
    summary="预览未保存的表单 (what an unsaved form would send)",
)
def unsaved_submission(body: Unsaved, store: StoreHere, caller: SignedIn) -> SubmissionShape:
    """As the preview of a saved plan; nothing is written."""
    caller.require(Role.HANDLER)
    with store.read() as look:
        unit, district = unit_of(look, caller.organisation_id)
        plan = Plan.draft(body.fiscal_year, caller, unit, district, look.now)
        if body.plan_id is not None:
            known = look.get(Plan, body.plan_id, seen_by=caller)
            known.must_be_own(caller)
            plan.id, plan.application_number = known.id, known.application_number
        plan.fill(body.filled(), look.now)
        files = listed_files(look, [(part.id, part.attachment_kind) for part in body.attachments], caller)
        rules = rules_for(look, plan, attachments=files)
        return submission_shape(*build(plan, rules), rules)
