"""What a person is told: one message per event and person, in his inbox from the moment it was heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.notify.texts import TITLE_LENGTH
from shared.database import Json, UtcDateTime, metadata, new_id
from shared.errors import Conflict, Problem, invalid
from shared.events.notify import MessageCreated
from shared.store import Work

if TYPE_CHECKING:
    from shared.people import Caller


TOUCHED = "touched_inboxes"
TURN = "slot.opened"
LONGEST_SNOOZE = timedelta(days=366)


class Base(DeclarativeBase):
    """The tables of notify."""

    metadata = metadata()


def partial_index(name: str, condition: str, *columns: str) -> Index:
    """An index of a few rows that are looked up again and again."""
    return Index(name, *columns, postgresql_where=text(condition), sqlite_where=text(condition))


AT_HAND = "archived_at IS NULL AND snoozed_until IS NULL"


class Message(Base):
    """A message to one person. A to-do has a `slot_id` and is done when the slot is closed.

    It is at hand, or `archived_at` some time, or put off until `snoozed_until`; never two of these. A to-do
    stays one while it is put off, and is not archived before it is done.

    `doc_type`, `doc_id` and `organisation_id` are those of the document that it is about, where there is
    one; `context` holds the values that its texts are written from.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("event_id", "person_id"),
        Index("ix_message_created_at_id", "created_at", "id"),
        partial_index(
            "ix_message_unread", f"read_at IS NULL AND done_at IS NULL AND {AT_HAND}", "person_id", "id"
        ),
        partial_index("ix_message_todo", "slot_id IS NOT NULL AND done_at IS NULL", "person_id", "id"),
        partial_index("ix_message_at_hand", AT_HAND, "person_id", "id"),
        partial_index("ix_message_archived", "archived_at IS NOT NULL", "person_id", "id"),
        partial_index("ix_message_snoozed", "snoozed_until IS NOT NULL", "person_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    event_id: Mapped[UUID] = mapped_column(Uuid)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    person_name: Mapped[str] = mapped_column(String(100), server_default="")
    event_type: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(120))
    doc_type: Mapped[str] = mapped_column(String(40), server_default="")
    doc_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    organisation_id: Mapped[UUID | None] = mapped_column(Uuid)
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    body: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    body_en: Mapped[str] = mapped_column(Text)
    context: Mapped[Any] = mapped_column(Json, server_default="{}")
    path: Mapped[str] = mapped_column(String(200))
    slot_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @classmethod
    def visible_to(cls, viewer: Caller) -> ColumnElement[bool]:
        return cls.person_id == viewer.person_id

    @property
    def about(self) -> str:
        """The document, else the subject of the event that is told of."""
        return f"{self.doc_type}/{self.doc_id}" if self.doc_id else self.subject

    def named(self) -> dict[str, Any]:
        """What the events about it say of it."""
        return {
            "message_id": self.id,
            "person_id": self.person_id,
            "person_name": self.person_name,
            "kind": self.kind,
            "title": self.title,
            "about": self.about,
            "doc_type": self.doc_type,
            "doc_id": self.doc_id,
        }

    def created(self, channels: Sequence[str]) -> MessageCreated:
        """The news of it; `channels` are those on which it goes out, too."""
        return MessageCreated(
            event_id=self.event_id,
            event_type=self.event_type,
            occurred_at=self.occurred_at,
            title_en=self.title_en,
            channels=list(channels),
            **self.named(),
        )

    @classmethod
    def at_hand(cls) -> ColumnElement[bool]:
        """Neither archived nor put off."""
        return cls.archived_at.is_(None) & cls.snoozed_until.is_(None)

    @classmethod
    def unread(cls) -> ColumnElement[bool]:
        """At hand, not read, and not a to-do that has vanished: what the number on the bell counts."""
        return cls.read_at.is_(None) & cls.done_at.is_(None) & cls.at_hand()

    @classmethod
    def todo(cls) -> ColumnElement[bool]:
        """To-dos that are still there, read, put off or not; a reminder of one is not another."""
        return cls.slot_id.is_not(None) & cls.done_at.is_(None) & (cls.kind == TURN)

    @classmethod
    def done(cls) -> ColumnElement[bool]:
        return cls.done_at.is_not(None) & cls.at_hand()

    @classmethod
    def snoozed(cls) -> ColumnElement[bool]:
        return cls.snoozed_until.is_not(None)

    @classmethod
    def archived(cls) -> ColumnElement[bool]:
        return cls.archived_at.is_not(None)

    @property
    def is_open_todo(self) -> bool:
        """Whether it is one of `todo`."""
        return self.slot_id is not None and self.done_at is None and self.kind == TURN

    def read(self, at: datetime) -> bool:
        """Marks it read; false when it was read before, whose time then stays."""
        if self.read_at is not None:
            return False
        self.read_at = at
        return True

    def unread_again(self) -> bool:
        """Marks it not read; false when it is not. Raises `Conflict` (`already_done`)."""
        self._must_not_be_done()
        was_read, self.read_at = self.read_at is not None, None
        return was_read

    def archive(self, at: datetime) -> bool:
        """Puts it away; false when it is away already. Raises `Conflict` (`still_to_do`)."""
        if self.is_open_todo:
            raise Conflict("still_to_do", "待办未办结，不能归档", "a to-do is archived when it is done")
        if self.archived_at is not None:
            return False
        self.archived_at, self.snoozed_until = at, None
        return True

    def unarchive(self) -> bool:
        """Takes it back; false when it was not away."""
        was_away, self.archived_at = self.archived_at is not None, None
        return was_away

    def snooze(self, until: datetime, at: datetime) -> bool:
        """Puts it off; false when it is put off until then already. Raises `Conflict` (`already_done`) and
        `Invalid` (`snooze_out_of_range`)."""
        self._must_not_be_done()
        if not at < until <= at + LONGEST_SNOOZE:
            said = f"须晚于现在，且在 {LONGEST_SNOOZE.days} 天之内"
            raise invalid([Problem("snooze_out_of_range", said, "/until", "too early, or too far away")])
        if self.snoozed_until == until:
            return False
        self.snoozed_until, self.archived_at = until.astimezone(UTC), None
        return True

    def unsnooze(self) -> bool:
        """Takes it back before its time; false when it was not put off."""
        was_off, self.snoozed_until = self.snoozed_until is not None, None
        return was_off

    def wake(self, at: datetime) -> bool:
        """It is back, and unread; false when its time has not come, or it is not put off."""
        if self.snoozed_until is None or self.snoozed_until > at:
            return False
        self.snoozed_until = self.read_at = None
        return True

    def finish(self, at: datetime) -> None:
        """Marks a to-do done, which nothing brings back; the first time stays."""
        self.done_at, self.snoozed_until = self.done_at or at, None

    def _must_not_be_done(self) -> None:
        if self.done_at is not None:
            raise Conflict("already_done", "事项已办结", "what it tells of is done")


def touch_inbox(work: Work, person_id: UUID) -> None:
    """Notes that a person's numbers change with this transaction, so that his open pages hear of it."""
    work.session.info.setdefault(TOUCHED, set()).add(person_id)


def touched_inboxes(work: Work) -> frozenset[UUID]:
    """The people whose numbers this transaction has changed."""
    return frozenset(work.session.info.get(TOUCHED, ()))
