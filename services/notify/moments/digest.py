"""Messages that go out together: one digest for a person, a channel, a reason and a window of time.

open ─▶ closed   once, by whoever gets its row: its letter is on its way
  └───▶ empty    there is nothing to tell any more
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import String, UniqueConstraint, Uuid, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.message import Base
from services.notify.moments.moment import Window
from shared.database import UtcDateTime, new_id
from shared.jobs import later
from shared.store import Work

CLOSE = "notify.close_digest"
EVERY_CHANNEL = "*"
"""Stands for the channel of a digest that is sent on whichever the person has chosen for it."""
KEPT = timedelta(days=90)
ONCE = ("person_id", "channel", "key", "window_start")


class Key(StrEnum):
    """Why messages go out together: it was chosen so, there were too many, or they are all to-dos."""

    DIGEST = "digest"
    THROTTLE = "throttle"
    TODO = "todo"


class DigestState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    EMPTY = "empty"


class Digest(Base):
    """What leaves together at `due_at`; `message_id` is that of its letter."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint(*ONCE),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    channel: Mapped[str] = mapped_column(String(20))
    key: Mapped[Key] = mapped_column(String(20))
    window_start: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[DigestState] = mapped_column(String(10), default=DigestState.OPEN)
    message_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def begin(work: Work, person_id: UUID, channel: str, key: Key, window: Window) -> UUID | None:
    """Opens a digest, which is closed when it is due; nothing when there is or was one for this window."""
    row: dict[str, Any] = {
        "id": new_id(),
        "person_id": person_id,
        "channel": channel,
        "key": key,
        "window_start": window.start,
        "due_at": window.leaves.at,
        "state": DigestState.OPEN,
        "created_at": work.now,
    }
    fresh = work.insert(Digest).values(**row).on_conflict_do_nothing(index_elements=ONCE)
    made = work.session.scalar(fresh.returning(Digest.id))
    if made is not None:
        later(work, CLOSE, window.leaves.at, digest_id=str(made))
    return made


def join(work: Work, person_id: UUID, channel: str, key: Key, window: Window) -> Digest | None:
    """The open digest of a window, locked, so that it is not closed before this work ends; nothing when it
    was closed a moment ago."""
    begin(work, person_id, channel, key, window)
    same = (Digest.person_id == person_id, Digest.channel == channel, Digest.key == key)
    (found,) = work.lock_all(select(Digest).where(*same, Digest.window_start == window.start))
    return found if found.state == DigestState.OPEN else None


def claim(work: Work, digest_id: UUID) -> Digest | None:
    """Closes a digest that is due; nothing when it is not, or when that has been done: it never is twice."""
    due = (Digest.id == digest_id, Digest.state == DigestState.OPEN, Digest.due_at <= work.now)
    closed = update(Digest).where(*due).values(state=DigestState.CLOSED, closed_at=work.now)
    return work.session.scalars(closed.returning(Digest)).one_or_none()


def drop_open(work: Work, person_id: UUID, key: Key) -> bool:
    """Forgets a digest that is not due yet; whether there was one."""
    same = (Digest.person_id == person_id, Digest.key == key, Digest.state == DigestState.OPEN)
    gone = delete(Digest).where(*same, Digest.due_at > work.now)
    return work.execute(gone.returning(Digest.id)).first() is not None


def forget_closed(work: Work) -> None:
    """Deletes digests whose windows nobody asks for any more."""
    work.execute(delete(Digest).where(Digest.closed_at < work.now - KEPT))
