"""A session: what keeps a person signed in for hours while his tokens live for minutes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, String, Uuid, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from services.directory.tables import Directory
from shared.database import UtcDateTime, new_id
from shared.errors import Unauthorised
from shared.store import Look, Work

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
GRACE = timedelta(seconds=30)
"""How long the secret before the last still renews: two windows of one browser may renew at once."""


class SignInSession(Directory):
    """Renewed by a secret that changes with every use; only its hash is kept."""

    __tablename__ = "session"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    secret_hash: Mapped[str] = mapped_column(String(64))
    previous_hash: Mapped[str] = mapped_column(String(64))
    rotated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    idle_until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    absolute_until: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    client: Mapped[str] = mapped_column(String(200))

    def rotate(self, now: datetime) -> str:
        """A new secret for the client; the one before stays good for a moment."""
        secret = secrets.token_urlsafe(32)
        self.previous_hash, self.secret_hash = self.secret_hash, _hashed(secret)
        self.rotated_at = now
        self.idle_until = min(now + IDLE, self.absolute_until)
        return f"{self.id}.{secret}"

    def live(self, now: datetime) -> bool:
        return now < self.idle_until and now < self.absolute_until

    def knows(self, secret: str) -> bool:
        return hmac.compare_digest(self.secret_hash, _hashed(secret))

    def knew(self, secret: str, now: datetime) -> bool:
        """Whether it is the secret before, within the grace."""
        return now < self.rotated_at + GRACE and hmac.compare_digest(self.previous_hash, _hashed(secret))


@dataclass(frozen=True)
class Renewal:
    """A session and its new `cookie`, which is absent when another window has got it just now."""

    session: SignInSession
    cookie: str | None


def open_session(work: Work, person_id: UUID, organisation_id: UUID, client: str) -> Renewal:
    """A new session, with the cookie that renews it."""
    session = SignInSession(
        id=new_id(),
        person_id=person_id,
        organisation_id=organisation_id,
        secret_hash="",
        previous_hash="",
        opened_at=work.now,
        absolute_until=work.now + ABSOLUTE,
        client=client[:200],
    )
    cookie = session.rotate(work.now)
    work.add(session)
    return Renewal(session, cookie)


def owner_of(look: Look, cookie: str) -> UUID | None:
    """Whose session a cookie names, whatever its secret; nothing when there is none."""
    key = _key(cookie)
    return look.first(select(SignInSession.person_id).where(SignInSession.id == key)) if key else None


def find_session(work: Work, cookie: str) -> SignInSession | None:
    """The session of a cookie, locked, whatever its secret; nothing when there is none."""
    key = _key(cookie)
    return work.find(SignInSession, key) if key else None


def renew_session(work: Work, cookie: str) -> Renewal | None:
    """Turns the secret over. Nothing when the session is over or the secret is not its own.

    The person must be locked: whoever lets him out locks him, then his sessions.
    An old secret after the grace has been stolen from somebody: then the session ends for everybody.
    """
    session = find_session(work, cookie)
    if session is None:
        return None
    secret = cookie.partition(".")[2]
    if session.live(work.now) and session.knows(secret):
        return Renewal(session, session.rotate(work.now))
    if session.live(work.now) and session.knew(secret, work.now):
        return Renewal(session, None)
    if not session.live(work.now) or hmac.compare_digest(session.previous_hash, _hashed(secret)):
        work.session.delete(session)
    return None


def end_sessions(work: Work, person_id: UUID) -> None:
    """Ends all sessions of a person."""
    work.execute(delete(SignInSession).where(SignInSession.person_id == person_id))


def forget_ended_sessions(work: Work) -> None:
    """Deletes sessions that are over, but those that somebody holds just now."""
    over = or_(SignInSession.idle_until < work.now, SignInSession.absolute_until < work.now)
    ended = select(SignInSession.id).where(over).with_for_update(skip_locked=True)
    work.execute(delete(SignInSession).where(SignInSession.id.in_(ended)))


def session_ended() -> Unauthorised:
    return Unauthorised("session_ended", "登录已结束，请重新登录", "the session has ended, sign in again")


def _key(cookie: str) -> UUID | None:
    try:
        return UUID(cookie.partition(".")[0])
    except ValueError:
        return None


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
