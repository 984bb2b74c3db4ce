"""What a person has chosen about his messages, or his unit for its people: which kinds go out on which
channels, in which language, and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.channels import Channel
from services.notify.kinds import Kind
from services.notify.message import Base
from shared.database import Json, UtcDateTime

ALL = "*"
MOST_CHOICES = 500


class Owner(StrEnum):
    """Whose choices they are."""

    PERSON = "person"
    UNIT = "unit"


class Mode(StrEnum):
    """How a kind goes out on a channel: not at all, collected with others, by itself; most insistent last."""

    OFF = "off"
    DIGEST = "digest"
    NOW = "now"

    @property
    def insistence(self) -> int:
        return list(Mode).index(self)


class Choice(NamedTuple):
    """A choice about a topic: a kind, a group of kinds, or `*` for all."""

    topic: str
    channel: Channel
    mode: Mode


class Preferences(Base):
    """The choices of a person or of a unit; what is absent is left to the next level.

    `inbox_suffices` is for a unit to say: then its people may do without any channel also for what is
    mandatory. `timing` holds values by the names of `timing.USUAL`.
    """

    __tablename__ = "preferences"

    owner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    owner: Mapped[Owner] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=0)
    choices: Mapped[list[Any]] = mapped_column(Json, default=list)
    locale: Mapped[str | None] = mapped_column(String(10))
    inbox_suffices: Mapped[bool | None]
    timing: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def none(cls, owner_id: UUID, owner: Owner, at: datetime) -> Preferences:
        """Those of somebody who has not chosen anything."""
        return cls(owner_id=owner_id, owner=owner, version=0, choices=[], timing={}, changed_at=at)

    @property
    def chosen(self) -> list[Choice]:
        return [Choice(topic, Channel(channel), Mode(mode)) for topic, channel, mode in self.choices]

    def choose(self, choices: Iterable[Choice], at: datetime) -> None:
        """Puts these choices in place of all before."""
        self.choices = [[choice.topic, str(choice.channel), str(choice.mode)] for choice in choices]
        self.changed(at)

    def changed(self, at: datetime) -> None:
        self.version, self.changed_at = self.version + 1, at

    def about(self, kind: Kind, channel: Channel) -> Choice | None:
        """The choice for a kind on a channel: for the kind itself, else for its group, else for all."""
        found = {choice.topic: choice for choice in self.chosen if choice.channel == channel}
        return next((found[topic] for topic in (kind.name, kind.group, ALL) if topic in found), None)
