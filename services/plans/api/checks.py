"""Routes of checks: what stands in the way of a submission, and the submission that a form would become."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import select

from services.plans.attachment import Attachment, unknown_attachment
from services.plans.finding import basis_of
from services.plans.form_schemas import PlanForm
from services.plans.judging import Verdict
from services.plans.plan import Plan
from services.plans.rules import Rules, rules_for, unit_of
from services.plans.schemas import CheckShape, SubmissionShape
from services.plans.submission import build
from shared.errors import invalid
from shared.events.documents import Submission
from shared.http import SignedIn, StoreHere
from shared.people import Caller, Role
from shared.store import Look

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
        rules = rules_for(look, plan)
        return _shape(*build(plan, rules), rules)


def _shape(sent: Submission, verdict: Verdict, rules: Rules) -> SubmissionShape:
    return SubmissionShape.model_validate(
        {
            "submission": sent,
            "problems": verdict.problems,
            "warnings": verdict.warnings,
            "rules": [basis_of(version) for version in rules.applied],
        }
    )


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
        files = _files(look, body, caller)
        rules = rules_for(look, plan, attachments=files)
        return _shape(*build(plan, rules), rules)


def _files(look: Look, body: PlanForm, caller: Caller) -> list[Attachment]:
    """The files that an unsaved form refers to, with the kinds it gives them."""
    ids = [part.id for part in body.attachments]
    wanted = select(Attachment).where(Attachment.id.in_(ids), Attachment.visible_to(caller))
    known = {row.id: row for row in look.all(wanted)} if ids else {}
    if missing := [place for place, file_id in enumerate(ids) if file_id not in known]:
        raise invalid([unknown_attachment(place) for place in missing])
    files = []
    for part in body.attachments:
        row = known[part.id]
        row.kind = part.attachment_kind
        files.append(row)
    return files
