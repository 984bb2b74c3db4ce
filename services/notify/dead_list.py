"""The dead list: deliveries that failed for good, and sending them again, not all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from pydantic import ConfigDict, Field
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import aliased

from services.notify.delivery import Delivery, State
from services.notify.limit import Limit
from services.notify.moments.digest import Digest
from services.notify.notice import SEND
from services.notify.provider import Provider
from services.notify.queries import DeliveryFilter, code_counts
from shared.jobs import later
from shared.metrics import Number
from shared.store import Look, Work

MOST = 1000
"""Deliveries that are sent again at a time."""
PAUSE = timedelta(seconds=0.1)
"""Between two that are sent again with the same provider, at the least."""
SHARE = 2
"""One in so many of those that a provider takes in a time is sent again; the rest is left for what is new."""
LimitsOf = Callable[[Provider], Sequence[Limit]]


class ResendAsked(DeliveryFilter):
    """Which failed deliveries to send again, and how many at most."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"channel": "email", "code": "timeout"}]})

    limit: int = Field(500, ge=1, le=MOST)


class Resent(NamedTuple):
    """How many are on their way again, how many of the same are left, and when the last one goes."""

    queued: int
    left: int
    last_at: datetime | None


def dead(asked: DeliveryFilter) -> list[ColumnElement[bool]]:
    """Which deliveries a resending means. What a digest has collected is sent by its letter, which is one."""
    letter = aliased(Delivery)
    by_letter = exists().where(
        Delivery.attempts == 0,
        Digest.id == Delivery.digest_id,
        letter.message_id == Digest.message_id,
        letter.state == State.FAILED,
    )
    return [Delivery.state == State.FAILED, *asked.conditions(), ~by_letter]


def count_dead(look: Look, asked: DeliveryFilter) -> int:
    return look.session.scalar(select(func.count()).select_from(Delivery).where(*dead(asked))) or 0


def resend_dead(work: Work, asked: ResendAsked, limits_of: LimitsOf) -> Resent:
    """Puts the oldest ones back to work, each once however many ask for it at the same time."""
    wanted = select(Delivery).where(*dead(asked)).order_by(Delivery.id).limit(asked.limit)
    # whoever else has locked one is sending it again himself
    locked = wanted.with_for_update(of=Delivery, skip_locked=True)
    found = work.all(locked.execution_options(populate_existing=True))
    pace = Pace(work, limits_of)
    for delivery in found:
        turn = delivery.resend(work.now)
        delivery.next_try_at = pace.next(delivery.provider_id)
        later(work, SEND, delivery.next_try_at, delivery_id=str(delivery.id), turn=turn)
    times = [delivery.next_try_at for delivery in found if delivery.next_try_at is not None]
    return Resent(len(found), count_dead(work, asked), max(times, default=None))


def dead_by_code(look: Look) -> list[tuple[tuple[str, str], float]]:
    """How many there are on each channel for each reason."""
    return [
        ((one.channel, one.code), one.number) for one in code_counts(look, Delivery.state == State.FAILED)
    ]


DEAD = Number("plans_deliveries_failed", "deliveries that failed for good", ("channel", "code"), dead_by_code)


class Pace:
    """When each of many letters goes out: one after the other for every provider, behind those that were sent
    again before."""

    def __init__(self, look: Look, limits_of: LimitsOf) -> None:
        waiting = select(Delivery.provider_id, func.max(Delivery.next_try_at)).where(
            Delivery.state == State.QUEUED, Delivery.tries == 0, Delivery.next_try_at > look.now
        )
        rows = look.session.execute(waiting.group_by(Delivery.provider_id))
        self._last: dict[UUID | None, datetime] = {
            provider: last for provider, last in rows if last is not None
        }
        self._pauses = {one.id: _pause(limits_of(one)) for one in look.all(select(Provider))}
        self._now = look.now

    def next(self, provider_id: UUID | None) -> datetime:
        """When the next one goes to the provider that it was tried at last."""
        last, pause = self._last.get(provider_id), PAUSE
        if provider_id is not None:
            pause = self._pauses.get(provider_id, PAUSE)
        found = self._last[provider_id] = self._now if last is None else last + pause
        return found


def _pause(limits: Sequence[Limit]) -> timedelta:
    """Receivers have limits of their own, which hold anyway."""
    found = [SHARE * limit.seconds / limit.count for limit in limits if limit.per == "provider"]
    return max(PAUSE, timedelta(seconds=max(found, default=0.0)))
