"""What goes out over a channel, and who takes it there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.notify.answer import Answer
from services.notify.channels import Channel
from services.notify.texts import CHINESE


@dataclass(frozen=True)
class Letter:
    """What goes out: ids and times are those of the delivery, whatever try this is.

    `unsubscribe_url` is empty for what is mandatory. `sealed` holds the secret of a
    webhook, see vault.py.
    """

    delivery_id: UUID
    channel: Channel
    to: str
    name: str
    title: str
    body: str
    url: str
    composed_at: datetime
    kind: str = ""
    sealed: str = ""
    locale: str = CHINESE
    unsubscribe_url: str = ""


class Sender(Protocol):
    """Takes letters to a provider, whose name stands in the attempts. Called outside any transaction."""

    @property
    def provider(self) -> str: ...

    def send(self, letter: Letter) -> Answer:
        """Hands a letter over; a refusal is an answer. Whatever it raises counts as `retry`."""
        ...
