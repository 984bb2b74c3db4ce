"""The published language: immutable events in the past tense, in a CloudEvents 1.0 envelope.

Fields are only ever added, with a default; a changed meaning is a new type.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

REGISTRY: dict[str, type[Event]] = {}


class Part(BaseModel):
    """A piece of an event; unknown fields of newer publishers are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Part):
    """Something that happened. A concrete event names its `type`, its `publisher`, and its `subject`."""

    type: ClassVar[str]
    publisher: ClassVar[str]
    schema_version: ClassVar[int] = 1

    @property
    def subject(self) -> str:
        """What the event is about, for example `plan/0190…`; order is kept per subject."""
        raise TypeError(f"{self.__class__.__name__} names no subject")

    @property
    def subject_version(self) -> int:
        """The version of the subject after the change; several events of one change share it."""
        return 0

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "type" in cls.__dict__:
            known = REGISTRY.setdefault(cls.type, cls)
            if known is not cls:
                raise TypeError(f"two events of type {cls.type}")


class Envelope(BaseModel):
    """CloudEvents 1.0 in structured JSON mode, with our extensions.

    `position` is dense per publisher; `knows` says up to which position of each other publisher the
    publisher had looked when it published (causality).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: str = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    dataschema: str
    datacontenttype: str = "application/json"
    traceparent: str | None = None
    position: int = Field(ge=1)
    subjectversion: int = 0
    knows: dict[str, int] = Field(default_factory=dict)
    actor: str | None = None
    data: dict[str, Any]

    @property
    def publisher(self) -> str:
        return self.source.removeprefix("/")

    def event(self) -> Event | None:
        """The typed event, or nothing when this program does not know the type."""
        known = REGISTRY.get(self.type)
        return known.model_validate(self.data) if known else None
