"""`left` counts; `right` keeps what it hears from left, in order, and answers each event."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import metadata
from shared.events import Event
from shared.inbox import Handlers
from shared.jobs import Jobs
from shared.service import Service
from shared.store import Work


class Pair(DeclarativeBase):
    metadata = metadata()


class Counter(Pair):
    """How often a subject was counted up."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int] = mapped_column(Integer)


class Heard(Pair):
    """What was heard, in the order of hearing."""

    __tablename__ = "heard"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    name: Mapped[str] = mapped_column(String(20), index=True)
    value: Mapped[int]


class Counted(Event):
    """Left counted a name up."""

    type: ClassVar[str] = "test.counted"
    publisher: ClassVar[str] = "left"

    name: str
    value: int

    @property
    def subject(self) -> str:
        return f"counter/{self.name}"


class Answered(Event):
    """Right has heard a count."""

    type: ClassVar[str] = "test.answered"
    publisher: ClassVar[str] = "right"

    name: str
    value: int

    @property
    def subject(self) -> str:
        return f"counter/{self.name}"


left_events, right_events = Handlers(), Handlers()
POISON: set[str] = set()
"""Names whose events fail in right until they are taken out."""


@right_events.on(Counted)
def hear(work: Work, event: Counted) -> None:
    if event.name in POISON:
        raise RuntimeError(f"cannot hear {event.name}")
    work.add(Heard(name=event.name, value=event.value))
    work.publish(Answered(name=event.name, value=event.value))


@left_events.on(Answered)
def note(work: Work, event: Answered) -> None:
    work.add(Heard(name=event.name, value=event.value))


def count_up(work: Work, name: str) -> None:
    """One change and its event."""
    counter = work.find(Counter, name)
    if counter is None:
        counter = Counter(name=name, value=0)
        work.add(counter)
    counter.value += 1
    work.publish(Counted(name=name, value=counter.value))


MIGRATIONS = Path(__file__).parent / "migrations"
left = Service("left", "left", (), (Pair.metadata,), MIGRATIONS, left_events, Jobs())
right = Service("right", "right", (), (Pair.metadata,), MIGRATIONS, right_events, Jobs())
