"""The texts of a kind of message as an administrator has edited them: a draft, and every version that was
ever in force.

shipped ─▶ draft ─▶ in force as version n + 1 ─▶ replaced: by a newer, an older or the shipped one
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.channels import ROBOTS, Channel
from services.notify.message import Base
from services.notify.texts import Text as Source
from shared.database import UtcDateTime, new_id
from shared.errors import Conflict
from shared.people import Caller

TITLE_SOURCE = 500
BODY_SOURCE = 4000


class Medium(StrEnum):
    """What a text is written for; what has no text of its own says what the inbox says."""

    INBOX = "inbox"
    EMAIL = "email"
    SMS = "sms"
    CHAT = "chat"


TITLE_ONLY = frozenset({Medium.SMS, Medium.CHAT})
"""What says the title only while nobody has written more: an SMS is short, and a group must not read what is
a person's own."""
LONGEST = {Medium.CHAT: 1500}
"""Bytes that the text of an example may take where there is a limit: WeCom takes 2,048 for a whole message,
with the name, the link and whatever is longer than in the example."""
MEDIUM_LABELS = {
    Medium.INBOX: "站内信",
    Medium.EMAIL: "电子邮件",
    Medium.SMS: "短信",
    Medium.CHAT: "群机器人",
}


def medium_of(channel: Channel) -> Medium:
    """The texts that a channel carries."""
    if channel in ROBOTS:
        return Medium.CHAT
    return {Channel.EMAIL: Medium.EMAIL, Channel.SMS: Medium.SMS}.get(channel, Medium.INBOX)


class Origin(StrEnum):
    """Where a version comes from."""

    EDITED = "edited"
    RESTORED = "restored"
    SHIPPED = "shipped"


class Template(Base):
    """The text of a kind for a medium in a language, once somebody has edited it.

    `published` is the number of its newest version, 0 while there is none; `version` counts every change.
    `failed` is the number of the version that could not be written for some message.
    """

    __tablename__ = "template"
    __table_args__ = (UniqueConstraint("kind", "medium", "locale"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(80))
    medium: Mapped[Medium] = mapped_column(String(20))
    locale: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=0)
    published: Mapped[int] = mapped_column(default=0)
    draft_title: Mapped[str | None] = mapped_column(Text)
    draft_body: Mapped[str | None] = mapped_column(Text)
    draft_by: Mapped[str] = mapped_column(String(100), default="")
    draft_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_text: Mapped[str] = mapped_column(String(500), default="")

    @classmethod
    def unedited(cls, kind: str, medium: Medium, locale: str) -> Template:
        """One that nobody has touched yet."""
        return cls(
            id=new_id(),
            kind=kind,
            medium=medium,
            locale=locale,
            version=0,
            published=0,
            draft_by="",
            failed=0,
            failed_text="",
        )

    @property
    def draft(self) -> Source | None:
        if self.draft_title is None or self.draft_body is None:
            return None
        return Source(self.draft_title, self.draft_body)

    def save_draft(self, source: Source, by: Caller, at: datetime) -> None:
        """Keeps a text for later; nothing of it is sent before it is published."""
        self.draft_title, self.draft_body = source
        self.draft_by, self.draft_at = by.name, at
        self.version += 1

    def drop_draft(self) -> None:
        self.require_draft()
        self.draft_title = self.draft_body = self.draft_at = None
        self.draft_by = ""
        self.version += 1

    def publish(self, by: Caller, at: datetime) -> TemplateVersion:
        """The draft is in force from now on. Raises `Conflict` (`no_draft`)."""
        source = self.require_draft()
        self.drop_draft()
        return self._next(source, Origin.EDITED, by, at)

    def restore(self, older: TemplateVersion, by: Caller, at: datetime) -> TemplateVersion:
        """The text of an older version is in force again, as a version of its own."""
        self.version += 1
        made = self._next(older.source, Origin.RESTORED, by, at)
        made.restored_from = older.number
        return made

    def ship(self, shipped: Source, by: Caller, at: datetime) -> TemplateVersion:
        """The shipped text is in force again, and follows later releases."""
        self.version += 1
        return self._next(shipped, Origin.SHIPPED, by, at)

    def note_failure(self, error: str, at: datetime) -> None:
        self.failed, self.failed_at, self.failed_text = self.published, at, error[:500]

    def require_draft(self) -> Source:
        """The draft. Raises `Conflict` (`no_draft`)."""
        if self.draft is None:
            raise Conflict("no_draft", "没有草稿", "there is no draft")
        return self.draft

    def _next(self, source: Source, origin: Origin, by: Caller, at: datetime) -> TemplateVersion:
        self.published += 1
        self.failed, self.failed_at, self.failed_text = 0, None, ""
        return TemplateVersion(
            template_id=self.id,
            number=self.published,
            title=source.title,
            body=source.body,
            origin=origin,
            by_id=by.person_id,
            by_name=by.name,
            at=at,
        )


class TemplateVersion(Base):
    """A text that was put in force; never changed. A `shipped` one only says that the shipped text was."""

    __tablename__ = "template_version"
    __table_args__ = (UniqueConstraint("template_id", "number"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    template_id: Mapped[UUID] = mapped_column(ForeignKey("template.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    origin: Mapped[Origin] = mapped_column(String(20))
    restored_from: Mapped[int | None]
    by_id: Mapped[UUID] = mapped_column(Uuid)
    by_name: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def source(self) -> Source:
        return Source(self.title, self.body)

    @property
    def is_own(self) -> bool:
        """Whether it says something of its own, and not only that the shipped text is in force."""
        return self.origin != Origin.SHIPPED
