"""What goes out over a channel, and who takes it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from services.notify.answer import Answer
from services.notify.channels import Channel
from services.notify.texts import CHINESE


class Decision(NamedTuple):
    """A link that decides what the letter tells of, and what it is called."""

    label: str
    url: str


@dataclass(frozen=True)
class Letter:
    """What goes out: ids and times are those of the delivery, whatever try this is.

    `unsubscribe_url` is empty for what is mandatory. `sealed` holds the secret of a
    webhook, see vault.py. `decisions` are for e-mail only: a robot's group is many people.
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
    decisions: Sequence[Decision] = ()


class Sender(Protocol):
    """Takes letters to a provider, whose name stands in the attempts. Called outside any transaction."""

    @property
    def provider(self) -> str: ...

    def send(self, letter: Letter) -> Answer:
        """Hands a letter over; a refusal is an answer. Whatever it raises counts as `unknown`."""
        ...
