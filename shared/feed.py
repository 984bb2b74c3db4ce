"""`GET /api/<service>/events?after=N`: a service's outbox as an ordered HTTP stream, for repair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import httpx
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ValidationError
from sqlalchemy import func, select

from shared import outbox
from shared.errors import Conflict
from shared.events import Envelope
from shared.http import Here, bearer
from shared.outbox import OutboxPosition, OutboxRow
from shared.store import Store
from shared.tokens import read_service_token, refused, service_token

PAGE = 200
AFTER_HEAD = "after_head"


class FeedAway(Exception):
    """The feed cannot be read now: nobody answers, or not with a page of it."""


class FeedReplaced(Exception):
    """The feed is not the one that was followed, and an operator has to decide. `why`: `feed_replaced`
    (another identity), or an older state of it that ends before (`after_head`) or went on differently
    (`position_conflict`)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class FeedPage(BaseModel):
    """Events after a position, in order. `event_id` is the event at that position, `head` the last position
    given, `oldest` the first still kept."""

    feed_id: UUID
    event_id: UUID | None = None
    events: list[Envelope]
    next: int
    head: int
    oldest: int


ReadFeed = Callable[[int], FeedPage]
"""Reads a page of a publisher's feed after a position. Raises `FeedAway`, `FeedReplaced`."""


def read_page(store: Store, after: int, limit: int = PAGE) -> FeedPage:
    """A page of this service's own feed. Numbers first, so that it works while no broker does.

    Raises `Conflict` (`after_head`) when the caller knows more than this feed holds.
    """
    if not store.is_sqlite:
        with store.autocommit() as session:
            while len(outbox.number(session)) == outbox.BATCH:
                pass
    with store.read() as look:
        at = look.session.scalars(select(OutboxPosition)).one()
        if after > at.last:
            raise Conflict(AFTER_HEAD, "位置超出事件流末尾", "after the head of this feed")
        rows = look.all(
            select(OutboxRow).where(OutboxRow.position > after).order_by(OutboxRow.position).limit(limit)
        )
        known = look.first(select(OutboxRow.event_id).where(OutboxRow.position == after))
        oldest = look.session.scalar(select(func.min(OutboxRow.position)))
        events = [outbox.envelope(store.service, row) for row in rows]
    following = events[-1].position if events else after
    return FeedPage(
        feed_id=at.feed_id,
        event_id=known,
        events=events,
        next=following,
        head=at.last,
        oldest=oldest or at.last + 1,
    )


def local_feed(store: Store) -> ReadFeed:
    """The feed of a service in the same process."""

    def read(after: int) -> FeedPage:
        try:
            return read_page(store, after)
        except Conflict as refusal:
            raise FeedReplaced(refusal.code) from None

    return read


def http_feed(base_url: str, publisher: str, consumer: Store, key: str) -> ReadFeed:
    """The feed of a service elsewhere. A proxy variable in the environment must not catch it."""
    once = httpx.Limits(max_keepalive_connections=0)  # asked every few seconds: a kept one would be stale
    client = httpx.Client(base_url=base_url, trust_env=False, timeout=5, limits=once)

    def read(after: int) -> FeedPage:
        token = service_token(consumer.service, key, consumer.clock.now())
        asked = {"after": after, "limit": PAGE}
        headers = {"Authorization": f"Bearer {token}"}
        try:
            answer = client.get(f"/api/{publisher}/events", params=asked, headers=headers)
            if answer.status_code == Conflict.status and AFTER_HEAD.encode() in answer.content:
                raise FeedReplaced(AFTER_HEAD)
            answer.raise_for_status()
            return FeedPage.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise FeedAway(repr(error)[:300]) from error

    return read


router = APIRouter()


def asking_service(here: Here, request: Request) -> str:
    credentials = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not credentials:
        raise refused("not_signed_in", "需要服务令牌")
    return read_service_token(credentials, here.key, here.store.clock.now())


@router.get(
    "/events",
    operation_id="read_events",
    tags=["feed"],
    dependencies=[Depends(bearer)],
    summary="事件流 (feed of events)",
)
def events(
    here: Here,
    _service: Annotated[str, Depends(asking_service)],
    after: Annotated[int, Query(ge=0, lt=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = PAGE,
) -> FeedPage:
    """This service's events after a position, for other services (service token)."""
    return read_page(here.store, after, limit)
