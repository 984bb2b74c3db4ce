"""Tells the platform's administrators that the dead list grows: once for a growth, not for each delivery.

They are told at the first failure since the list was empty. After that, of what has failed since they were
told: a day later, or sooner when it is ten times as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.administrators import administrators
from services.notify.channels import CHANNEL_LABELS
from services.notify.dead_list import dead
from services.notify.delivery import Delivery
from services.notify.message import Base, Message
from services.notify.notice import Notice, Occasion, tell
from services.notify.queries import CodeCount, DeliveryFilter, code_counts
from shared.database import UtcDateTime, new_id
from shared.store import Look, Store, Work

KIND = "deliveries.failed"
AGAIN = timedelta(days=1)
SOONER = 10
"""How many times as many as they were told of last make it sooner."""
SETTLED = timedelta(seconds=10)
"""What failed before that is visible by now; no transaction lasts as long."""
MOST_LISTED = 10
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


class DeadListTold(Base):
    """The one row that says up to which moment administrators were told, when, and of how many; `told_at` is
    empty when the list has been empty since."""

    __tablename__ = "dead_list_told"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seen_until: Mapped[datetime] = mapped_column(UtcDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    number: Mapped[int]

    def is_time(self, number: int, at: datetime) -> bool:
        """Whether to tell now of so many that have failed since."""
        if number == 0 or self.told_at is None:
            return number > 0
        return at >= self.told_at + AGAIN or number >= SOONER * self.number


def tell_of_growth(store: Store) -> None:
    """Writes nothing while there is nothing to tell."""
    with store.read() as look:
        told = look.first(select(DeadListTold)) or _nothing_told()
        if not _has_changed(look, told):
            return
    with store.work() as work:
        told = _locked(work)
        if _has_changed(work, told):
            _tell(work, told)


def _has_changed(look: Look, told: DeadListTold) -> bool:
    """Whether there is something to tell, or the list has become empty."""
    if look.first(select(Delivery.id).where(*_failed())) is None:
        return told.told_at is not None
    return told.is_time(_sum(_new(look, told)), look.now)


def _tell(work: Work, told: DeadListTold) -> None:
    found, total = _new(work, told), _sum(code_counts(work, *_failed()))
    told.number, told.told_at = _sum(found), work.now if found else None
    if not found:
        return
    told.seen_until = work.now - SETTLED
    occasion = Occasion(new_id(), KIND, "dead-list", work.now)
    notice = Notice(KIND, _context(found, total), "/notifications/deliveries", occasion=occasion)
    for person_id in administrators(work):
        tell(work, person_id, notice)


def _context(found: Sequence[CodeCount], total: int) -> dict[str, Any]:
    return {
        "count": _sum(found),
        "total": total,
        "more": max(0, len(found) - MOST_LISTED),
        "codes": [
            {
                "channel": CHANNEL_LABELS[one.channel],
                "channel_en": one.channel.value,
                "code": one.code,
                "count": one.number,
            }
            for one in found[:MOST_LISTED]
        ],
    }


def _failed() -> list[ColumnElement[bool]]:
    """The dead list, without the messages that tell of it: mail about failing mail would fail for ever."""
    return [*dead(DeliveryFilter()), ~Delivery.message.has(Message.kind == KIND)]


def _new(look: Look, told: DeadListTold) -> list[CodeCount]:
    since = (Delivery.changed_at > told.seen_until) & (Delivery.changed_at <= look.now - SETTLED)
    return code_counts(look, *_failed(), since)


def _sum(found: Sequence[CodeCount]) -> int:
    return sum(one.number for one in found)


def _nothing_told() -> DeadListTold:
    return DeadListTold(id=1, seen_until=NEVER, told_at=None, number=0)


def _locked(work: Work) -> DeadListTold:
    """The row, made at first use, that no other tick changes until this work ends."""
    row = {"id": 1, "seen_until": NEVER, "told_at": None, "number": 0}
    work.execute(work.insert(DeadListTold).values(**row).on_conflict_do_nothing())
    return work.get(DeadListTold, 1)
