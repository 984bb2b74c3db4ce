"""What the notification service tells: who was told of what, and what became of it on each channel."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.events import Event


class _ToldEvent(Event):
    """`about` is the document's subject, `plan/0190…`; `doc_type` and `doc_id` are empty where the message is
    about no document. `kind` is the kind of message, `title` its title in Chinese."""

    publisher: ClassVar[str] = "notify"

    message_id: UUID
    person_id: UUID
    person_name: str = ""
    kind: str = ""
    title: str = ""
    about: str = ""
    doc_type: str = ""
    doc_id: UUID | None = None


class MessageCreated(_ToldEvent):
    """A person has a message in his inbox; `channels` are those on which it goes out, too.

    `event_id` and `event_type` are those of the event that he is told of.
    """

    type: ClassVar[str] = "message.created"

    event_id: UUID
    event_type: str
    occurred_at: datetime
    title_en: str = ""
    channels: list[str] = Field(default_factory=list)

    @property
    def subject(self) -> str:
        return f"message/{self.message_id}"


class _DeliveryEvent(_ToldEvent):
    """`label` says it for people (短信已送达), `at` is when that was so."""

    delivery_id: UUID
    channel: str
    attempts: int
    label: str = ""
    at: datetime | None = None

    @property
    def subject(self) -> str:
        return f"delivery/{self.delivery_id}"


class DeliveryCompleted(_DeliveryEvent):
    """The provider took the message."""

    type: ClassVar[str] = "delivery.completed"


class DeliveryConfirmed(_DeliveryEvent):
    """The message has arrived, as the provider's receipt says."""

    type: ClassVar[str] = "delivery.confirmed"


class DeliverySuppressed(_DeliveryEvent):
    """The message is not sent on this channel: its to-do has vanished, its person has no address there, has
    switched it off or has left… `label` says which."""

    type: ClassVar[str] = "delivery.suppressed"

    code: str


class DeliveryFailed(_DeliveryEvent):
    """The message could not be delivered and waits in the dead list for somebody to resend it."""

    type: ClassVar[str] = "delivery.failed"

    code: str
    text: str
