"""The floor of an approval chain: the same four transactions written by hand with the SQLAlchemy ORM."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, create_engine, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from bench.servers import Place

SERVICE = "floor"
TEXT = "x" * 400


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "f_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    status: Mapped[str]


class Step(Base):
    __tablename__ = "f_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    chain_id: Mapped[int] = mapped_column(ForeignKey("f_chain.id"), index=True)
    seq: Mapped[int]
    reviewer: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    opinion: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class Chain(Base):
    __tablename__ = "f_chain"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("f_item.id"), index=True)
    status: Mapped[str]
    current: Mapped[int]
    version: Mapped[int] = mapped_column()
    steps: Mapped[list[Step]] = relationship(order_by=Step.seq)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - how SQLAlchemy wants it


class Told(Base):
    __tablename__ = "f_chain_outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str]
    payload: Mapped[Any] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


def make_tables(here: Place) -> None:
    engine = create_engine(here.database(SERVICE))
    Base.metadata.create_all(engine)
    engine.dispose()


def connect(here: Place) -> Callable[[], None]:
    engine = create_engine(here.database(SERVICE), pool_size=1)
    return lambda: chain(lambda: Session(engine, expire_on_commit=False))


def told(topic: str, item: Item) -> Told:
    return Told(topic=topic, payload={"item": item.id, "type": topic, "text": TEXT})


def chain(session: Callable[[], Session]) -> None:
    """A chain of three steps from its opening to its approval."""
    with session() as work:
        item = Item(title="plan", status="submitted")
        work.add(item)
        work.flush()
        steps = [
            Step(seq=n, reviewer=f"user{n}", status="active" if n == 1 else "waiting") for n in (1, 2, 3)
        ]
        opened = Chain(item_id=item.id, status="open", current=1, steps=steps)
        work.add_all([opened, told("submitted", item)])
        work.commit()
    for number in (1, 2, 3):
        with session() as work:
            decide(work, opened.id, number)
            work.commit()


def decide(work: Session, chain_id: int, number: int) -> None:
    running = work.get_one(Chain, chain_id, with_for_update=True)
    item = work.get_one(Item, running.item_id)
    step = running.steps[running.current - 1]
    if step.status != "active" or step.reviewer != f"user{number}":
        raise RuntimeError("out of turn")
    step.status, step.opinion, step.decided_at = "approved", "ok", datetime(2026, 1, 1)  # noqa: DTZ001
    work.add(told("decided", item))
    if number < 3:
        running.current = number + 1
        running.steps[number].status = "active"
    else:
        running.status = item.status = "approved"
        work.add(told("approved", item))
