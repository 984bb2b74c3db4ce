"""The link at the end of optional mail: whoever has it may switch that kind off for its receiver, no more."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import NamedTuple
from uuid import UUID

from services.notify.channels import Channel
from services.notify.kinds import CHOOSABLE, KINDS, Kind
from services.notify.preferences import Choice, Mode, Owner
from services.notify.wishes import lock_preferences
from shared.errors import NotFound
from shared.store import Work

TOKEN_LENGTH = 300


class Subscription(NamedTuple):
    """What a link is about: mail of a kind to a person."""

    person_id: UUID
    kind: Kind
    channel: Channel

    @property
    def is_optional(self) -> bool:
        return self.kind.name in CHOOSABLE and not self.kind.mandatory


def signed(about: Subscription, key: str) -> str:
    """The token of a link. It does not expire: old mail can be unsubscribed from, too."""
    plain = json.dumps([about.person_id.hex, about.kind.name, about.channel]).encode()
    return _text(plain) + "." + _text(_signature(plain, key))


def read_signed(token: str, key: str) -> Subscription:
    """What a token is about. Raises `NotFound` (`no_such_link`) for one that we have not signed."""
    try:
        plain, signature = map(_bytes, token.split("."))
        if not hmac.compare_digest(signature, _signature(plain, key)):
            raise ValueError(token)
        person, kind, channel = json.loads(plain)
        return Subscription(UUID(person), KINDS[kind], Channel(channel))
    except (ValueError, KeyError, TypeError):
        raise NotFound("no_such_link", "链接无效", "this link is not valid") from None


def unsubscribe(work: Work, about: Subscription) -> bool:
    """Switches it off; false when it is mandatory and stays. Doing it again changes nothing."""
    if not about.is_optional:
        return False
    own = lock_preferences(work, about.person_id, Owner.PERSON)
    off = Choice(about.kind.name, about.channel, Mode.OFF)
    if off not in own.chosen:
        others = [choice for choice in own.chosen if choice[:2] != off[:2]]
        own.choose([*others, off], work.now)
    return True


def _signature(plain: bytes, key: str) -> bytes:
    return hmac.new(key.encode(), b"unsubscribe:" + plain, hashlib.sha256).digest()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
