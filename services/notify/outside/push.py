"""One event on its way to one endpoint; an endpoint gets its events one after the other, in order.

queued ─▶ sending ─▶ accepted
   │         ├─────▶ queued      no success: again later
   │         └─────▶ failed      given up after the last try, or refused for good; the next one goes on
   └───────────────▶ failed      skipped by an administrator
accepted, failed ─▶ queued       replayed
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.answer import ANSWER_LENGTH, Answer, Outcome
from services.notify.delivery import RETRY_AFTER
from services.notify.message import Base
from shared.database import UtcDateTime, new_id
from shared.errors import Conflict

CUT_OFF = timedelta(minutes=1)
"""Longer than a request takes: a push that is still being sent after it has lost its process."""
SKIPPED = "skipped"
_OPEN = text("state IN ('queued', 'sending')")


class PushState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    FAILED = "failed"


PUSH_LABELS = {
    PushState.QUEUED: "待推送",
    PushState.SENDING: "推送中",
    PushState.ACCEPTED: "已接收",
    PushState.FAILED: "推送失败",
}
OPEN = (PushState.QUEUED, PushState.SENDING)
OVER = (PushState.ACCEPTED, PushState.FAILED)


class Push(Base):
    """An event for an endpoint, with the very body that is sent. `tries` counts those since it was last
    queued by an event or a person, `attempts` all of them."""

    __tablename__ = "push"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index("ix_push_open", "endpoint_id", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_push_endpoint_id_id", "endpoint_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("endpoint.id"))
    event_id: Mapped[UUID] = mapped_column(Uuid)
    event_type: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(120))
    event_time: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[PushState] = mapped_column(String(20), default=PushState.QUEUED)
    code: Mapped[str] = mapped_column(String(40), default="")
    tries: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def status_label(self) -> str:
        return PUSH_LABELS[PushState(self.state)]

    def is_due(self, at: datetime) -> bool:
        """Whether it may be sent now: its time has come, or its process died in the middle."""
        if self.state == PushState.SENDING:
            return self.changed_at <= at - CUT_OFF
        return self.state == PushState.QUEUED and (self.next_try_at is None or self.next_try_at <= at)

    def start(self, at: datetime) -> None:
        """A try begins; one that was cut off is made again without being counted twice."""
        if self.state != PushState.SENDING:
            self.tries, self.attempts = self.tries + 1, self.attempts + 1
        self._become(PushState.SENDING, at)

    def accept(self, at: datetime) -> None:
        self._become(PushState.ACCEPTED, at)

    def put_off(self, answer: Answer, at: datetime) -> datetime | None:
        """Waits for its next try and answers when that is; nothing when there is none left."""
        if self.tries > len(RETRY_AFTER):
            return None
        self._become(PushState.QUEUED, at, answer.code)
        pause = timedelta(seconds=RETRY_AFTER[self.tries - 1] * random.uniform(0.8, 1.2))
        self.next_try_at = at + max(pause, answer.after or pause)
        return self.next_try_at

    def fail(self, code: str, at: datetime) -> None:
        self._become(PushState.FAILED, at, code)

    def skip(self, at: datetime) -> None:
        """Is given up by a person, so that the next one goes on. Raises `Conflict` (`not_waiting`)."""
        if self.state != PushState.QUEUED:
            raise Conflict("not_waiting", f"当前为“{self.status_label}”，不能跳过", "it does not wait")
        self.fail(SKIPPED, at)

    def replay(self, at: datetime) -> None:
        """Goes out again, with all its tries. Raises `Conflict` (`still_waiting`)."""
        if self.state not in OVER:
            raise Conflict("still_waiting", f"当前为“{self.status_label}”，无需重推", "it is on its way")
        self._become(PushState.QUEUED, at)
        self.tries = 0

    def _become(self, state: PushState, at: datetime, code: str = "") -> None:
        self.state, self.code, self.changed_at, self.next_try_at = state, code, at, None


class PushTry(Base):
    """One try of a push and what the endpoint answered; append-only."""

    __tablename__ = "push_try"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    push_id: Mapped[UUID] = mapped_column(ForeignKey("push.id"), index=True)
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[Outcome] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40))
    answer: Mapped[str] = mapped_column(String(ANSWER_LENGTH))
    milliseconds: Mapped[int]
