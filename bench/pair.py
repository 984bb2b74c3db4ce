"""The smallest pair of services on our event path: `sender` changes a row, `hearer` keeps what it heard."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import ClassVar

from sqlalchemy import BigInteger
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bench.servers import Place
from shared.clock import Clock
from shared.database import Core, metadata
from shared.events import Event
from shared.feed import local_feed
from shared.following import follow
from shared.inbox import Handlers
from shared.outbox import create_numbering
from shared.receiver import Receiver
from shared.relay import Relay
from shared.store import Store, Work

SENDER, HEARER = "sender", "hearer"
TEXT = "x" * 400
SUBJECTS = 1000


class Tables(DeclarativeBase):
    metadata = metadata()


class Thing(Tables):
    """What the sender changes."""

    __tablename__ = "thing"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    version: Mapped[int]


class Heard(Tables):
    """What the hearer keeps."""

    __tablename__ = "heard"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class ThingChanged(Event):
    """A thing changed; `sent_at` is the moment (seconds of the epoch) before its transaction began."""

    type: ClassVar[str] = "bench.thing_changed"
    publisher: ClassVar[str] = SENDER

    thing: int
    number: int
    sent_at: float
    text: str = TEXT

    @property
    def subject(self) -> str:
        return f"thing/{self.thing}"


handlers = Handlers()


@handlers.on(ThingChanged)
def keep(work: Work, event: ThingChanged) -> None:
    work.add(Heard(number=event.number))


def store_of(place: Place, service: str) -> Store:
    return Store(service, place.database(service), Clock())


def make_tables(place: Place) -> None:
    """Both databases, with the sender's things."""
    for service in (SENDER, HEARER):
        store = store_of(place, service)
        with store.writer.begin() as connection:
            for tables in (Core.metadata, Tables.metadata):
                tables.create_all(connection)
            create_numbering(connection.execute, connection)
        store.close()
    store = store_of(place, SENDER)
    with store.work() as work:
        work.add(*(Thing(id=number, version=1) for number in range(SUBJECTS)))
    store.close()


def change(store: Store, number: int) -> None:
    """One change of one thing, with its event."""
    sent_at = time.time()
    with store.work() as work:
        thing = work.get(Thing, number % SUBJECTS)
        thing.version += 1
        work.publish(ThingChanged(thing=thing.id, number=number, sent_at=sent_at))


@dataclass
class Hearing:
    """A hearer at work: `delays` in ms, from before the sender's transaction to after the hearer's commit."""

    place: Place
    delays: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store, self.sender = store_of(self.place, HEARER), store_of(self.place, SENDER)
        self.store.on_commit.append(self._note)
        self.stop = threading.Event()
        receiver = Receiver(self.store, handlers, SENDER, local_feed(self.sender))
        receiver.prepare()
        broker = self.place.broker
        broker.subscribe(HEARER, SENDER).close()  # the queue is there before anything is sent
        self._thread = threading.Thread(target=follow, args=(receiver, broker, self.stop), daemon=True)
        self._thread.start()

    def _note(self, work: Work) -> None:
        if work.cause is not None:
            self.delays.append((time.time() - work.cause.data["sent_at"]) * 1000)

    def wait_for(self, count: int, patience: float = 60) -> None:
        """Raises `TimeoutError` when so many events have not been heard in time."""
        until = time.monotonic() + patience
        while len(self.delays) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self.delays)} of {count} events heard")
            time.sleep(0.005)

    def close(self) -> None:
        self.stop.set()
        self._thread.join(5)
        self.store.close()
        self.sender.close()


@dataclass
class Sending:
    """A sender with its relay at work."""

    place: Place

    def __post_init__(self) -> None:
        self.store = store_of(self.place, SENDER)
        self.relay = Relay(self.store, self.place.broker)
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self.relay.run, args=(self.stop,), daemon=True)
        self._thread.start()

    def send(self, numbers: range, pause: float = 0) -> None:
        for number in numbers:
            change(self.store, number)
            if pause:
                time.sleep(pause)

    def close(self) -> None:
        self.stop.set()
        self.relay.wake()
        self._thread.join(5)
        self.store.close()
