"""All services in one process, with the clock in the test's hand and every message carried on demand."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import select
from starlette.testclient import TestClient

from services.runtime import NAMES, System
from shared import doing, jobs
from shared.broker import Subscription
from shared.clock import HandClock
from shared.inbox import InboxRow
from shared.receiver import Receiver
from shared.service import Running
from shared.settings import Settings
from tests import fresh
from tests.lone import MORNING


class World:
    """The whole system. `settle()` carries everything until nothing moves and fails on a handler's error."""

    def __init__(self, data_dir: Path, database_url: str = "", **settings: Any) -> None:
        self.clock = HandClock(MORNING)
        self.settings = Settings(
            data_dir=data_dir,
            database_url=database_url,
            broker_url="inproc://",
            broker_prefix=f"world-{secrets.token_hex(4)}.",
            **settings,
        )
        self.system = System(self.settings, NAMES, self.clock)
        begun = self._first_start()
        self.cut: set[tuple[str, str]] = set()
        self._subscriptions: dict[Receiver, Subscription] = {}
        for receiver in self.system.receivers:
            receiver.prepare()
            self._subscriptions[receiver] = self.system.broker.subscribe(
                receiver.store.service, receiver.publisher
            )
        self.http = TestClient(self.system.app(), raise_server_exceptions=False)
        self.http.__enter__()  # one event loop for all requests, not one for each
        if begun:
            self.settle()
            self.keep("world")

    def _first_start(self) -> bool:
        """False when a settled world was copied."""
        if not self.settings.database_url and fresh.copied("world", self.settings.data_dir):
            return False
        for here in self.system.running.values():
            fresh.first_start(here)
        return True

    def keep(self, name: str) -> None:
        """Keeps a copy of this world as it is now (SQLite)."""
        if not self.settings.database_url:
            for relay in self.system.relays.values():
                relay.mark()
            fresh.keep(name, self.settings.data_dir, self.system.running.values())

    def service(self, name: str) -> Running:
        return self.system.running[name]

    def settle(self, *, check: bool = True) -> None:
        """Publishes, receives, retries and runs due jobs until all is quiet."""
        for _ in range(1000):
            if not self._move():
                break
        else:
            raise AssertionError("the world does not settle")
        if check:
            self.check_inboxes()

    def _move(self) -> int:
        moved = sum(relay.pump() for relay in self.system.relays.values())
        for receiver, subscription in self._subscriptions.items():
            if (receiver.store.service, receiver.publisher) in self.cut:
                continue
            while deliveries := subscription.receive(0.0005):
                receiver.take_deliveries(deliveries)
                moved += len(deliveries)
            if receiver.restless:
                moved += receiver.retry()
        return moved + sum(self._run_jobs(here) for here in self.system.running.values())

    def _run_jobs(self, here: Running) -> int:
        with here.store.read() as look:
            due = look.all(select(jobs.Job.id).where(jobs.Job.state == "queued", jobs.Job.due_at <= look.now))
        return sum(doing.run(here, job_id) for job_id in due)

    def check_inboxes(self) -> None:
        """Fails when a handler failed, or an event still waits although nothing is cut."""
        for here in self.system.running.values():
            with here.store.read() as look:
                left = look.first(select(InboxRow).where(InboxRow.state != "ahead"))
            if left is not None and (left.error or not self.cut):
                raise AssertionError(f"{here.name} holds {left.envelope['type']}: {left.error or left.state}")

    def pass_time(self, **step: float) -> None:
        """Moves the clock, runs what is due then, settles."""
        self.clock.move(**step)
        for here in self.system.running.values():
            for name in here.service.jobs.ticks:
                doing.run_tick(here, name)
        self.settle()

    def cut_path(self, publisher: str, consumer: str) -> None:
        """Events of a publisher no longer reach a consumer (they wait with the broker)."""
        self.cut.add((consumer, publisher))

    def heal(self) -> None:
        """All paths work again."""
        self.cut.clear()
        self.settle()

    def repair(self) -> None:
        """Every receiver fetches what it misses from the feeds."""
        for receiver in self._subscriptions:
            receiver.repair()
        self.settle()

    def close(self) -> None:
        self.http.__exit__()
        for subscription in self._subscriptions.values():
            subscription.close()
        self.system.broker.wipe(NAMES)
        self.system.stop()
