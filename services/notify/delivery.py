"""One message on its way over one channel: its states, its tries, and when to try again.

queued ─▶ sending ─▶ accepted ─▶ delivered            by its receipt
   │         │           └─────▶ queued, failed       it came back: to a provider that is left, if any
   │         ├─────▶ queued      with the next provider at once, or again later
   │         └─────▶ failed      the dead list; an administrator resends: failed ─▶ queued
   ├───────▶ held ─▶ sending     not now, without a try: quiet hours, digests, limits, a broken provider
   └───────────────▶ suppressed  nobody to send it to, or nothing left to tell; unwanted: suppressed ─▶ queued
                                 when it is mandatory and nothing else leads to its person

An answer or a receipt that comes late says more than what was planned meanwhile: what is taken is accepted,
and what has arrived delivered, be it queued, held, sending or failed by then.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, Uuid, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.notify.answer import CODE_LENGTH, REFERENCE_LENGTH, Answer
from services.notify.channels import CHANNEL_LABELS, Channel
from services.notify.contact import PHONE_LENGTH
from services.notify.message import Base, Message, partial_index
from services.notify.moments.moment import Moment
from services.notify.reasons import reason_of
from shared.database import Json, UtcDateTime, new_id
from shared.errors import Conflict
from shared.events import notify as told
from shared.people import Role

if TYPE_CHECKING:
    from shared.people import Caller

RETRY_AFTER = (30, 120, 600, 3600, 21600)
"""Seconds before each further try; after the last one the delivery has failed."""
MOST_LOST = 1
"""After a lost answer a letter is sent once more; after another one a person decides."""


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
    "wake": (frozenset({State.HELD, State.SUPPRESSED}), State.QUEUED),
    "accept": (frozenset({State.QUEUED, State.HELD, State.SENDING, State.FAILED}), State.ACCEPTED),
    "pass_on": (frozenset({State.SENDING}), State.QUEUED),
    "come_back": (frozenset({State.QUEUED, State.HELD, State.SENDING, State.ACCEPTED}), State.QUEUED),
    "confirm": (frozenset({State.ACCEPTED}), State.DELIVERED),
    "put_off": (frozenset({State.SENDING}), State.QUEUED),
    "fail": (frozenset({State.QUEUED, State.HELD, State.SENDING, State.ACCEPTED}), State.FAILED),
    "suppress": (frozenset({State.QUEUED, State.HELD, State.SENDING}), State.SUPPRESSED),
    "resend": (frozenset({State.FAILED}), State.QUEUED),
}
"""Every move: from which states, to which; `Delivery._move` is the only writer of `state`."""
OVER = frozenset({State.DELIVERED, State.FAILED, State.SUPPRESSED})
"""Where nobody is asked any more what became of it."""


class Delivery(Base):
    """A message over one channel.

    `turn` is the number of the job that may make its next try: a new one takes it away from those before.
    `attempts` counts every try at a provider, `tries` the rounds through the providers of the channel since
    it was last queued by a person or an event; `passed` are those of this round that have not taken it,
    `not_brought` those that took it and have not brought it: each takes it once until a person resends it.
    `lost` counts the answers that were lost: it may have gone out once more for each of them; `bound_to` is
    the provider of the last one, which alone can know, so that no other sends it meanwhile. `sent_to` and
    `sent_at` say where and when its last try went, for as long as the provider may be asked about it.
    `leaves_at` is when it may go out by itself, kept where that is counted; `digest_id` the digest that it
    goes out with instead; `moment` explains either.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("message_id", "channel"),
        Index("ix_delivery_state_id", "state", "id"),
        Index("ix_delivery_reference", "provider_id", "reference"),
        partial_index("ix_delivery_leaves_at", "leaves_at IS NOT NULL", "person_id", "leaves_at"),
        partial_index("ix_delivery_digest_id", "digest_id IS NOT NULL", "digest_id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"))
    message: Mapped[Message] = relationship()
    person_id: Mapped[UUID] = mapped_column(Uuid)
    event_type: Mapped[str] = mapped_column(String(80))
    channel: Mapped[str] = mapped_column(String(20))
    state: Mapped[State] = mapped_column(String(20), default=State.QUEUED)
    code: Mapped[str] = mapped_column(String(CODE_LENGTH), default="")
    turn: Mapped[int] = mapped_column(default=1, server_default="1")
    tries: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    lost: Mapped[int] = mapped_column(default=0)
    passed: Mapped[list[str]] = mapped_column(Json, default=list)
    not_brought: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    bound_to: Mapped[UUID | None] = mapped_column(Uuid)
    sent_to: Mapped[str] = mapped_column(String(PHONE_LENGTH), default="", server_default="")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    provider_id: Mapped[UUID | None] = mapped_column(Uuid)
    reference: Mapped[str] = mapped_column(String(REFERENCE_LENGTH), default="")
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leaves_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    digest_id: Mapped[UUID | None] = mapped_column(Uuid)
    moment: Mapped[dict[str, Any] | None] = mapped_column(Json)
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

    @property
    def label(self) -> str:
        """Channel and state in words: 短信已送达."""
        return f"{CHANNEL_LABELS[Channel(self.channel)]}{self.status_label}"

    @property
    def waits(self) -> bool:
        """Whether it is still to go out, now or later."""
        return self.state in (State.QUEUED, State.HELD)

    @property
    def is_choosy(self) -> bool:
        """Whether it may go to some providers of its channel only."""
        return self.bound_to is not None or bool(self.not_brought)

    def is_due(self, turn: int) -> bool:
        """Whether this job may make the next try, or was cut off in the middle of it."""
        return self.turn == turn and (self.waits or self.state == State.SENDING)

    def start(self, provider_id: UUID, at: datetime, to: str = "") -> None:
        """A try at a provider begins; one that was cut off begins again without being counted twice. `to` is
        kept where the provider can be asked about it."""
        if self.state != State.SENDING:
            self.tries += not self.passed
            self.attempts += 1
        self._move("start", at)
        self.provider_id, self.sent_to, self.sent_at = provider_id, to, at

    def hold(self, code: str, until: datetime, at: datetime) -> int:
        """Waits until then; a try that had begun is not counted. Answers its next turn."""
        if self.state == State.SENDING or self.passed:
            self.tries -= 1
        self._move("hold", at, code)
        self.passed, self.next_try_at = [], until
        return self.turn

    def hold_until(self, code: str, moment: Moment, at: datetime) -> int:
        """Waits as `hold` does, with the reason in words."""
        self.moment = moment.kept()
        return self.hold(code, moment.at, at)

    def step_back(self, code: str, until: datetime, at: datetime) -> int:
        """Waits until then after a try that was none: nothing was sent, and the round goes on where it is.
        Answers its next turn."""
        self.attempts -= 1
        self.tries -= not self.passed
        self._move("hold", at, code)
        self.next_try_at = until
        return self.turn

    def wake(self, at: datetime) -> int:
        """What kept it back holds no more; answers its next turn."""
        self._move("wake", at)
        self.next_try_at = at
        return self.turn

    def accept(self, answer: Answer, at: datetime) -> told.DeliveryCompleted:
        """The provider has it. An answer that comes late counts too, whatever was planned meanwhile."""
        self._move("accept", at)
        self.passed, self.bound_to, self.reference = [], None, answer.reference
        return told.DeliveryCompleted(**self._named())

    def confirm(self, at: datetime) -> told.DeliveryConfirmed:
        """It has arrived, as its receipt says."""
        self._move("confirm", at)
        return told.DeliveryConfirmed(**self._named())

    def pass_on(self, answer: Answer, at: datetime) -> int:
        """Goes to the next provider at once; answers its next turn."""
        passed = [*self.passed, str(self.provider_id)]
        self._move("pass_on", at, answer.code)
        self.passed, self.next_try_at = passed, at
        return self.turn

    def come_back(self, answer: Answer, at: datetime) -> int:
        """Its provider took it and will not bring it, as its receipt says. Answers its next turn, which is
        that of a provider that is left."""
        self._move("come_back", at, answer.code)
        self.not_brought = [*self.not_brought, str(self.provider_id)]
        self.bound_to, self.next_try_at = None, at
        return self.turn

    def put_off(self, answer: Answer, at: datetime) -> datetime | None:
        """Waits for the next round and answers when that is; nothing when there is none left."""
        if self.tries > len(RETRY_AFTER):
            return None
        self._move("put_off", at, answer.code)
        pause = timedelta(seconds=RETRY_AFTER[self.tries - 1] * random.uniform(0.8, 1.2))
        self.passed, self.next_try_at = [], at + max(pause, answer.after or pause)
        return self.next_try_at

    def lose_answer(self) -> bool:
        """Nobody knows whether the letter went out; whether it may be sent once more."""
        self.lost, self.bound_to = self.lost + 1, self.provider_id
        return self.lost <= MOST_LOST

    def fail(self, code: str, text: str, at: datetime) -> told.DeliveryFailed:
        self._move("fail", at, code)
        return told.DeliveryFailed(code=code, text=text, **self._named())

    def suppress(self, code: str, at: datetime) -> told.DeliverySuppressed:
        """It is not sent, and the label says why."""
        self._move("suppress", at, code)
        label = f"{self.label}（{reason_of(code)}）"
        return told.DeliverySuppressed(code=code, **self._named() | {"label": label})

    def resend(self, at: datetime) -> int:
        """Back to work from the dead list; answers its next turn. Raises `Conflict`."""
        if self.state != State.FAILED:
            raise Conflict(
                "not_failed",
                f"只有发送失败的可以重发，当前为“{self.status_label}”",
                f"only a failed delivery can be sent again; it is {self.state}",
                facts={"state": self.state, "changed_at": self.changed_at.isoformat()},
            )
        self._move("resend", at)
        self.tries, self.lost, self.passed, self.next_try_at = 0, 0, [], at
        self.not_brought, self.bound_to = [], None
        return self.turn

    def _move(self, verb: str, at: datetime, code: str = "") -> None:
        sources, target = MOVES[verb]
        if self.state not in sources:
            raise Conflict("wrong_state", f"当前为“{self.status_label}”，不能执行 {verb}", f"cannot {verb}")
        self.state, self.code, self.changed_at, self.next_try_at = target, code, at, None
        self.turn += target in (State.QUEUED, State.HELD)
        if target in OVER:
            self.sent_to = ""

    def _named(self) -> dict[str, Any]:
        return {
            "delivery_id": self.id,
            "channel": self.channel,
            "attempts": self.attempts,
            "label": self.label,
            "at": self.changed_at,
            **self.message.named(),
        }
