"""Numbers new outbox rows and publishes them, in order; a thread in every process that writes.

No leader, and no lock while publishing. Two processes may overtake each other on the wire, which the
receivers' checkpoints make harmless. The same thread sends the wake-ups of new jobs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from time import monotonic
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from shared import jobs, outbox
from shared.broker import Broker
from shared.outbox import OutboxRow
from shared.store import Store, Work

log = get_logger(__name__)
POLL = 1.0
SWEEP_EVERY = 3.0
MARK_EVERY = 0.5
WAKE_EVERY = 0.1
"""Seconds between wake-ups of new jobs: under load one of them wakes many."""
SendWakeups = Callable[[str, list[UUID]], None]


class Relay:
    """One service's relay in one process. `pump` does a round; `run` is the thread around it."""

    def __init__(self, store: Store, broker: Broker, send_wakeups: SendWakeups | None = None) -> None:
        self.store = store
        self.publisher = broker.publisher(store.service)
        self.send_wakeups = send_wakeups
        self._kicked = threading.Event()
        self._jobs_kicked = False
        self._sent_to = 0  # SQLite: up to where this process, the only one, has published
        self._unmarked: list[int] = []
        self._marked_at = self._swept_at = self._woken_at = 0.0
        store.on_commit.append(self._on_commit)

    def _on_commit(self, work: Work) -> None:
        if work.events or work.has_jobs:
            self._jobs_kicked |= work.has_jobs
            self._kicked.set()

    def pump(self) -> int:
        """Numbers and publishes what is new; answers how many events. Raises `BrokerAway`."""
        sent = 0
        while rows := self._new_rows():
            self._publish(rows)
            sent += len(rows)
            if len(rows) < outbox.BATCH:  # whatever comes now kicks again
                break
        return sent

    def _new_rows(self) -> Sequence[OutboxRow]:
        if not self.store.is_sqlite:
            with self.store.autocommit() as session:
                return outbox.number(session)
        with self.store.read() as look:
            rows = outbox.unpublished(look.session, self._sent_to, look.now)
            waiting = set(self._unmarked)
            return [row for row in rows if row.position not in waiting]

    def _publish(self, rows: Sequence[OutboxRow]) -> None:
        self.publisher.send([outbox.envelope(self.store.service, row) for row in rows])
        positions = [row.position for row in rows if row.position is not None]
        self._sent_to = max(self._sent_to, *positions)
        self._unmarked += positions

    def sweep(self) -> None:
        """Publishes again what was numbered but not confirmed in time. Raises `BrokerAway`."""
        self.mark()
        if self.store.is_sqlite:
            return  # `unpublished` finds what is overdue
        with self.store.autocommit() as session:
            rows = outbox.claim_overdue(session)
        if rows:
            self._publish(rows)

    def mark(self) -> None:
        """Notes what a broker has confirmed; lazily, as a second publication is harmless."""
        if self._unmarked:
            with self.store.work() as work:
                outbox.mark_published(work.session, self._unmarked, work.now)
            self._unmarked.clear()

    def wake_jobs(self) -> None:
        """Sends the wake-ups of due jobs."""
        self._jobs_kicked = False
        if self.send_wakeups is None or not jobs.anything_due(self.store):
            return
        if ids := jobs.claim_wakeups(self.store):
            self.send_wakeups(self.store.service, ids)

    def run(self, stop: threading.Event) -> None:
        """Works until told to stop. Raises when broker or database are away: then it is to run again."""
        self._kicked.set()  # whatever is there is new to this run
        try:
            while not stop.is_set():
                self._kicked.wait(self._rest())
                self._kicked.clear()
                self._round()
        finally:
            self.close()

    def _rest(self) -> float:
        if self._jobs_kicked:
            return WAKE_EVERY
        return MARK_EVERY if self._unmarked else POLL

    def _round(self) -> None:
        self.pump()
        now = monotonic()
        jobs_due = self._jobs_kicked and now - self._woken_at > WAKE_EVERY
        if jobs_due or now - self._swept_at > SWEEP_EVERY:
            self._woken_at = now
            self.wake_jobs()
        if now - self._swept_at > SWEEP_EVERY:
            self._swept_at = now
            self.sweep()
        elif self._unmarked and now - self._marked_at > MARK_EVERY:
            self._marked_at = now
            self.mark()

    def wake(self) -> None:
        self._kicked.set()

    def close(self) -> None:
        try:
            self.mark()
        except SQLAlchemyError as error:
            log.warning("relay_unmarked", service=self.store.service, error=repr(error)[:300])
        self.publisher.close()
