"""One message on its way over one channel: its states, its tries, and when to try again.

queued ─▶ sending ─▶ accepted                        delivered belongs to receipts
   │         ├─────▶ queued      try again later
   │         └─────▶ failed      the dead list; an administrator resends: failed ─▶ queued
   ├───────▶ held ─▶ sending     not now, without a try: quiet hours, digests, limits
   └───────────────▶ suppressed  nobody to send it to, or nothing left to tell
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, Uuid, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.notify.message import Base, Message
from shared.database import UtcDateTime, new_id
from shared.errors import Conflict
from shared.events.notify import DeliveryCompleted, DeliveryFailed
from shared.people import Role

if TYPE_CHECKING:
    from shared.people import Caller

RETRY_AFTER = (30, 120, 600, 3600, 21600)
"""Seconds before each further try; after the last one the delivery has failed."""
ANSWER_LENGTH = 300
_ADDRESS = re.compile(r"([\w.+-])[\w.+-]*@([\w-]+(?:\.[\w-]+)*)")
_PHONE = re.compile(r"(?<![\w.-])\+?(?:\d[ -]?){7,}\d(?![\w.-])")


class State(StrEnum):
    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


LABELS = {
    State.QUEUED: "待发送",
    State.HELD: "暂缓发送",
    State.SENDING: "发送中",
    State.ACCEPTED: "已发出",
    State.DELIVERED: "已送达",
    State.FAILED: "发送失败",
    State.SUPPRESSED: "未发送",
}
MOVES: dict[str, tuple[frozenset[State], State]] = {
    "start": (frozenset({State.QUEUED, State.HELD, State.SENDING}), State.SENDING),
    "hold": (frozenset({State.QUEUED, State.HELD, State.SENDING}), State.HELD),
    "accept": (frozenset({State.SENDING}), State.ACCEPTED),
    "put_off": (frozenset({State.SENDING}), State.QUEUED),
    "fail": (frozenset({State.QUEUED, State.HELD, State.SENDING}), State.FAILED),
    "suppress": (frozenset({State.QUEUED, State.HELD, State.SENDING}), State.SUPPRESSED),
    "resend": (frozenset({State.FAILED}), State.QUEUED),
}
"""Every move: from which states, to which; `Delivery._move` is the only writer of `state`."""


class Outcome(StrEnum):
    """What a provider's answer means: it took the message, it may take it later, or it never will.

    `config_error` is ours to repair (wrong password, wrong certificate) and is tried again like `retry`.
    """

    ACCEPTED = "accepted"
    RETRY = "retry"
    CONFIG_ERROR = "config_error"
    FAILED = "failed"


@dataclass(frozen=True)
class Answer:
    """A provider's answer to one try; `code` is stable (an SMTP reply code or a name of ours)."""

    outcome: Outcome
    code: str
    text: str = ""


class Delivery(Base):
    """A message over one channel. `tries` counts since it was last queued by a person or an event."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("message_id", "channel"), Index("ix_delivery_state_id", "state", "id"))

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"))
    message: Mapped[Message] = relationship()
    person_id: Mapped[UUID] = mapped_column(Uuid)
    event_type: Mapped[str] = mapped_column(String(80))
    channel: Mapped[str] = mapped_column(String(20))
    state: Mapped[State] = mapped_column(String(20), default=State.QUEUED)
    code: Mapped[str] = mapped_column(String(40), default="")
    tries: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def visible_to(cls, viewer: Caller) -> ColumnElement[bool]:
        """His own; all of them (without the message's text) for the platform administrator."""
        if viewer.has(Role.PLATFORM_ADMINISTRATOR):
            return true()
        return cls.person_id == viewer.person_id

    @property
    def status_label(self) -> str:
        return LABELS[State(self.state)]

    def is_due(self, attempt: int) -> bool:
        """Whether the try with this number is the next one, or was cut off in the middle."""
        if self.state == State.SENDING:
            return self.attempts == attempt
        return self.state in (State.QUEUED, State.HELD) and self.attempts == attempt - 1

    def start(self, at: datetime) -> None:
        """A try begins; one that was cut off begins again without being counted twice."""
        if self.state != State.SENDING:
            self.tries += 1
            self.attempts += 1
        self._move("start", at)

    def hold(self, code: str, until: datetime, at: datetime) -> int:
        """Waits until then without a try; answers the number of the try that comes after."""
        self._move("hold", at, code)
        self.next_try_at = until
        return self.attempts + 1

    def accept(self, at: datetime) -> DeliveryCompleted:
        self._move("accept", at)
        return DeliveryCompleted(**self._named())

    def put_off(self, code: str, at: datetime) -> datetime | None:
        """Waits for the next try and answers when that is; nothing when there is none left."""
        if self.tries > len(RETRY_AFTER):
            return None
        self._move("put_off", at, code)
        jitter = random.uniform(0.8, 1.2)
        self.next_try_at = at + timedelta(seconds=RETRY_AFTER[self.tries - 1] * jitter)
        return self.next_try_at

    def fail(self, code: str, text: str, at: datetime) -> DeliveryFailed:
        self._move("fail", at, code)
        return DeliveryFailed(code=code, text=text, **self._named())

    def suppress(self, code: str, at: datetime) -> None:
        self._move("suppress", at, code)

    def resend(self, at: datetime) -> int:
        """Back to work from the dead list; answers the number of the next try. Raises `Conflict`."""
        if self.state != State.FAILED:
            raise Conflict(
                "not_failed",
                f"只有发送失败的可以重发，当前为“{self.status_label}”",
                f"only a failed delivery can be sent again; it is {self.state}",
                facts={"state": self.state, "changed_at": self.changed_at.isoformat()},
            )
        self._move("resend", at)
        self.tries, self.next_try_at = 0, at
        return self.attempts + 1

    def _move(self, verb: str, at: datetime, code: str = "") -> None:
        sources, target = MOVES[verb]
        if self.state not in sources:
            raise Conflict("wrong_state", f"当前为“{self.status_label}”，不能执行 {verb}", f"cannot {verb}")
        self.state, self.code, self.changed_at, self.next_try_at = target, code, at, None

    def _named(self) -> dict[str, Any]:
        return {
            "delivery_id": self.id,
            "channel": self.channel,
            "attempts": self.attempts,
            **self.message.named(),
        }


class Attempt(Base):
    """One try and what the provider answered; append-only."""

    __tablename__ = "attempt"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("delivery.id"), index=True)
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    provider: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[Outcome] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40))
    answer: Mapped[str] = mapped_column(String(ANSWER_LENGTH))
    milliseconds: Mapped[int]


def redacted(text: str) -> str:
    """A provider's answer on one line, short, and without anybody's address or phone number."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return _PHONE.sub("***", _ADDRESS.sub(r"\1***@\2", line))[:ANSWER_LENGTH]
