"""The key of a link in a letter, by which its receiver decides one slot in one way without signing in.

Nothing of it is kept anywhere: it says which slot, who, how and until when, and is signed together with what
the slot and the person were, so that it is worth nothing once either has changed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

Verb = Literal["agree", "disagree"]
VERBS: tuple[Verb, ...] = ("agree", "disagree")
LIFETIME = timedelta(days=7)
"""How long after the message a link may be used; a reminder brings fresh ones."""
PATH = "/api/approvals/decide/"
_SAID = struct.Struct(">16s16sBI")
_SIGNATURE = hashlib.sha256().digest_size


class DecisionLink(NamedTuple):
    """What a link is about."""

    slot_id: UUID
    person_id: UUID
    verb: Verb
    expires_at: datetime

    def signed(self, etag: str, epoch: int, key: str) -> str:
        """The token of the link for a slot as its etag names it, and a person as of his epoch."""
        return _text(self._said + self._signature(etag, epoch, key))

    def is_signed(self, token: str, etag: str, epoch: int, key: str) -> bool:
        """Whether a token was made for exactly this state of slot and person."""
        return hmac.compare_digest(self.signed(etag, epoch, key).encode(), token.encode())

    @property
    def _said(self) -> bytes:
        until = int(self.expires_at.timestamp())
        return _SAID.pack(self.slot_id.bytes, self.person_id.bytes, VERBS.index(self.verb), until)

    def _signature(self, etag: str, epoch: int, key: str) -> bytes:
        signed = b"decide:" + self._said + f"{epoch}:{etag}".encode()
        return hmac.new(key.encode(), signed, hashlib.sha256).digest()


def read_unchecked(token: str) -> DecisionLink | None:
    """What a token says, which is not to be believed before `is_signed`; nothing when it is none."""
    try:
        said = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[:-_SIGNATURE]
        slot, person, verb, until = _SAID.unpack(said)
        expires_at = datetime.fromtimestamp(until, UTC)
        return DecisionLink(UUID(bytes=slot), UUID(bytes=person), VERBS[verb], expires_at)
    except (ValueError, IndexError, struct.error):
        return None


def token_hash(token: str) -> str:
    """What the history keeps of a token that was used."""
    return hashlib.sha256(token.encode()).hexdigest()


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
