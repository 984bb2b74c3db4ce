"""Routes of common opinions (常用意见): a person's own sentences, and those of his unit."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.approvals import queries
from services.approvals.opinion import MAX_PER_OWNER, CommonOpinion, opinions
from services.approvals.opinion_schemas import NewOpinionBody, OpinionBody, OpinionShape
from shared.database import new_id
from shared.errors import Conflict
from shared.http import DoOnce, IfMatch, SignedIn, StoreHere, etag, shown
from shared.people import Caller

router = APIRouter(tags=["opinions"])
Scope = Annotated[Literal["", "person", "unit"], Query(description="本人或本单位，不填为全部")]


@router.get("/opinions", operation_id="list_opinions", summary="常用意见 (common opinions)")
def list_opinions(store: StoreHere, caller: SignedIn, scope: Scope = "") -> list[OpinionShape]:
    """The caller's sentences and those of his unit in one list, the most used first, then by position; a
    sentence of the unit that he keeps himself is listed once. With `scope`, those of the person or of the
    unit alone."""
    with store.read() as look:
        return [_shape(row, caller) for row in look.all(opinions(caller, scope))]


@router.post(
    "/opinions",
    operation_id="add_opinion",
    summary="新增常用意见 (add)",
    response_model=OpinionShape,
    status_code=201,
)
def add_opinion(store: StoreHere, caller: SignedIn, once: DoOnce, body: NewOpinionBody) -> Response:
    """Keeps a sentence, for oneself or for one's unit; at most 50 for each (409 `too_many_opinions`)."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        owner = caller.person_id if body.scope == "person" else caller.organisation_id
        row = CommonOpinion(id=new_id(), owner_id=owner, use_count=0, version=1, **body.model_dump())
        row.require_editor(caller)
        if queries.count(work, opinions(caller, body.scope)) >= MAX_PER_OWNER:
            raise Conflict("too_many_opinions", f"最多保存 {MAX_PER_OWNER} 条常用意见", "too many sentences")
        work.add(row)
        return once.answer(work, _shape(row, caller), 201, etag(row.version))


@router.put(
    "/opinions/{opinion_id}",
    operation_id="edit_opinion",
    summary="修改常用意见 (edit)",
    response_model=OpinionShape,
)
def edit_opinion(
    store: StoreHere, caller: SignedIn, expected: IfMatch, opinion_id: UUID, body: OpinionBody
) -> Response:
    """Replaces a sentence."""
    with store.work(actor=caller.actor) as work:
        row = work.get(CommonOpinion, opinion_id, seen_by=caller)
        row.require_editor(caller)
        expected.check(etag(row.version))
        row.kind, row.text, row.position = body.kind, body.text, body.position
        row.version += 1
    return shown(_shape(row, caller), etag(row.version))


@router.delete(
    "/opinions/{opinion_id}", operation_id="delete_opinion", summary="删除常用意见 (delete)", status_code=204
)
def delete_opinion(store: StoreHere, caller: SignedIn, expected: IfMatch, opinion_id: UUID) -> Response:
    """Forgets a sentence."""
    with store.work(actor=caller.actor) as work:
        row = work.get(CommonOpinion, opinion_id, seen_by=caller)
        row.require_editor(caller)
        expected.check(etag(row.version))
        work.session.delete(row)
    return Response(status_code=204)


def _shape(row: CommonOpinion, caller: Caller) -> OpinionShape:
    return OpinionShape(
        id=row.id,
        scope=row.scope,
        kind=row.kind,
        text=row.text,
        position=row.position,
        use_count=row.use_count,
        may_edit=row.may_edit(caller),
        etag=etag(row.version),
    )
