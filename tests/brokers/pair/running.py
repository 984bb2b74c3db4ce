"""The pair running with real threads over a transport and a database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from sqlalchemy import func, select

from shared.broker import Broker
from shared.clock import Clock
from shared.feed import http_feed, local_feed
from shared.following import follow
from shared.inbox import Handlers
from shared.outbox import OutboxRow
from shared.receiver import Receiver
from shared.relay import Relay
from shared.service import Running
from shared.settings import Settings
from shared.store import Store
from shared.threads import Threads
from shared.tokens import KeyRing
from tests.brokers.pair.model import Heard, count_up, left, left_events, right, right_events
from tests.brokers.pair.served import Served

PATIENCE = 30
KEY = "k" * 40


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Waits for something that threads bring about; fails after half a minute."""
    until = monotonic() + PATIENCE
    while not true():
        assert monotonic() < until, f"waited in vain: {what}"
        threading.Event().wait(0.005)


class PairRunning:
    """Left and right with relays and receivers; `workers` receivers of right compete as hot standbys.
    `over_http`: right reads left's feed as that of a service in another process."""

    def __init__(
        self, data_dir: Path, database_url: str, broker_url: str, prefix: str, *, over_http: bool = False
    ) -> None:
        settings = Settings(data_dir=data_dir, database_url=database_url, broker_url=broker_url)
        self.broker = Broker(broker_url, prefix)
        self.threads = Threads()
        self.left, self.right = (
            Store(service.name, settings.database_url_of(service.name), Clock()) for service in (left, right)
        )
        heres = [
            Running(service, settings, store, KeyRing(dict), KEY)
            for service, store in ((left, self.left), (right, self.right))
        ]
        for here in heres:
            here.migrate()
        self.served = Served(heres[0]) if over_http else None
        self.relays = [Relay(store, self.broker) for store in (self.left, self.right)]

    def start(self, workers: int = 1) -> PairRunning:
        for relay in self.relays:
            self.threads.start(f"relay-{relay.store.service}", relay.run, self.threads.stopping)
        for _ in range(workers):
            self._receive(self.right, right_events, self.left)
        self._receive(self.left, left_events, self.right)
        return self

    def _receive(self, store: Store, handlers: Handlers, publisher: Store) -> None:
        read_feed = local_feed(publisher)
        if self.served is not None and publisher is self.left:
            read_feed = http_feed(self.served.url, publisher.service, store, KEY)
        receiver = Receiver(store, handlers, publisher.service, read_feed)
        receiver.prepare()
        name = f"{store.service}-from-{publisher.service}"
        self.threads.start(name, follow, receiver, self.broker, self.threads.stopping)

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

    def is_published(self) -> bool:
        """Whether the broker has confirmed everything that left has said."""
        with self.left.read() as look:
            return look.first(select(OutboxRow.id).where(OutboxRow.published_at.is_(None))) is None

    def close(self, *, wipe: bool = True) -> None:
        self.threads.stopping.set()
        for relay in self.relays:
            relay.wake()
        for thread in self.threads.alive():
            thread.join(5)
        if self.served is not None:
            self.served.close()
        if wipe:
            self.broker.wipe(["left", "right"])
        self.left.close()
        self.right.close()
