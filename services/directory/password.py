"""Passwords: how they are hashed, what makes a good one, and new random ones."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.errors import Problem, Unavailable
from shared.settings import PASSWORD_MEMORY_KIB

PASSES, LANES = 2, 1
AT_ONCE = 2
WAIT_SECONDS = 5
SHORTEST, SHORTEST_MIXED, MIXED_CLASSES, LONGEST = 12, 10, 3, 128

_hasher: PasswordHasher
_slots = threading.BoundedSemaphore(AT_ONCE)


def set_strength(memory_kib: int) -> None:
    """What each guess costs from now on (argon2id); other hashes are renewed when their owner signs in."""
    global _hasher
    _hasher = PasswordHasher(time_cost=PASSES, memory_cost=memory_kib, parallelism=LANES)
    _nobody.cache_clear()


def strength() -> int:
    """The memory that a guess costs now, in KiB."""
    return _hasher.memory_cost


def hash_password(password: str) -> str:
    """Takes some 30 ms of one core, so never inside a transaction. Raises `Unavailable` (`sign_in_busy`)."""
    with _slot():
        return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Takes as long for a login that does not exist (`stored` is None) as for a wrong password."""
    against = stored or _nobody()
    with _slot():
        try:
            return _hasher.verify(against, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def random_password() -> str:
    """120 random bits, 20 characters."""
    return secrets.token_urlsafe(15)


def password_problems(password: str, login: str, pointer: str) -> list[Problem]:
    """Everything that makes a password too weak: too short, or holding the login."""
    problems = []
    classes = sum(
        any(kind(c) for c in password) for kind in (str.islower, str.isupper, str.isdigit, _is_sign)
    )
    if len(password) < (SHORTEST_MIXED if classes >= MIXED_CLASSES else SHORTEST):
        text = f"密码至少 {SHORTEST} 位；含大写、小写、数字、符号中的三类时至少 {SHORTEST_MIXED} 位"
        text_en = f"at least {SHORTEST} characters, or {SHORTEST_MIXED} of three kinds"
        problems.append(Problem("password_too_weak", text, pointer, text_en))
    if login and login.lower() in password.lower():
        text_en = "must not contain the login"
        problems.append(Problem("password_contains_login", "密码不能包含登录名", pointer, text_en))
    return problems


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise Unavailable(
            "sign_in_busy", "登录繁忙，请稍后重试", "busy, try again", headers={"Retry-After": "2"}
        )
    try:
        yield
    finally:
        _slots.release()


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(15))


def _is_sign(character: str) -> bool:
    return not character.isalnum()


set_strength(PASSWORD_MEMORY_KIB)
