"""Events that could not be handled when their turn came: why they wait, and trying them again."""

from __future__ import annotations

import traceback
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased
from structlog import get_logger

from shared.events import Envelope
from shared.inbox import Checkpoint, Handlers, InboxRow
from shared.store import Look, Store

log = get_logger(__name__)
BACKOFF = (0.5, 1, 2, 5, 15, 60, 300)
"""Seconds before each further try of a failed event; then it is parked."""
KEPT = ("waiting", "parked")


def subject_waits(look: Look, publisher: str, envelope: Envelope) -> bool:
    """Whether an earlier event of the same subject has not been handled."""
    earlier = select(InboxRow.position).where(
        InboxRow.publisher == publisher,
        InboxRow.subject == envelope.subject,
        InboxRow.state.in_(KEPT),
        InboxRow.position < envelope.position,
    )
    return look.first(earlier) is not None


class Knowledge:
    """How much of every publisher a service has handled. It only grows, so what was once read is kept."""

    def __init__(self, handlers: Handlers) -> None:
        self.handled = dict.fromkeys(handlers.publishers, 0)

    def covers(self, look: Look, envelope: Envelope) -> bool:
        """Whether we have handled, or parked, all that the publisher knew when it published (causality).

        An answer from an incomplete copy of people or units would be no verdict.
        """
        for other, known in envelope.knows.items():
            if other == envelope.publisher or self.handled.get(other, known) >= known:
                continue
            self.handled[other] = handled_up_to(look, other)
            if self.handled[other] < known:
                return False
        return True


def handled_up_to(look: Look, publisher: str) -> int:
    """The position up to which everything of a publisher is handled, parked, or behind a parked one."""
    fresh = select(Checkpoint).where(Checkpoint.publisher == publisher)
    at = look.session.scalars(fresh.execution_options(populate_existing=True)).one_or_none()
    if at is None or not at.waiting:
        return at.position if at else 0
    parked = select(InboxRow.subject).where(InboxRow.publisher == publisher, InboxRow.state == "parked")
    first = look.session.scalar(
        select(func.min(InboxRow.position)).where(
            InboxRow.publisher == publisher, InboxRow.state == "waiting", InboxRow.subject.not_in(parked)
        )
    )
    return at.position if first is None else first - 1


def _heads(publisher: str) -> list[ColumnElement[bool]]:
    """Which waiting events are not held up by an earlier one of their subject, waiting or parked."""
    earlier = aliased(InboxRow)
    blocked = (
        select(earlier.position)
        .where(
            earlier.publisher == publisher,
            earlier.subject == InboxRow.subject,
            earlier.position < InboxRow.position,
            earlier.state.in_(KEPT),
        )
        .exists()
    )
    return [InboxRow.publisher == publisher, InboxRow.state == "waiting", ~blocked]


def due_heads(store: Store, publisher: str) -> list[int]:
    """Positions to try now: due, and the oldest of their subject."""
    with store.read() as look:
        due = select(InboxRow.position).where(*_heads(publisher), InboxRow.next_attempt_at <= look.now)
        return look.all(due.order_by(InboxRow.position).limit(100))


def next_try(store: Store, publisher: str) -> datetime | None:
    """When the next waiting event is to be tried; nothing when none is, or an operator decides first."""
    with store.read() as look:
        return look.session.scalar(select(func.min(InboxRow.next_attempt_at)).where(*_heads(publisher)))


def retry_one(store: Store, handlers: Handlers, publisher: str, position: int) -> bool:
    """Handles a waiting event in one transaction; False when it still has to wait or failed again."""
    with store.read() as look:
        row = look.session.get(InboxRow, (publisher, position))
    if row is None:
        return False
    envelope = Envelope.model_validate(row.envelope)
    try:
        with store.work(cause=envelope) as work:
            at = work.get(Checkpoint, publisher)
            row = work.session.get(InboxRow, (publisher, position))
            if row is None or row.state != "waiting":
                return False
            if not Knowledge(handlers).covers(work, envelope):
                return False
            handlers.apply(work, envelope.type, envelope.data)
            work.session.delete(row)
            at.waiting -= 1
            return True
    except Exception as error:
        _failed_again(store, publisher, position, error)
        return False


def _failed_again(store: Store, publisher: str, position: int, error: Exception) -> None:
    with store.work() as work:
        work.get(Checkpoint, publisher)
        row = work.session.get(InboxRow, (publisher, position))
        if row is not None:
            note_failure(row, error, work.now)


def note_failure(row: InboxRow, problem: Exception, now: datetime) -> None:
    """One more failed try: a pause, or, after the last one, parked until an operator decides."""
    row.attempts += 1
    row.error = "".join(traceback.format_exception(problem, limit=8))[-4000:]
    log.error("event_failed", event_id=str(row.event_id), attempts=row.attempts, error=repr(problem)[:300])
    if row.attempts > len(BACKOFF):
        row.state = "parked"
    else:
        row.next_attempt_at = now + timedelta(seconds=BACKOFF[row.attempts - 1])
