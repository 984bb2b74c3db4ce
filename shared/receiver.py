"""Receives one publisher's events for one service and applies them exactly once, in order.

The event at checkpoint + 1 is handled and the checkpoint moved in one transaction. What is ahead of a
hole, or cannot be handled now, is kept in the inbox; what is missing is fetched from the feed.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from itertools import islice, takewhile
from time import monotonic

from pydantic import ValidationError
from sqlalchemy import Select, delete, func, select
from sqlalchemy.exc import InterfaceError, OperationalError
from structlog import get_logger
from structlog.contextvars import bind_contextvars, clear_contextvars

from shared import waiting
from shared.broker import Delivery
from shared.events import Envelope
from shared.feed import FeedReplaced, ReadFeed
from shared.inbox import Checkpoint, Handlers, InboxRow, Unreadable
from shared.store import Store, Work

log = get_logger(__name__)
TRANSIENT_TRIES = 3


class Receiver:
    """One publisher's events for one service: `take_all`, `retry`, `repair`; `stop` ends each early."""

    def __init__(self, store: Store, handlers: Handlers, publisher: str, read_feed: ReadFeed) -> None:
        self.store = store
        self.handlers = handlers
        self.publisher = publisher
        self.read_feed = read_feed
        self.knowledge = waiting.Knowledge(handlers)
        self.stop = threading.Event()
        self._try_at: datetime | None = store.clock.now()  # when something in the inbox is to be tried
        self.ahead_since: float | None = None

    @property
    def restless(self) -> bool:
        """Whether something in the inbox is to be tried now; what is parked is not."""
        return self._try_at is not None and self._try_at <= self.store.clock.now()

    def prepare(self) -> None:
        """Makes the checkpoint row, once."""
        with self.store.work() as work:
            if work.find(Checkpoint, self.publisher) is None:
                work.session.add(Checkpoint(publisher=self.publisher, position=0, waiting=0))

    # receiving

    def take_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Takes what came from a broker, and acks what was taken; the rest comes again."""
        known = [(delivery, event) for delivery in deliveries if (event := self._read(delivery)) is not None]
        taken = self.take_all([event for _, event in known])
        for delivery, _ in known[:taken]:
            delivery.ack()

    def _read(self, delivery: Delivery) -> Envelope | None:
        """The event; bytes that are none are kept for an operator."""
        try:
            return Envelope.model_validate_json(delivery.body)
        except ValidationError as error:
            log.error("unreadable_event", service=self.store.service, publisher=self.publisher)
            about = {"publisher": self.publisher, "body": delivery.body, "error": str(error)}
            with self.store.work() as work:
                work.add(Unreadable(**about, received_at=work.now))
            delivery.ack()
            return None

    def take_all(self, events: Sequence[Envelope]) -> int:
        """Takes events in their order; answers how many, all unless told to stop."""
        taken = 0
        while taken < len(events) and not self.stop.is_set():
            run = [*takewhile(lambda event: self.handlers.in_runs(event.type), islice(events, taken, None))]
            at_once = self._take_run(run) if len(run) > 1 else 0
            if not at_once:
                self.take(events[taken])
            taken += at_once or 1
        return taken

    def take(self, envelope: Envelope) -> None:
        """Applies the event now if it is next, keeps it if it is ahead, drops it if it is a duplicate."""
        if self._take_one(envelope) and self.ahead_since is not None:
            self._take_kept()

    def _take_run(self, run: Sequence[Envelope]) -> int:
        """Applies the next events in one transaction; answers how many. None after a failure: then each is
        taken alone."""
        taken = 0
        try:
            with self.store.work() as work:
                at = work.get(Checkpoint, self.publisher)
                for position, envelope in enumerate(run, at.position + 1):
                    if envelope.position != position or self._must_wait(work, at, envelope):
                        break
                    work.cause = envelope
                    self.handlers.apply(work, envelope.type, envelope.data)
                    taken += 1
                if taken:
                    at.position, at.event_id = run[taken - 1].position, run[taken - 1].id
        except Exception as error:
            log.info("run_failed", publisher=self.publisher, error=repr(error)[:300])
            return 0
        if taken and self.ahead_since is not None:
            self._take_kept()
        return taken

    def _take_one(self, envelope: Envelope) -> bool:
        """True when the checkpoint moved."""
        clear_contextvars()
        if envelope.traceparent:
            bind_contextvars(trace_id=envelope.traceparent.split("-")[1])
        for attempt in range(TRANSIENT_TRIES):
            try:
                return self._apply(envelope)
            except (OperationalError, InterfaceError) as error:
                # deadlocks and lost connections are nobody's fault: the same again
                problem: Exception = error
                threading.Event().wait(0.05 * 2**attempt)
            except FeedReplaced:
                raise
            except Exception as error:
                problem = error
                break
        return self._keep_failed(envelope, problem)

    def _apply(self, envelope: Envelope) -> bool:
        with self.store.work(cause=envelope) as work:
            at = work.get(Checkpoint, self.publisher)
            if envelope.position <= at.position:
                self._check_identity(at, envelope)
                return False
            if envelope.position > at.position + 1:
                self._keep(work, envelope, "ahead")
                self.ahead_since = self.ahead_since or monotonic()
                return False
            if self._must_wait(work, at, envelope):
                self._keep(work, envelope, "waiting")
                at.waiting += 1
                self._try_at = work.now
            else:
                self.handlers.apply(work, envelope.type, envelope.data)
            at.position, at.event_id = envelope.position, envelope.id
            return True

    def _check_identity(self, at: Checkpoint, envelope: Envelope) -> None:
        if envelope.position == at.position and at.event_id not in (None, envelope.id):
            raise FeedReplaced("position_conflict")

    def _must_wait(self, work: Work, at: Checkpoint, envelope: Envelope) -> bool:
        if envelope.type not in self.handlers:
            return False
        if at.waiting and waiting.subject_waits(work, self.publisher, envelope):
            return True
        return not self.knowledge.covers(work, envelope)

    def _keep(self, work: Work, envelope: Envelope, state: str) -> None:
        known = work.session.get(InboxRow, (self.publisher, envelope.position))
        if known is None:
            work.add(
                InboxRow(
                    publisher=self.publisher,
                    position=envelope.position,
                    event_id=envelope.id,
                    subject=envelope.subject,
                    envelope=envelope.model_dump(mode="json"),
                    state=state,
                    attempts=0,
                    error="",
                    received_at=work.now,
                    next_attempt_at=work.now,
                )
            )
        else:
            known.state = state
            if known.event_id != envelope.id:
                log.error("position_conflict", publisher=self.publisher, position=envelope.position)

    def _keep_failed(self, envelope: Envelope, problem: Exception) -> bool:
        """Keeps the event as waiting and moves on: only later events of its own subject stay behind."""
        with self.store.work() as work:
            at = work.get(Checkpoint, self.publisher)
            if envelope.position != at.position + 1:
                return False
            self._keep(work, envelope, "waiting")
            work.session.flush()
            row = work.session.get_one(InboxRow, (self.publisher, envelope.position))
            waiting.note_failure(row, problem, work.now)
            at.position, at.event_id, at.waiting = envelope.position, envelope.id, at.waiting + 1
            self._try_at = work.now
            return True

    def _take_kept(self) -> None:
        """Applies what was ahead of a hole that is filled now."""
        while True:
            with self.store.read() as look:
                at = look.get(Checkpoint, self.publisher)
                row = look.session.get(InboxRow, (self.publisher, at.position + 1))
                ahead = look.session.scalar(self._ahead(at.position))
            if row is None or not self._take_one(Envelope.model_validate(row.envelope)):
                self._forget_passed(at.position)
                self.ahead_since = monotonic() if ahead else None
                return

    def _ahead(self, position: int) -> Select[int]:
        return select(func.count()).where(
            InboxRow.publisher == self.publisher, InboxRow.state == "ahead", InboxRow.position > position
        )

    def _forget_passed(self, position: int) -> None:
        """Rows that were ahead and whose event has been handled since, from the broker or the feed."""
        with self.store.work() as work:
            work.execute(
                delete(InboxRow).where(
                    InboxRow.publisher == self.publisher,
                    InboxRow.state == "ahead",
                    InboxRow.position <= position,
                )
            )

    # waiting events

    def retry(self) -> int:
        """Tries waiting events that are due, oldest first per subject; answers how many were handled."""
        handled = 0
        while heads := waiting.due_heads(self.store, self.publisher):
            done = sum(
                waiting.retry_one(self.store, self.handlers, self.publisher, position)
                for position in heads
                if not self.stop.is_set()
            )
            handled += done
            if not done:
                break
        self._try_at = waiting.next_try(self.store, self.publisher)
        return handled

    # repair

    def repair(self) -> int:
        """Fetches what is missing from the publisher's feed; answers how many events it brought.

        Raises `FeedReplaced` when it is not the feed that we followed, `FeedAway`.
        """
        brought = 0
        while True:
            with self.store.read() as look:
                at = look.get(Checkpoint, self.publisher)
            if at.waiting:
                self._try_at = look.now  # an operator may have decided about one of them
            page = self.read_feed(at.position)
            if at.feed_id is None:
                with self.store.work() as work:
                    work.get(Checkpoint, self.publisher).feed_id = page.feed_id
            elif at.feed_id != page.feed_id:
                raise FeedReplaced("feed_replaced")
            elif page.event_id is not None and at.event_id not in (None, page.event_id):
                raise FeedReplaced("position_conflict")
            brought += self.take_all(page.events)
            if not page.events or page.next >= page.head or self.stop.is_set():
                if brought:
                    self._forget_passed(page.next)
                return brought

    def look_behind_the_hole(self) -> None:
        """Applies what was kept ahead of a hole, if that is filled now; else the hole is young again."""
        if self.ahead_since is not None:
            self.ahead_since = monotonic()
            self._take_kept()
