"""Passwords at the strength that the product ships with; the other tests make do with less."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import process_time

import pytest
from sqlalchemy import select

from services.directory import password
from services.directory.person import Person
from shared.people import Role
from shared.settings import PASSWORD_MEMORY_KIB
from tests.directory.bureau import Bureau, code


@pytest.fixture
def li(bureau: Bureau) -> str:
    bureau.someone("li.hua", bureau.unit("示例市人民医院"), Role.HANDLER)
    return "li.hua"


@pytest.fixture(autouse=True)
def shipped_strength() -> Iterator[None]:
    """Passwords are hashed as they are for people."""
    before = password.strength()
    password.set_strength(PASSWORD_MEMORY_KIB)
    yield
    password.set_strength(before)


def test_a_password_that_was_hashed_otherwise_is_hashed_anew(bureau: Bureau, li: str) -> None:
    def stored() -> str:
        with bureau.store.read() as look:
            return str(look.session.scalar(select(Person.password_hash).where(Person.login == li)))

    assert "$argon2id$v=19$m=1024,t=2,p=1$" in stored()
    bureau.sign_in(li, "wrong")
    assert "m=1024," in stored()
    assert bureau.sign_in(li).status_code == 201
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in stored()
    assert bureau.sign_in(li).status_code == 201


def test_an_unknown_login_is_answered_like_a_wrong_password(bureau: Bureau, li: str) -> None:
    wrong, unknown = bureau.sign_in(li, "wrong"), bureau.sign_in("nobody", "wrong")
    assert (
        (wrong.status_code, code(wrong)) == (unknown.status_code, code(unknown)) == (401, "sign_in_refused")
    )
    assert wrong.json()["detail"] == unknown.json()["detail"]

    def seconds(login: str) -> float:
        begin = process_time()
        bureau.sign_in(login, "wrong")
        return process_time() - begin

    # each costs one argon2: without it an unknown login would be ten times as fast
    pairs = [(seconds(li), seconds(f"nobody{number}")) for number in range(3)]
    assert median(unknown for _, unknown in pairs) > 0.3 * median(known for known, _ in pairs)
