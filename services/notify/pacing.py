"""Keeps to the limits of providers and receivers: a letter that comes too soon waits for its place."""

from __future__ import annotations

import hashlib
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


def must_wait(store: Store, post: Post, claimed: Claimed) -> bool:
    """Whether the receiver, or the provider, has had enough for now; the letter is then held until its turn.

    The receiver is asked first: a place with the provider is not wasted on a letter that has none with him.
    """
    limits, provider = post.limits_of(claimed.provider), f"{claimed.provider.id}"
    receiver = hashlib.sha256(claimed.letter.to.encode()).hexdigest()[:32]
    for per, key in (("receiver", f"{provider}.{receiver}"), ("provider", provider)):
        these = [limit for limit in limits if limit.per == per]
        if claimed.granted in (LIMIT + per, LIMIT + "provider") or not these:
            continue
        now = store.clock.now()
        if (until := post.limits().take(key, these, now)) > now:
            _hold(store, claimed, LIMIT + per, until)
            return True
    return False


def _hold(store: Store, claimed: Claimed, code: str, until: datetime) -> None:
    """Back to waiting: this was no try."""
    with store.work() as work:
        delivery = work.get(Delivery, claimed.letter.delivery_id)
        if delivery.state == State.SENDING and delivery.attempts == claimed.attempt:
            attempt = delivery.step_back(code, until, work.now)
            before = claimed.before
            delivery.sent_to, delivery.sent_at = (before.to, before.at) if before else ("", None)
            later(work, SEND, until, delivery_id=str(delivery.id), attempt=attempt)
