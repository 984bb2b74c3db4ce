"""Events that a service has received: its checkpoints, and those that cannot be handled yet.

The checkpoint is the deduplication: everything up to it is handled, or kept here as waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from shared.database import Core, Json, Serial, UtcDateTime
from shared.events import Event
from shared.store import Work

Kind = TypeVar("Kind", bound=Event)
Handler = Callable[[Work, Any], None]


class Checkpoint(Core):
    """Up to which position of a publisher's feed this service has handled, or kept, everything."""

    __tablename__ = "checkpoint"

    publisher: Mapped[str] = mapped_column(String(40), primary_key=True)
    feed_id: Mapped[UUID | None] = mapped_column(Uuid)
    position: Mapped[int] = mapped_column(BigInteger)
    event_id: Mapped[UUID | None] = mapped_column(Uuid)
    waiting: Mapped[int] = mapped_column(default=0, doc="inbox rows that wait or are parked")


class InboxRow(Core):
    """An event ahead of a hole (`ahead`), or one that waits for a retry or an operator.

    state: ahead | waiting | parked; a row is gone once its event is handled or skipped
    """

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_state_next_attempt_at", "state", "next_attempt_at"),)

    publisher: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(Uuid)
    subject: Mapped[str] = mapped_column(String(120), index=True)
    envelope: Mapped[Any] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Unreadable(Core):
    """Bytes from the broker that are no event; kept for an operator, never acked away."""

    __tablename__ = "unreadable"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    publisher: Mapped[str] = mapped_column(String(40))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    error: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Handlers:
    """Which function applies which event. A handler takes `(work, event)` and runs in one transaction
    with the checkpoint; it must be idempotent. `work.cause` is the envelope."""

    def __init__(self) -> None:
        self._by_type: dict[str, tuple[type[Event], list[Handler]]] = {}
        self._singly: set[str] = set()

    def on(
        self, kind: type[Kind], *, in_runs: bool = False
    ) -> Callable[[Callable[[Work, Kind], None]], Callable[[Work, Kind], None]]:
        """Decorator: `@events.on(CaseApproved)`. `in_runs`: it writes one row that stands alone, so that many
        events may share a transaction."""

        def register(handler: Callable[[Work, Kind], None]) -> Callable[[Work, Kind], None]:
            self._by_type.setdefault(kind.type, (kind, []))[1].append(handler)
            if not in_runs:
                self._singly.add(kind.type)
            return handler

        return register

    def in_runs(self, event_type: str) -> bool:
        """Whether several of these may be applied in one transaction; those that nobody handles may."""
        return event_type not in self._singly

    @property
    def publishers(self) -> list[str]:
        """Those whose events are heard, sorted."""
        return sorted({kind.publisher for kind, _ in self._by_type.values()})

    def __contains__(self, event_type: str) -> bool:
        return event_type in self._by_type

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_type)

    def apply(self, work: Work, event_type: str, data: dict[str, Any]) -> None:
        """Runs the handlers of this type; a type without one is nothing to us."""
        if event_type in self._by_type:
            kind, handlers = self._by_type[event_type]
            event = kind.model_validate(data)
            for handler in handlers:
                handler(work, event)
