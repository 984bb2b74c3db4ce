"""Live push of an inbox's numbers as server-sent events."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.notify.api.live import Live, live_of
from services.notify.queries import inbox_counts, newest_message
from services.notify.schemas import Counts
from shared.errors import Unauthorised
from shared.http import Here, SignedIn, bearer
from shared.service import Running
from shared.tokens import read_person_token

router = APIRouter(tags=["messages"])
LOOK_AGAIN = 30.0
"""Seconds after which the numbers are looked up anew, so that a lost wake-up heals and an old token ends."""
UNHEARD = 5.0
"""The same while other processes are not heard: there is no Redis, or it is away."""


class News(Counts):
    """The numbers of an inbox, never a difference; `newest` is its newest message."""

    newest: UUID | None

    @property
    def id(self) -> str:
        """The same for the same numbers, so that nothing is sent twice to who comes back."""
        return f"{self.newest or 0}.{self.unread}.{self.todo}.{self.snoozed}"


def news_of(here: Running, token: str) -> News:
    """The numbers now. Raises `Unauthorised` when the token is over or its person is out."""
    claims = read_person_token(token, here.keys, here.store.clock.now())
    with here.store.read() as look:
        person_id = here.service.find_caller(look, claims).person_id
        numbers = inbox_counts(look, person_id)
        return News(**numbers._asdict(), newest=newest_message(look, person_id))


@router.get(
    "/stream",
    operation_id="watch_inbox",
    summary="未读数量实时推送 (live numbers, server-sent events)",
    response_class=EventSourceResponse,
)
async def watch_inbox(
    here: Here,
    caller: SignedIn,
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
    last_event_id: Annotated[
        str, Header(max_length=100, description="上次收到的 id (the last id received)")
    ] = "",
) -> AsyncIterator[ServerSentEvent]:
    """Events `counts` with the numbers themselves: at once, unless `Last-Event-ID` says that
    they are known, and whenever they change. `signed_out` ends the stream when the token does."""
    live, known = live_of(here), last_event_id
    with live.watching(caller.person_id) as watcher:
        while not live.closed:
            try:
                news = await run_in_threadpool(news_of, here, credentials.credentials)
            except Unauthorised as refusal:
                yield ServerSentEvent(event="signed_out", data={"code": refusal.code})
                return
            if news.id != known:
                known = news.id
                yield ServerSentEvent(event="counts", id=known, data=news)
            await watcher.wait(_pause(here, live))


def _pause(here: Running, live: Live) -> float:
    """Not the same for every page: those that were opened together do not look together for ever."""
    heard = here.settings.embedded or live.hears_others(0)
    return (LOOK_AGAIN if heard else min(LOOK_AGAIN, UNHEARD)) * random.uniform(0.8, 1.0)
