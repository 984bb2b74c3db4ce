"""Keeps to the limits of providers and receivers: a letter that comes too soon waits for its place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from services.notify.delivery import Delivery, State
from services.notify.limit import LATE, LIMIT
from services.notify.notice import SEND
from services.notify.post import Claimed, Post
from services.notify.provider import Provider
from shared.jobs import later
from shared.store import Store


def granted(delivery: Delivery, chosen: Provider, now: datetime) -> str:
    """Which limit it was held by, if its time has just come and it goes where it was to go."""
    on_time = delivery.next_try_at is not None and delivery.next_try_at >= now - LATE
    same = delivery.provider_id == chosen.id and delivery.code.startswith(LIMIT)
    return delivery.code if on_time and same else ""


@dataclass(frozen=True)
class Full:
    """A limit that is reached, and when there is room again."""

    code: str
    until: datetime


def must_wait(store: Store, post: Post, claimed: Claimed) -> bool:
    """Whether the receiver, or the provider, has had enough for now; the letter then waits for its turn."""
    to = (claimed.provider, claimed.letter.to)
    full = first_full(post, to, store.clock.now(), claimed.granted)
    if full is not None:
        _hold(store, claimed, full)
    return full is not None


def first_full(
    post: Post, to: tuple[Provider, str], now: datetime, granted: str = "", waits: bool = True
) -> Full | None:
    """The limit that keeps a letter from going to a receiver now; without one its places are taken. What it
    was held by (`granted`) has given it its place already; what does not wait takes none that is not free.

    The receiver is asked first: a place with the provider is not wasted on a letter that has none with him.
    """
    provider, address = to
    limits, receiver = post.limits_of(provider), hashlib.sha256(address.encode()).hexdigest()[:32]
    for per, key in (("receiver", f"{provider.id}.{receiver}"), ("provider", f"{provider.id}")):
        these = [limit for limit in limits if limit.per == per]
        if granted in (LIMIT + per, LIMIT + "provider") or not these:
            continue
        if (until := post.limits().take(key, these, now, waits)) > now:
            return Full(LIMIT + per, until)
    return None


def _hold(store: Store, claimed: Claimed, full: Full) -> None:
    """Back to waiting: this was no try."""
    with store.work() as work:
        delivery = work.get(Delivery, claimed.letter.delivery_id)
        if delivery.state == State.SENDING and delivery.attempts == claimed.attempt:
            turn = delivery.step_back(full.code, full.until, work.now)
            before = claimed.before
            delivery.sent_to, delivery.sent_at = (before.to, before.at) if before else ("", None)
            later(work, SEND, full.until, delivery_id=str(delivery.id), turn=turn)
