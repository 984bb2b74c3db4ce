"""Too many wrong passwords: who is locked out by them, and how he gets in again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import text
from starlette.testclient import TestClient

from services.directory.api.session import COOKIE
from services.directory.person import Person
from services.directory.session import end_sessions
from shared.people import Role
from shared.store import Store
from shared.web import Door
from tests.conftest import PostgresDatabases
from tests.directory.bureau import PASSWORD, Bureau, code
from tests.processes.test_starting import assert_clear, command

HOME, STRANGER = "203.0.113.9", "198.51.100.7"


@pytest.fixture
def li(bureau: Bureau) -> UUID:
    return bureau.someone("li.hua", bureau.unit("示例市人民医院"), Role.HANDLER)


def sign_in(bureau: Bureau, address: str, password: str = PASSWORD) -> Response:
    client = TestClient(Door(bureau.app), client=(address, 50000))
    body = {"login": "li.hua", "password": password}
    answer: Response = client.post("/api/directory/session", json=body)
    return answer


def guess(bureau: Bureau, *addresses: str) -> None:
    for address in addresses:
        for _ in range(5):
            sign_in(bureau, address, "wrong")


def locks(bureau: Bureau, who: str, person: UUID) -> Any:
    return bureau.get(who, f"/people/{person}").json()["account"]["locks"]


def test_a_stranger_who_guesses_locks_out_himself(bureau: Bureau, mayor: str, li: UUID) -> None:
    guess(bureau, STRANGER)
    assert code(sign_in(bureau, STRANGER)) == "locked_out"
    assert sign_in(bureau, HOME).status_code == 201
    assert [lock["address"] for lock in locks(bureau, mayor, li)] == [STRANGER]


def test_all_addresses_of_one_network_of_version_six_count_together(bureau: Bureau, li: UUID) -> None:
    for number in range(5):
        sign_in(bureau, f"2001:db8:1:2::{number}", "wrong")
    assert code(sign_in(bureau, "2001:db8:1:2:ffff::1")) == "locked_out"
    assert sign_in(bureau, "2001:db8:1:3::1").status_code == 201


def test_wrong_tries_from_many_addresses_lock_the_login_for_all(bureau: Bureau, mayor: str, li: UUID) -> None:
    guess(bureau, *(f"198.51.100.{number}" for number in range(10)))
    locked = sign_in(bureau, HOME)
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "900")
    assert {"address": "", "until": "2026-11-23T01:15:00Z"} in locks(bureau, mayor, li)
    bureau.clock.move(minutes=15)
    assert sign_in(bureau, HOME).status_code == 201


def test_an_administrator_sees_the_lock_and_lifts_it(bureau: Bureau, mayor: str, li: UUID) -> None:
    path = f"/people/{li}"
    assert offer(bureau, mayor, path) == (False, "未被锁定")
    free = bureau.post(mayor, f"{path}/unlock", If_Match='"v1"')
    assert (free.status_code, code(free)) == (409, "not_locked")

    guess(bureau, HOME)
    assert locks(bureau, mayor, li) == [{"address": HOME, "until": "2026-11-23T01:15:00Z"}]
    (listed,) = bureau.get(mayor, "/people?q=li.hua").json()["items"]
    assert (listed["account"]["locks"][0]["address"], offer(bureau, mayor, path)) == (HOME, (True, ""))
    assert bureau.post(mayor, f"{path}/unlock", If_Match='"v9"').status_code == 412
    done = bureau.post(mayor, f"{path}/unlock", If_Match='"v1"')
    assert (done.status_code, done.json()["account"]["locks"]) == (200, [])
    assert sign_in(bureau, HOME).status_code == 201


def test_who_does_not_administer_a_person_lifts_nothing(bureau: Bureau, li: UUID) -> None:
    unit = UUID(bureau.get("li.hua", "/me").json()["organisation"]["id"])
    bureau.someone("wang", unit, Role.REVIEWER)
    guess(bureau, HOME)
    assert bureau.get("wang", f"/people/{li}").json()["account"] is None
    assert bureau.post("wang", f"/people/{li}/unlock", If_Match='"v1"').status_code == 403
    assert code(sign_in(bureau, HOME)) == "locked_out"


def offer(bureau: Bureau, who: str, path: str) -> tuple[bool, str]:
    offered = {one["action"]: one for one in bureau.get(who, path).json()["available_actions"]}
    return offered["unlock"]["allowed"], offered["unlock"]["reason"]


# on the host, where nobody signs in


@pytest.fixture
def host(bureau: Bureau, li: UUID, monkeypatch: pytest.MonkeyPatch) -> Bureau:
    for name in ("DATABASE_URL", "BROKER_URL", "SERVICE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(bureau.here.settings.data_dir))
    monkeypatch.setenv("PASSWORD_MEMORY_KIB", "1024")
    return bureau


def test_operators_give_a_lost_password_anew(host: Bureau) -> None:
    session = sign_in(host, HOME)
    guess(host, HOME)
    status, said = command("admin", "reset-password", "LI.hua")
    assert status == 0, said
    given = said.splitlines()[1].removeprefix("password: ")
    assert code(sign_in(host, HOME, given)) == "password_change_required"
    assert code(sign_in(host, HOME)) == "sign_in_refused"
    old = host.http.post("session/renew", json={}, headers={"Cookie": f"{COOKIE}={session.cookies[COOKIE]}"})
    assert code(old) == "session_ended"
    told = host.published("person.changed")[-1]
    assert (told.data["epoch"], told.actor) == (2, "operator")


def test_operators_lift_a_lock(host: Bureau) -> None:
    host.clock.move(seconds=(datetime.now(UTC) - host.clock.now()).total_seconds())  # as it is for commands
    guess(host, HOME)
    assert command("admin", "unlock", "li.hua") == (0, "已解除锁定 (unlocked)\n")
    assert sign_in(host, HOME).status_code == 201
    assert command("admin", "unlock", "li.hua") == (0, "未被锁定 (was not locked)\n")


def test_operators_hear_that_an_account_stays_inactive(host: Bureau, mayor: str, li: UUID) -> None:
    host.post(mayor, f"/people/{li}/deactivate", If_Match='"v1"')
    status, said = command("admin", "reset-password", "li.hua")
    assert (status, "该账号已停用" in said) == (0, True)


@pytest.mark.parametrize("verb", ["reset-password", "unlock"])
def test_a_login_that_nobody_has_is_one_clear_line(host: Bureau, verb: str) -> None:
    status, said = command("admin", verb, "nobody")
    assert status == 1
    assert_clear(said, "nobody")


# letting somebody out while he renews


@pytest.fixture
def on_postgres(tmp_path: Path, databases_of_session: PostgresDatabases) -> Iterator[Bureau]:
    made = Bureau(tmp_path, databases_of_session.template)
    yield made
    made.close()


@contextmanager
def renewing(bureau: Bureau, cookie: str, answers: list[Response]) -> Iterator[None]:
    def renew() -> None:
        headers = {"Cookie": f"{COOKIE}={cookie}"}
        answers.append(bureau.http.post("session/renew", json={}, headers=headers))

    thread = Thread(target=renew)
    thread.start()
    yield
    thread.join()


def wait_for_a_lock(store: Store) -> None:
    """Until somebody waits for a row that another one holds."""
    waiting = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database OR database IS NULL"
        " WHERE NOT granted AND datname = current_database()"
    )
    for _ in range(10_000):
        with store.read() as look:
            if look.session.scalar(waiting):
                return
    raise AssertionError("nobody waits")


@pytest.mark.postgres
def test_who_renews_while_he_is_let_out_waits_and_is_out(on_postgres: Bureau) -> None:
    li = on_postgres.someone("li.hua", on_postgres.unit("医院"), Role.HANDLER)
    cookie = on_postgres.sign_in("li.hua").cookies[COOKIE]
    on_postgres.http.cookies.clear()
    answers: list[Response] = []
    with on_postgres.store.work() as work:
        person = work.get(Person, li)
        with renewing(on_postgres, cookie, answers):
            wait_for_a_lock(on_postgres.store)
            end_sessions(work, person.id)
            work.session.commit()
    assert [code(answer) for answer in answers] == ["session_ended"]
