"""How a process sends, and a try that is its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.notify.choosing import Keeps
from services.notify.letter import Letter, Sender
from services.notify.limit import Limit, Limits
from services.notify.provider import Provider
from services.notify.receipt import Sent
from services.notify.sandbox import Sandbox
from services.notify.unsubscribe import Subscription
from shared.decision_link import DecisionLink


@dataclass(frozen=True)
class Post:
    """How this process sends: who takes letters to a provider and how many, and where links lead: one that
    decides is made for a slot as its etag names it, and a person as of his epoch."""

    sender_of: Callable[[Provider], Sender]
    keeps: Keeps
    asks: Callable[[Provider], bool]
    limits_of: Callable[[Provider], Sequence[Limit]]
    limits: Callable[[], Limits]
    sandbox: Sandbox
    own_url: str
    unsubscribe_url: Callable[[Subscription], str]
    decision_url: Callable[[DecisionLink, str, int], str]


@dataclass(frozen=True)
class Claimed:
    """A try that is ours: the letter, and the provider that it goes to, as it was then.

    `granted` says which limit it was held by until now, if it still has its place; `before` how it may be
    with the provider already, after a lost answer, if that can be asked.
    """

    letter: Letter
    provider: Provider
    attempt: int
    granted: str = ""
    before: Sent | None = None
