"""What the notification service tells to whoever wants to know what became of a delivery."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from shared.events import Event


class _DeliveryEvent(Event):
    publisher: ClassVar[str] = "notify"

    delivery_id: UUID
    message_id: UUID
    person_id: UUID
    channel: str
    attempts: int

    @property
    def subject(self) -> str:
        return f"delivery/{self.delivery_id}"


class DeliveryCompleted(_DeliveryEvent):
    """The provider took the message."""

    type: ClassVar[str] = "delivery.completed"


class DeliveryFailed(_DeliveryEvent):
    """The message could not be delivered and waits in the dead list for somebody to resend it."""

    type: ClassVar[str] = "delivery.failed"

    code: str
    text: str
