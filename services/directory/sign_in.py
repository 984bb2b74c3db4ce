"""Signing in with login and password: the proof outside any transaction, the verdict inside one."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, String, delete, select, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from services.directory import password as passwords
from services.directory.person import Person
from services.directory.session import end_sessions
from services.directory.tables import Directory
from shared.database import UtcDateTime
from shared.errors import Forbidden, Refusal, TooMany, Unauthorised
from shared.store import Look, Store, Work

FROM_ONE_ADDRESS = 5
FROM_ANYWHERE = 50
"""Wrong tries that lock a login: for the address they come from, and for all. A stranger who guesses locks
out himself; only who has many addresses locks out the owner too, and an administrator lifts that."""
LOCKED_FOR = timedelta(minutes=15)
ANYWHERE = ""


class WrongTries(Directory):
    """Wrong tries for a login from one address, or `ANYWHERE`, whether anybody has the login or not: a lock
    must not tell which logins exist.

    The login is kept under a hash, since people also type their password into the wrong field.
    """

    __tablename__ = "wrong_tries"

    login_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def note(self, now: datetime) -> None:
        """One more wrong try; tries from more than fifteen minutes ago no longer count."""
        self.count = 1 if self.last_at < now - LOCKED_FOR else self.count + 1
        self.last_at = now
        if self.count >= (FROM_ANYWHERE if self.address == ANYWHERE else FROM_ONE_ADDRESS):
            self.count, self.locked_until = 0, now + LOCKED_FOR


@dataclass(frozen=True)
class Proof:
    """The outcome of comparing a password; `renewed` is a hash by today's parameters, if those changed."""

    login: str
    address: str
    right: bool
    stored: str | None
    renewed: str | None = None


def prove(store: Store, login: str, password: str, address: str) -> Proof:
    """Compares the password, slowly and so outside any transaction. Raises `TooMany` (`locked_out`)."""
    login = login.lower()
    with store.read() as look:
        if locked := _refusal(look.all(_tries(login, address)), look.now):
            raise locked
        stored = look.first(select(Person.password_hash).where(Person.login == login))
    right = passwords.matches(stored, password)
    renewed = passwords.hash_password(password) if right and stored and passwords.outdated(stored) else None
    return Proof(login, address, right, stored, renewed)


def accept(work: Work, proof: Proof) -> Person | Refusal:
    """The person who proved himself, locked; or the refusal, returned so that the wrong try is counted.

    `locked_out` also for a right password, so that many tries at once gain nothing; `sign_in_refused`
    without saying whether the login exists; `person_inactive` only to who knows the password.
    """
    person = work.first(select(Person).where(Person.login == proof.login).with_for_update())
    tries = _tries_so_far(work, proof)
    if locked := _refusal(tries, work.now):
        return locked
    if person is None or not proof.right or person.password_hash != proof.stored:
        for one in tries:
            one.note(work.now)
        return Unauthorised("sign_in_refused", "登录名或密码不正确", "wrong login or password")
    for one in tries:
        work.session.delete(one)
    person.password_hash = proof.renewed or person.password_hash
    return person if person.active else Forbidden("person_inactive", "账号已停用", "the account is inactive")


def give_password(work: Work, person: Person, password_hash: str, temporary: bool) -> None:
    """Gives a locked person another password: sessions and tokens from before end, locks are lifted."""
    work.publish(person.set_password(password_hash, temporary, work.today))
    end_sessions(work, person.id)
    unlock(work, person.login)


def unlock(work: Work, login: str) -> None:
    """Forgets the wrong tries of a login, wherever they came from."""
    work.execute(delete(WrongTries).where(WrongTries.login_hash == _hashed(login)))


@dataclass(frozen=True)
class Lock:
    """What keeps a login out until a moment: from an address, or from `ANYWHERE`."""

    address: str
    until: datetime


def locks(look: Look, logins: Sequence[str]) -> dict[str, list[Lock]]:
    """What keeps these logins out now, the lock that ends last first; nothing for those that are free."""
    by_hash = {_hashed(login): login for login in logins}
    found: dict[str, list[Lock]] = {}
    locked = WrongTries.login_hash.in_(by_hash), WrongTries.locked_until > look.now
    for one in look.all(select(WrongTries).where(*locked).order_by(WrongTries.locked_until.desc())):
        if one.locked_until is not None:
            found.setdefault(by_hash[one.login_hash], []).append(Lock(one.address, one.locked_until))
    return found


def forget_old_tries(work: Work) -> None:
    """Deletes tries that no longer count, but those that somebody holds just now."""
    key = tuple_(WrongTries.login_hash, WrongTries.address)
    old = select(WrongTries.login_hash, WrongTries.address).where(
        WrongTries.last_at < work.now - 2 * LOCKED_FOR
    )
    work.execute(delete(WrongTries).where(key.in_(old.with_for_update(skip_locked=True))))


def _refusal(tries: Sequence[WrongTries], now: datetime) -> TooMany | None:
    """The refusal while the login is locked, here or anywhere, until the last lock ends."""
    until = max((one.locked_until for one in tries if one.locked_until), default=now)
    if until <= now:
        return None
    seconds = math.ceil((until - now).total_seconds())
    return TooMany(
        "locked_out",
        f"密码错误次数过多，请 {math.ceil(seconds / 60)} 分钟后再试",
        "too many wrong passwords, try again later",
        facts={"locked_until": until.isoformat()},
        headers={"Retry-After": str(seconds)},
    )


def _tries(login: str, address: str) -> Select[WrongTries]:
    """Those from the address and those from anywhere, in the order in which they are locked."""
    mine = WrongTries.login_hash == _hashed(login), WrongTries.address.in_((ANYWHERE, address))
    return select(WrongTries).where(*mine).order_by(WrongTries.address)


def _tries_so_far(work: Work, proof: Proof) -> list[WrongTries]:
    """Locked; made when there are none yet."""
    fresh = {"login_hash": _hashed(proof.login), "count": 0, "last_at": work.now}
    rows = [{**fresh, "address": address} for address in sorted({ANYWHERE, proof.address})]
    work.execute(work.insert(WrongTries).values(rows).on_conflict_do_nothing())
    return work.lock_all(_tries(proof.login, proof.address))


def _hashed(login: str) -> str:
    return hashlib.sha256(login.encode()).hexdigest()
