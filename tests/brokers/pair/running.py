"""The pair running with real threads over a transport and a database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from sqlalchemy import func, select

from shared.broker import Broker
from shared.clock import Clock
from shared.feed import local_feed
from shared.following import follow
from shared.inbox import Handlers
from shared.receiver import Receiver
from shared.relay import Relay
from shared.service import Running
from shared.settings import Settings
from shared.store import Store
from shared.tokens import KeyRing
from tests.brokers.pair.model import Heard, count_up, left, left_events, right, right_events

PATIENCE = 30


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Waits for something that threads bring about; fails after half a minute."""
    until = monotonic() + PATIENCE
    while not true():
        assert monotonic() < until, f"waited in vain: {what}"
        threading.Event().wait(0.005)


class PairRunning:
    """Left and right with relays and receivers; `workers` receivers of right compete as hot standbys."""

    def __init__(self, data_dir: Path, database_url: str, broker_url: str, prefix: str) -> None:
        settings = Settings(data_dir=data_dir, database_url=database_url, broker_url=broker_url)
        self.broker = Broker(broker_url, prefix)
        self.stop = threading.Event()
        self.left, self.right = (
            Store(service.name, settings.database_url_of(service.name), Clock()) for service in (left, right)
        )
        for service, store in ((left, self.left), (right, self.right)):
            Running(service, settings, store, KeyRing(dict), "k" * 40).migrate()
        self.relays = [Relay(store, self.broker) for store in (self.left, self.right)]
        self.threads: list[threading.Thread] = []

    def start(self, workers: int = 1) -> PairRunning:
        for relay in self.relays:
            self._thread(relay.run, self.stop)
        for _ in range(workers):
            self._receive(self.right, right_events, self.left)
        self._receive(self.left, left_events, self.right)
        return self

    def _receive(self, store: Store, handlers: Handlers, publisher: Store) -> None:
        receiver = Receiver(store, handlers, publisher.service, local_feed(publisher))
        receiver.prepare()
        self._thread(follow, receiver, self.broker, self.stop)

    def _thread(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def count(self, name: str, times: int = 1) -> None:
        for _ in range(times):
            with self.left.work() as work:
                count_up(work, name)

    def heard(self, store: Store, name: str = "") -> list[int]:
        """The values that were heard, in the order of hearing."""
        with store.read() as look:
            rows = select(Heard.value).order_by(Heard.id)
            return look.all(rows.where(Heard.name == name) if name else rows)

    def total(self, store: Store) -> int:
        with store.read() as look:
            return look.session.scalar(select(func.count()).select_from(Heard)) or 0

    def close(self) -> None:
        self.stop.set()
        for relay in self.relays:
            relay.wake()
        for thread in self.threads:
            thread.join(5)
        self.broker.wipe(["left", "right"])
        self.left.close()
        self.right.close()
