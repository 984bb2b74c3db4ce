"""The keys that sign tokens: always two in the published set, so that a change of key goes unnoticed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import OKPAlgorithm
from sqlalchemy import String, Text, Uuid, select
from sqlalchemy.orm import Mapped, mapped_column

from services.directory.tables import Directory, take_turn
from shared.database import Json, UtcDateTime, new_id
from shared.store import Look, Work
from shared.tokens import AUDIENCE, PERSON_ISSUER

if TYPE_CHECKING:
    from shared.service import Running

LIFETIME = timedelta(minutes=15)
IN_USE = timedelta(days=30)
KEPT_AFTER = timedelta(hours=1)
"""How long the key before is still published: longer than any token that it signed lives."""


class SigningKey(Directory):
    """An Ed25519 key. state: next (published, not yet signing) | current | previous (no longer signing)."""

    __tablename__ = "signing_key"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    state: Mapped[str] = mapped_column(String(10), unique=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    private_pem: Mapped[str] = mapped_column(Text)
    public: Mapped[dict[str, Any]] = mapped_column(Json)

    def sign(self, claims: dict[str, Any], now: datetime) -> str:
        """A token of fifteen minutes for every service."""
        times = {"iss": PERSON_ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + LIFETIME}
        return jwt.encode({**claims, **times}, self.private_pem, "EdDSA", {"kid": str(self.id)})


def issue_token(key: SigningKey, person_id: UUID, organisation_id: UUID, epoch: int, now: datetime) -> str:
    """A person's token, acting for an organisation."""
    return key.sign({"sub": str(person_id), "org": str(organisation_id), "epoch": epoch}, now)


def issue_service_token(key: SigningKey, account_id: UUID, now: datetime) -> str:
    """The token of a service account; it names no organisation, so it is nobody's person token."""
    return key.sign({"sub": str(account_id), "kind": "service"}, now)


def current_key(look: Look) -> SigningKey:
    """The key that signs now."""
    return look.session.scalars(select(SigningKey).where(SigningKey.state == "current")).one()


def jwks(running: Running) -> dict[str, Any]:
    """The public keys (RFC 7517) of the directory that runs in this process."""
    with running.store.read() as look:
        return {"keys": look.all(select(SigningKey.public).order_by(SigningKey.id))}


def make_keys(work: Work) -> None:
    """The first two keys, if there are none."""
    if work.first(select(SigningKey.id)) is None:
        work.add(_new_key("current", work.now), _new_key("next", work.now))


def rotate_keys(work: Work) -> None:
    """Lets the next key sign after thirty days, and an hour later replaces the old one by another next."""
    take_turn(work, "signing keys")
    keys = {key.state: key for key in work.all(select(SigningKey))}
    current, following, previous = keys["current"], keys.get("next"), keys.get("previous")
    if previous is not None and current.since <= work.now - KEPT_AFTER:
        work.session.delete(previous)
        work.session.flush()
        work.add(_new_key("next", work.now))
    elif following is not None and current.since <= work.now - IN_USE:
        current.state = "previous"
        work.session.flush()
        following.state, following.since = "current", work.now


def _new_key(state: str, now: datetime) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    identity = new_id()
    public = {
        **OKPAlgorithm.to_jwk(private.public_key(), as_dict=True),
        "kid": str(identity),
        "use": "sig",
        "alg": "EdDSA",
    }
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return SigningKey(id=identity, state=state, since=now, private_pem=pem, public=public)
