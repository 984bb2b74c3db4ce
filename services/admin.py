"""What operators do with accounts on the host, where nobody signs in: the way back in for whoever is out."""

from __future__ import annotations

from sqlalchemy import select

from services.directory import password as passwords
from services.directory.person import Person
from services.directory.sign_in import give_password, locks, unlock
from services.operate import store_of
from services.processes import err, guarded, out
from shared.settings import Settings
from shared.store import Work

OPERATOR = "operator"


@guarded
def reset_password(settings: Settings, login: str) -> int:
    """Prints a new one-time password; sessions and tokens from before end, locks are lifted."""
    passwords.set_strength(settings.password_memory_kib)
    given = passwords.random_password()
    hashed = passwords.hash_password(given)
    with store_of(settings, "directory").work(actor=OPERATOR) as work:
        person = _named(work, login)
        if person is None:
            return 1
        give_password(work, person, hashed, temporary=True)
        active = person.active
    out.print(f"login: {login}\npassword: {given}", markup=False)
    if not active:
        err.print("该账号已停用，须由管理员启用 (inactive until an administrator activates it)")
    return 0


@guarded
def unlock_login(settings: Settings, login: str) -> int:
    """Forgets the wrong passwords that keep a login out; the password stays."""
    with store_of(settings, "directory").work(actor=OPERATOR) as work:
        person = _named(work, login)
        if person is None:
            return 1
        locked = len(locks(work, [person.login]).get(person.login, []))
        unlock(work, person.login)
    out.print("已解除锁定 (unlocked)" if locked else "未被锁定 (was not locked)")
    return 0


def _named(work: Work, login: str) -> Person | None:
    """The person, locked; a line when nobody has the login."""
    found = work.first(select(Person).where(Person.login == login.lower()).with_for_update())
    if found is None:
        err.print(f"没有登录名 (no such login) {login}", markup=False)
    return found
