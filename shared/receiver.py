"""Receives one publisher's events for one service and applies them exactly once, in order.

The event at checkpoint + 1 is handled and the checkpoint moved in one transaction. What is ahead of a
hole, or cannot be handled now, is kept in the inbox; what is missing is fetched from the feed.
"""

from __future__ import annotations

import random
import threading
from time import monotonic

import httpx
from pydantic import ValidationError
from sqlalchemy import Select, delete, func, select
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from structlog import get_logger
from structlog.contextvars import bind_contextvars, clear_contextvars

from shared import waiting
from shared.broker import Broker
from shared.events import Envelope
from shared.feed import ReadFeed
from shared.inbox import Checkpoint, Handlers, InboxRow, Unreadable
from shared.store import Store, Work

log = get_logger(__name__)
REPAIR_EVERY = 5.0
HOLE_PATIENCE = 0.2
TRANSIENT_TRIES = 3


class FeedReplaced(Exception):
    """The publisher's feed is another one than before (restored, reset): an operator has to decide."""


class Receiver:
    """One publisher's events for one service: `take`, `retry`, `repair`; `run` is the thread around them."""

    def __init__(self, store: Store, handlers: Handlers, publisher: str, read_feed: ReadFeed) -> None:
        self.store = store
        self.handlers = handlers
        self.publisher = publisher
        self.read_feed = read_feed
        self.stop = threading.Event()
        self.restless = True  # something waits, or may wait, in the inbox
        self.ahead_since: float | None = None

    def prepare(self) -> None:
        """Makes the checkpoint row, once."""
        with self.store.work() as work:
            if work.find(Checkpoint, self.publisher) is None:
                work.session.add(Checkpoint(publisher=self.publisher, position=0, waiting=0))

    # receiving

    def take_bytes(self, body: bytes) -> None:
        """Takes what came from a broker; bytes that are no event are kept for an operator."""
        try:
            envelope = Envelope.model_validate_json(body)
        except ValidationError as error:
            log.error("unreadable_event", service=self.store.service, publisher=self.publisher)
            with self.store.work() as work:
                work.add(
                    Unreadable(publisher=self.publisher, body=body, error=str(error), received_at=work.now)
                )
            return
        self.take(envelope)

    def take(self, envelope: Envelope) -> None:
        """Applies the event now if it is next, keeps it if it is ahead, drops it if it is a duplicate."""
        if self._take_one(envelope) and self.ahead_since is not None:
            self._take_kept()

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
                self.restless = True
            else:
                self.handlers.apply(work, envelope.type, envelope.data)
            at.position, at.event_id = envelope.position, envelope.id
            return True

    def _check_identity(self, at: Checkpoint, envelope: Envelope) -> None:
        if envelope.position == at.position and at.event_id not in (None, envelope.id):
            log.error("position_conflict", publisher=self.publisher, position=envelope.position)

    def _must_wait(self, work: Work, at: Checkpoint, envelope: Envelope) -> bool:
        if envelope.type not in self.handlers:
            return False
        if at.waiting and waiting.subject_waits(work, self.publisher, envelope):
            return True
        return not waiting.knows_enough(work, self.handlers, self.publisher, envelope)

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
            self.restless = True
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
        with self.store.read() as look:
            self.restless = look.get(Checkpoint, self.publisher).waiting > 0
        return handled

    # repair

    def repair(self) -> int:
        """Fetches what is missing from the publisher's feed; answers how many events it brought.

        Raises `FeedReplaced` when it is not the feed that we followed.
        """
        brought = 0
        while True:
            with self.store.read() as look:
                at = look.get(Checkpoint, self.publisher)
            page = self.read_feed(at.position)
            if at.feed_id is None:
                with self.store.work() as work:
                    work.get(Checkpoint, self.publisher).feed_id = page.feed_id
            elif at.feed_id != page.feed_id:
                raise FeedReplaced(self.publisher)
            for envelope in page.events:
                if self.stop.is_set():
                    return brought
                self.take(envelope)
            brought += len(page.events)
            if not page.events or page.next >= page.head:
                if brought:
                    self._forget_passed(page.next)
                return brought

    # the thread

    def run(self, broker: Broker, stop: threading.Event) -> None:
        """Receives until told to stop. While the broker is away, the feed carries the events."""
        self.stop = stop
        while not stop.is_set():
            try:
                self.prepare()
                self._follow(broker, stop)
            except FeedReplaced:
                log.error("feed_replaced", service=self.store.service, publisher=self.publisher)
                stop.wait(30)
            except Exception as error:
                log.warning(
                    "receiver_waits",
                    service=self.store.service,
                    publisher=self.publisher,
                    error=repr(error)[:300],
                )
                self._without_broker()
                stop.wait(random.uniform(0.5, 1.5))

    def _without_broker(self) -> None:
        try:
            self.repair()
            self.retry()
        except (FeedReplaced, SQLAlchemyError, httpx.HTTPError, OSError) as error:
            log.debug("feed_away", publisher=self.publisher, error=repr(error)[:300])

    def _follow(self, broker: Broker, stop: threading.Event) -> None:
        subscription = broker.subscribe(self.store.service, self.publisher)
        try:
            repaired_at, delivered = 0.0, 1
            while not stop.is_set():
                if monotonic() - repaired_at > REPAIR_EVERY or self._hole_is_old():
                    if self._try_repair() and not delivered:
                        return  # the broker brings nothing although there is something: declare anew
                    repaired_at, delivered = monotonic(), 0
                for delivery in subscription.receive(0.03 if self.restless or self.ahead_since else 0.5):
                    if stop.is_set():
                        return  # unacked, so it comes again
                    self.take_bytes(delivery.body)
                    delivery.ack()
                    delivered += 1
                if self.restless:
                    self.retry()
        finally:
            subscription.close()

    def _hole_is_old(self) -> bool:
        return self.ahead_since is not None and monotonic() - self.ahead_since > HOLE_PATIENCE

    def _try_repair(self) -> int:
        brought = 0
        try:
            brought = self.repair()
        except (httpx.HTTPError, OSError) as error:
            log.warning("feed_away", publisher=self.publisher, error=repr(error)[:300])
        if self.ahead_since is not None:
            self.ahead_since = monotonic()
            self._take_kept()
        return brought
