"""Routes of handing over (移交): what somebody who has left cannot go on with goes to another handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from services.plans.assignment import handlers_of
from services.plans.document import Act, Document
from services.plans.handing_over import hand_over
from services.plans.imports.approval import ImportApproval
from services.plans.imports.schemas import ImportShape
from services.plans.imports.views import import_shape
from services.plans.leaving import look_for_leavers
from services.plans.plan import Plan
from services.plans.request import PlanRequest
from services.plans.request_schemas import RequestShape
from services.plans.request_views import request_shape
from services.plans.schemas import PlanShape
from services.plans.usage_schemas import CandidatesAsked, HandlerShape, Reason
from services.plans.views import plan_shape
from shared.deciding import Asked, Deciding
from shared.http import Body, Page, Shape, SignedIn, StoreHere, etag, page_of
from shared.people import Caller, PersonCopy, Role
from shared.store import Work

router = APIRouter(tags=["handing over"])
Given = TypeVar("Given", bound=Document)


class HandOverForm(Body):
    """Who is to be the applicant from now on; without a reason, why the former one is gone stands for it."""

    to: UUID = Field(description="本单位在岗经办人 (an active handler of the unit)")
    reason: Reason = ""


@router.get(
    "/handlers",
    operation_id="list_handlers",
    summary="本单位在岗经办人 (whom a document may be handed over to)",
)
def handlers(
    store: StoreHere, caller: SignedIn, wanted: Annotated[CandidatesAsked, Query()]
) -> Page[HandlerShape]:
    """The active handlers of the unit that the caller administers."""
    caller.require(Role.UNIT_ADMINISTRATOR)
    with store.read() as look:
        statement = handlers_of(look, caller.organisation_id, wanted.q)
        rows, following = page_of(look, statement, [PersonCopy.person_id], wanted)
        return Page(items=[HandlerShape.model_validate(row) for row in rows], next=following)


@router.post(
    "/plans/{plan_id}/hand-over",
    operation_id="hand_over_plan",
    summary="移交采购计划 (to another handler, once its applicant has left)",
    response_model=PlanShape,
)
def hand_over_plan(plan_id: UUID, body: HandOverForm, asked: Deciding) -> Response:
    """By the unit's administrator, while the plan waits for its applicant and he is deactivated or no
    handler of the unit any more (409 `applicant_there`). Once it is usable, it is assigned instead."""
    return _give(Plan, plan_id, body, asked, plan_shape)


@router.post(
    "/requests/{request_id}/hand-over",
    operation_id="hand_over_request",
    summary="移交申请 (to another handler, once its applicant has left)",
    response_model=RequestShape,
)
def hand_over_request(request_id: UUID, body: HandOverForm, asked: Deciding) -> Response:
    """As for a plan. Only the applicant or the holder of the plan can submit it: assign the plan first."""
    return _give(PlanRequest, request_id, body, asked, request_shape)


@router.post(
    "/import-approvals/{approval_id}/hand-over",
    operation_id="hand_over_import_approval",
    summary="移交进口产品申请 (to another handler, once its applicant has left)",
    response_model=ImportShape,
)
def hand_over_import(approval_id: UUID, body: HandOverForm, asked: Deciding) -> Response:
    """As for a plan, also while its notice runs or an objection waits for an answer."""
    return _give(ImportApproval, approval_id, body, asked, import_shape)


def _give(
    kind: type[Given],
    document_id: UUID,
    body: HandOverForm,
    asked: Asked,
    shape: Callable[[Work, Given, Caller], Shape],
) -> Response:
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        document = work.get(kind, document_id, seen_by=caller)
        document.must_be_administered(caller)
        look_for_leavers(work, [document])
        document.must_allow(Act.HAND_OVER)
        asked.expected.check(etag(document.version))
        hand_over(work, document, body.to, caller, body.reason)
        return once.answer(work, shape(work, document, caller), etag=etag(document.version))
