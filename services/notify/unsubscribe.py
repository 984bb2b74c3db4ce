"""The link at the end of optional mail: whoever has it may switch off for its receiver what that tells of."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from services.notify.channels import Channel
from services.notify.kinds import CHOOSABLE, COLLECTED, KINDS, Kind
from services.notify.message import Message
from services.notify.preferences import Choice, Mode, Owner
from services.notify.wishes import lock_preferences
from shared.errors import NotFound
from shared.store import Look, Work

TOKEN_LENGTH = 300


class Subscription(NamedTuple):
    """What a link is about: mail of a kind to a person; in a letter of collected messages the kinds that it
    lists."""

    person_id: UUID
    kind: Kind
    channel: Channel
    letter_id: UUID | None = None


def subscription_to(message: Message, channel: Channel) -> Subscription | None:
    """What the link at the end of a message is about; nothing when all that it tells of is mandatory."""
    letter_id = message.id if message.kind == COLLECTED.name else None
    about = Subscription(message.person_id, KINDS[message.kind], channel, letter_id)
    return about if _optional(_told_in(message)) else None


def kinds_of(look: Look, about: Subscription) -> list[Kind]:
    """The kinds that a link switches off; none when they are mandatory and stay."""
    if about.letter_id is None:
        return _optional([about.kind.name])
    letter = look.find(Message, about.letter_id)
    return _optional(_told_in(letter)) if letter is not None else []


def signed(about: Subscription, key: str) -> str:
    """The token of a link. It does not expire: old mail can be unsubscribed from, too."""
    named = [about.person_id.hex, about.kind.name, about.channel]
    plain = json.dumps([*named, about.letter_id.hex] if about.letter_id else named).encode()
    return _text(plain) + "." + _text(_signature(plain, key))


def read_signed(token: str, key: str) -> Subscription:
    """What a token is about. Raises `NotFound` (`no_such_link`) for one that we have not signed."""
    try:
        plain, signature = map(_bytes, token.split("."))
        if not hmac.compare_digest(signature, _signature(plain, key)):
            raise ValueError(token)
        person, kind, channel, *letter = json.loads(plain)
        return Subscription(UUID(person), KINDS[kind], Channel(channel), *map(UUID, letter))
    except (ValueError, KeyError, TypeError):
        raise NotFound("no_such_link", "链接无效", "this link is not valid") from None


def unsubscribe(work: Work, about: Subscription) -> list[Kind]:
    """Switches off what a link is about, and answers that. Doing it again changes nothing."""
    kinds = kinds_of(work, about)
    if kinds:
        own = lock_preferences(work, about.person_id, Owner.PERSON)
        off = [Choice(kind.name, about.channel, Mode.OFF) for kind in kinds]
        if not set(off) <= set(own.chosen):
            topics = {choice[:2] for choice in off}
            own.choose([*(one for one in own.chosen if one[:2] not in topics), *off], work.now)
    return kinds


def _told_in(message: Message) -> list[str]:
    """The kinds that a message tells of: its own, or those that a letter lists."""
    return message.context.get("kinds", []) if message.kind == COLLECTED.name else [message.kind]


def _optional(names: Iterable[str]) -> list[Kind]:
    return [CHOOSABLE[name] for name in names if name in CHOOSABLE and not CHOOSABLE[name].mandatory]


def _signature(plain: bytes, key: str) -> bytes:
    return hmac.new(key.encode(), b"unsubscribe:" + plain, hashlib.sha256).digest()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
