"""Routes of assignment (分派) and recall (收回)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.plans.assignment import (
    assign,
    assignments_of,
    handlers_of,
    must_be_assigner,
    recall,
)
from services.plans.leaving import look_for_leavers
from services.plans.plan import Action, Plan
from services.plans.schemas import PlanShape
from services.plans.usage_schemas import (
    AssignForm,
    AssignmentShape,
    CandidatesAsked,
    CandidateShape,
    RecallForm,
)
from services.plans.views import plan_shape
from shared.deciding import Deciding
from shared.http import Page, SignedIn, StoreHere, etag, page_of
from shared.people import PersonCopy

router = APIRouter(tags=["assignments"])


@router.get(
    "/plans/{plan_id}/candidates",
    operation_id="list_candidates",
    summary="可分派的经办人 (whom the plan may be assigned to)",
)
def candidates(
    plan_id: UUID, store: StoreHere, caller: SignedIn, wanted: Annotated[CandidatesAsked, Query()]
) -> Page[CandidateShape]:
    """The active handlers of the plan's unit, for those who may assign it."""
    with store.read() as look:
        plan = look.get(Plan, plan_id, seen_by=caller)
        must_be_assigner(plan, caller)
        statement = handlers_of(look, plan.organisation_id, wanted.q)
        rows, following = page_of(look, statement, [PersonCopy.person_id], wanted)
        shapes = [
            CandidateShape(
                person_id=row.person_id,
                name=row.name,
                is_holder=row.person_id == plan.holder_id,
                is_applicant=row.person_id == plan.applicant_id,
            )
            for row in rows
        ]
        return Page(items=shapes, next=following)


@router.post(
    "/plans/{plan_id}/assign",
    operation_id="assign_plan",
    summary="变更分派 (assign the plan to another handler)",
    response_model=PlanShape,
)
def assign_to(plan_id: UUID, body: AssignForm, asked: Deciding) -> Response:
    """By the applicant or the unit's administrator, while the plan is usable (or in use and its holder gone)
    and the applicant holds it (409 `held_by_another` with the holder: recall it first)."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        plan = work.get(Plan, plan_id, seen_by=caller)
        must_be_assigner(plan, caller)
        look_for_leavers(work, [plan])
        plan.must_allow(Action.ASSIGN)
        asked.expected.check(etag(plan.version))
        assign(work, plan, body.to, caller, body.reason)
        return once.answer(work, plan_shape(work, plan, caller), etag=etag(plan.version))


@router.post(
    "/plans/{plan_id}/recall",
    operation_id="recall_plan",
    summary="收回 (take the plan back)",
    response_model=PlanShape,
)
def take_back(plan_id: UUID, body: RecallForm, asked: Deciding) -> Response:
    """By the applicant or the unit's administrator, while the plan is usable and another holds it, or in
    use and that person is gone."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        plan = work.get(Plan, plan_id, seen_by=caller)
        must_be_assigner(plan, caller)
        look_for_leavers(work, [plan])
        plan.must_allow(Action.RECALL)
        asked.expected.check(etag(plan.version))
        recall(work, plan, caller, body.reason)
        return once.answer(work, plan_shape(work, plan, caller), etag=etag(plan.version))


@router.get(
    "/plans/{plan_id}/assignments", operation_id="plan_assignments", summary="分派记录 (who has held it)"
)
def list_assignments(plan_id: UUID, store: StoreHere, caller: SignedIn) -> list[AssignmentShape]:
    """Every change of hands, oldest first; the last one is current."""
    with store.read() as look:
        look.get(Plan, plan_id, seen_by=caller)
        return [AssignmentShape.model_validate(row) for row in assignments_of(look, plan_id)]
