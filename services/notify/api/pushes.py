"""What was pushed to an outside system: the log, sending again, giving up."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import select

from services.notify.outside.endpoint import Endpoint
from services.notify.outside.push import Push, PushTry
from services.notify.outside.pushing import go_on
from services.notify.outside.replaying import push_of, replay_period
from services.notify.outside.shapes import (
    PushesAsked,
    PushShape,
    Replayed,
    ReplayPeriod,
    push_shape,
)
from shared.http import DoOnce, Page, SignedIn, StoreHere, page_of
from shared.store import Look, Work

router = APIRouter(prefix="/endpoints/{endpoint_id}", tags=["endpoints"])


@router.get("/pushes", operation_id="list_pushes", summary="推送记录 (what was pushed, newest first)")
def list_pushes(
    store: StoreHere, caller: SignedIn, endpoint_id: UUID, asked: Annotated[PushesAsked, Query()]
) -> Page[PushShape]:
    """Every event that the endpoint was told of, or is to be told of, with every try and what it answered;
    kept for 90 days."""
    with store.read() as look:
        endpoint = look.get(Endpoint, endpoint_id, seen_by=caller)
        wanted = select(Push).where(Push.endpoint_id == endpoint.id)
        if asked.state is not None:
            wanted = wanted.where(Push.state == asked.state)
        if asked.event_type:
            wanted = wanted.where(Push.event_type == asked.event_type)
        rows, following = page_of(look, wanted, [Push.id], asked)
        tries = _tries(look, [row.id for row in rows])
    return Page(items=[push_shape(row, tries[row.id]) for row in rows], next=following)


@router.post(
    "/pushes/{push_id}/replay",
    operation_id="replay_push",
    summary="重推一个事件 (send one again)",
    response_model=PushShape,
)
def replay_push(
    store: StoreHere, caller: SignedIn, once: DoOnce, endpoint_id: UUID, push_id: UUID
) -> Response:
    """With the same `webhook-id` and body, before what waits. 409 `still_waiting` for what is on its way."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        endpoint = work.get(Endpoint, endpoint_id, seen_by=caller)
        push = push_of(work, endpoint, push_id)
        push.replay(work.now)
        return _answer(work, once, endpoint, push)


@router.post(
    "/pushes/{push_id}/skip",
    operation_id="skip_push",
    summary="跳过一个事件 (give one up)",
    response_model=PushShape,
)
def skip_push(store: StoreHere, caller: SignedIn, once: DoOnce, endpoint_id: UUID, push_id: UUID) -> Response:
    """For an event that an endpoint fails on: the next one goes on. 409 `not_waiting` for any other."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        endpoint = work.get(Endpoint, endpoint_id, seen_by=caller)
        push = push_of(work, endpoint, push_id)
        push.skip(work.now)
        return _answer(work, once, endpoint, push)


@router.post(
    "/replay",
    operation_id="replay_period",
    summary="重推一个时段 (send a period again)",
    response_model=Replayed,
)
def replay_of_period(
    store: StoreHere, caller: SignedIn, once: DoOnce, endpoint_id: UUID, body: ReplayPeriod
) -> Response:
    """Everything that happened in a period, and that was accepted or has failed, in its old order and before
    what waits. 409 `too_many`, 422 `period_invalid`, `period_too_long`."""
    body.checked()
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        endpoint = work.get(Endpoint, endpoint_id, seen_by=caller)
        return once.answer(work, Replayed(replayed=replay_period(work, endpoint, body.first, body.last)))


def _answer(work: Work, once: DoOnce, endpoint: Endpoint, push: Push) -> Response:
    go_on(work, endpoint)
    return once.answer(work, push_shape(push, _tries(work, [push.id])[push.id]))


def _tries(look: Look, push_ids: list[UUID]) -> dict[UUID, list[PushTry]]:
    """Oldest first."""
    found: dict[UUID, list[PushTry]] = {push_id: [] for push_id in push_ids}
    rows = select(PushTry).where(PushTry.push_id.in_(push_ids)).order_by(PushTry.number, PushTry.id)
    for row in look.all(rows) if push_ids else ():
        found[row.push_id].append(row)
    return found
