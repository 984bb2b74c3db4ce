"""Signing in with login and password: the proof outside any transaction, the verdict inside one."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from services.directory import password as passwords
from services.directory.person import Person
from services.directory.tables import Directory
from shared.database import UtcDateTime
from shared.errors import Forbidden, Refusal, TooMany, Unauthorised
from shared.store import Store, Work

TRIES = 5
LOCKED_FOR = timedelta(minutes=15)


class WrongTries(Directory):
    """Wrong tries for a login, whether anybody has it or not: a lock-out must not tell which logins exist.

    Kept under a hash, since people also type their password into the wrong field.
    """

    __tablename__ = "wrong_tries"

    login_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def note(self, now: datetime) -> None:
        """One more wrong try; tries from more than fifteen minutes ago no longer count."""
        self.count = 1 if self.last_at < now - LOCKED_FOR else self.count + 1
        self.last_at = now
        if self.count >= TRIES:
            self.count, self.locked_until = 0, now + LOCKED_FOR

    def refusal(self, now: datetime) -> TooMany | None:
        """The refusal while the login is locked."""
        if self.locked_until is None or self.locked_until <= now:
            return None
        seconds = math.ceil((self.locked_until - now).total_seconds())
        return TooMany(
            "locked_out",
            f"密码错误次数过多，请 {math.ceil(seconds / 60)} 分钟后再试",
            "too many wrong passwords, try again later",
            facts={"locked_until": self.locked_until.isoformat()},
            headers={"Retry-After": str(seconds)},
        )


@dataclass(frozen=True)
class Proof:
    """The outcome of comparing a password; `renewed` is a hash by today's parameters, if those changed."""

    login: str
    right: bool
    stored: str | None
    renewed: str | None = None


def prove(store: Store, login: str, password: str) -> Proof:
    """Compares the password, slowly and so outside any transaction. Raises `TooMany` (`locked_out`)."""
    login = login.lower()
    with store.read() as look:
        tries = look.find(WrongTries, _hashed(login))
        if tries is not None and (locked := tries.refusal(look.now)):
            raise locked
        stored = look.first(select(Person.password_hash).where(Person.login == login))
    right = passwords.matches(stored, password)
    renewed = passwords.hash_password(password) if right and stored and passwords.outdated(stored) else None
    return Proof(login, right, stored, renewed)


def accept(work: Work, proof: Proof) -> Person | Refusal:
    """The person who proved himself, locked; or the refusal, returned so that the wrong try is counted.

    `locked_out` also for a right password, so that many tries at once gain nothing; `sign_in_refused`
    without saying whether the login exists; `person_inactive` only to who knows the password.
    """
    person = work.first(select(Person).where(Person.login == proof.login).with_for_update())
    tries = _tries(work, proof.login)
    if locked := tries.refusal(work.now):
        return locked
    if person is None or not proof.right or person.password_hash != proof.stored:
        tries.note(work.now)
        return Unauthorised("sign_in_refused", "登录名或密码不正确", "wrong login or password")
    work.session.delete(tries)
    person.password_hash = proof.renewed or person.password_hash
    return person if person.active else Forbidden("person_inactive", "账号已停用", "the account is inactive")


def unlock(work: Work, login: str) -> None:
    """Forgets the wrong tries of a login (an administrator gave a new password)."""
    work.execute(delete(WrongTries).where(WrongTries.login_hash == _hashed(login)))


def forget_old_tries(work: Work) -> None:
    """Deletes tries that no longer count."""
    work.execute(delete(WrongTries).where(WrongTries.last_at < work.now - 2 * LOCKED_FOR))


def _tries(work: Work, login: str) -> WrongTries:
    fresh = {"login_hash": _hashed(login), "count": 0, "last_at": work.now}
    work.execute(work.insert(WrongTries).values(fresh).on_conflict_do_nothing())
    return work.get(WrongTries, _hashed(login))


def _hashed(login: str) -> str:
    return hashlib.sha256(login.encode()).hexdigest()
