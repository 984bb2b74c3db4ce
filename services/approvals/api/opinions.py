"""Routes of common opinions (常用意见): a person's own sentences."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from services.approvals import queries
from services.approvals.opinion import MAX_PER_PERSON, CommonOpinion
from services.approvals.opinion_schemas import OpinionBody, OpinionShape
from shared.database import new_id
from shared.errors import Conflict
from shared.http import DoOnce, IfMatch, SignedIn, StoreHere, etag, shown

router = APIRouter(tags=["opinions"])


@router.get("/opinions", operation_id="list_opinions", summary="常用意见 (my common opinions)")
def list_opinions(store: StoreHere, caller: SignedIn) -> list[OpinionShape]:
    """The caller's sentences, the most used first, then by position."""
    with store.read() as look:
        return [_shape(row) for row in look.all(queries.opinions(caller.person_id))]


@router.post(
    "/opinions",
    operation_id="add_opinion",
    summary="新增常用意见 (add)",
    response_model=OpinionShape,
    status_code=201,
)
def add_opinion(store: StoreHere, caller: SignedIn, once: DoOnce, body: OpinionBody) -> Response:
    """Keeps a sentence; at most 50 per person (409 `too_many_opinions`)."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        if queries.count(work, queries.opinions(caller.person_id)) >= MAX_PER_PERSON:
            raise Conflict("too_many_opinions", f"最多保存 {MAX_PER_PERSON} 条常用意见", "too many sentences")
        row = CommonOpinion(
            id=new_id(), owner_id=caller.person_id, use_count=0, version=1, **body.model_dump()
        )
        work.add(row)
        return once.answer(work, _shape(row), 201, etag(row.version))


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
        expected.check(etag(row.version))
        row.kind, row.text, row.position = body.kind, body.text, body.position
        row.version += 1
    return shown(_shape(row), etag(row.version))


@router.delete(
    "/opinions/{opinion_id}", operation_id="delete_opinion", summary="删除常用意见 (delete)", status_code=204
)
def delete_opinion(store: StoreHere, caller: SignedIn, expected: IfMatch, opinion_id: UUID) -> Response:
    """Forgets a sentence."""
    with store.work(actor=caller.actor) as work:
        row = work.get(CommonOpinion, opinion_id, seen_by=caller)
        expected.check(etag(row.version))
        work.session.delete(row)
    return Response(status_code=204)


def _shape(row: CommonOpinion) -> OpinionShape:
    return OpinionShape(
        id=row.id,
        kind=row.kind,
        text=row.text,
        position=row.position,
        use_count=row.use_count,
        etag=etag(row.version),
    )
