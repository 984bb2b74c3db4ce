"""Routes of objections (异议): what was said against an import, the applicant's answer, the decision."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import select

from services.plans.imports.approval import ImportApproval
from services.plans.imports.objecting import argue, decide, must_be_open
from services.plans.imports.objection import Objection
from services.plans.imports.objection_schemas import (
    ArgumentForm,
    ObjectionDecision,
    ObjectionShape,
    objection_shape,
)
from shared.deciding import Deciding
from shared.errors import NotFound
from shared.http import SignedIn, StoreHere, etag
from shared.store import Work

router = APIRouter(tags=["objections"])


@router.get(
    "/import-approvals/{approval_id}/objections",
    operation_id="list_objections",
    summary="异议列表 (objections to an application)",
)
def list_objections(approval_id: UUID, store: StoreHere, caller: SignedIn) -> list[ObjectionShape]:
    """To every notice that it had, oldest first. Who objected is shown to the purchaser's handlers and the
    finance office only."""
    with store.read() as look:
        approval = look.get(ImportApproval, approval_id, seen_by=caller)
        found = select(Objection).where(Objection.approval_id == approval_id).order_by(Objection.id)
        return [objection_shape(row, approval, caller) for row in look.all(found)]


@router.post(
    "/import-approvals/{approval_id}/objections/{objection_id}/argue",
    operation_id="argue_objection",
    summary="补充论证 (the applicant answers)",
    response_model=ObjectionShape,
)
def answer_objection(approval_id: UUID, objection_id: UUID, body: ArgumentForm, asked: Deciding) -> Response:
    """By the applicant, until the objection is decided (409 `objection_decided`); a later answer replaces the
    earlier one."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        approval = work.get(ImportApproval, approval_id, seen_by=caller)
        approval.must_be_own(caller)
        objection = _of(work, approval, objection_id)
        must_be_open(approval, objection)
        asked.expected.check(etag(objection.version))
        argue(work, approval, objection, body.text, caller)
        return once.answer(work, objection_shape(objection, approval, caller), etag=etag(objection.version))


@router.post(
    "/import-approvals/{approval_id}/objections/{objection_id}/decide",
    operation_id="decide_objection",
    summary="认定异议 (the finance office decides)",
    response_model=ObjectionShape,
)
def decide_objection(
    approval_id: UUID, objection_id: UUID, body: ObjectionDecision, asked: Deciding
) -> Response:
    """By the finance office of the district or one above it. Upheld: the application has failed. Not upheld
    needs the applicant's answer first (409 `argument_missing`), unless he has left; after the last one the
    notice goes on, or the next review begins with both texts before it."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        approval = work.get(ImportApproval, approval_id, seen_by=caller)
        approval.must_be_finance(caller)
        objection = _of(work, approval, objection_id)
        must_be_open(approval, objection)
        asked.expected.check(etag(objection.version))
        decide(work, approval, objection, body.upheld, body.reason, caller)
        return once.answer(work, objection_shape(objection, approval, caller), etag=etag(objection.version))


def _of(work: Work, approval: ImportApproval, objection_id: UUID) -> Objection:
    objection = work.find(Objection, objection_id)
    if objection is None or objection.approval_id != approval.id:
        raise NotFound("not_found", "未找到该异议", "no such objection")
    return objection
