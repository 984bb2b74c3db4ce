"""`python -m services doctor` says every mistake of a configuration, in one line each, and no secret."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
import uvicorn
from alembic import command
from alembic.script import ScriptDirectory

from services import doctor
from services.runtime import NAMES, System, find_service
from shared.broker import Delivery
from shared.calendar import Calendar
from shared.clock import Clock, HandClock
from shared.database import migration_config
from shared.settings import Settings
from shared.store import Store
from tests.conftest import server_url

KEY = "a-key-of-forty-characters-for-the-tests-"
NOBODY = "127.0.0.1:1"
"""Nothing listens on the first port."""


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What was printed, read when asked for."""

    class Lines(list[str]):
        def __iter__(self) -> Iterator[str]:
            self.extend(capsys.readouterr().out.splitlines())
            return super().__iter__()

    return Lines()


def about(lines: list[str], *words: str) -> list[str]:
    return [line for line in lines if all(word in line for word in words)]


def embedded(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "var")


def made(settings: Settings) -> Settings:
    """The databases exist, as after a first start."""
    settings.data_dir.mkdir(exist_ok=True)
    system = System(settings)
    system.migrate()
    system.stop()
    return settings


def test_an_empty_place_has_no_error_and_stays_empty(tmp_path: Path, lines: list[str]) -> None:
    settings = embedded(tmp_path)
    assert doctor.examine(settings) == 0
    assert len(about(lines, "hint", "the first start makes it")) == len(NAMES)
    assert not settings.data_dir.exists()


def test_a_first_start_leaves_one_hint_the_one_time_password(tmp_path: Path, lines: list[str]) -> None:
    assert doctor.examine(made(embedded(tmp_path))) == 0
    hints = about(lines, "hint")
    assert [line for line in hints if "one-time password" in line] == hints != []


def test_all_mistakes_are_said_at_once_and_no_secret(tmp_path: Path, lines: list[str]) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url=f"postgresql+psycopg://plans:geheim1@{NOBODY}/plans",
        broker_url=f"amqp://plans:geheim2@{NOBODY}//",
        redis_url=f"redis://:geheim3@{NOBODY}/0",
        smtp_url=f"smtp://mail:geheim4@{NOBODY}",
        feed_url=f"http://{NOBODY}",
        service_key="geheim5",
    )
    assert doctor.examine(settings) == 1
    for setting in ("SERVICE_KEY", "DATABASE_URL", "BROKER_URL", "REDIS_URL", "SMTP_URL"):
        assert len(about(lines, "error", setting)) == 1, setting
    for name in NAMES:
        assert about(lines, "error", f"{name} 数据库", "cannot connect")
        assert about(lines, "error", "FEED_URL", f"{name} ")
    assert not about(lines, "geheim")
    assert about(lines, "amqp://plans:***@")


def test_addresses_that_are_none_are_errors(tmp_path: Path, lines: list[str]) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url="nothing://{service}",
        broker_url="http://broker",
        redis_url="http://redis",
        smtp_url="localhost:25",
        feed_url="http://[::1",
        service_key=KEY,
    )
    assert doctor.examine(settings) == 1
    assert len(about(lines, "error", "unreadable URL")) == len(NAMES)
    for setting in ("BROKER_URL", "REDIS_URL", "SMTP_URL", "FEED_URL"):
        assert about(lines, "error", setting), setting


@pytest.mark.parametrize("key", ["", "short", "change-me-to-a-random-text-of-32-characters"])
def test_a_key_that_others_could_guess_is_an_error(tmp_path: Path, key: str) -> None:
    settings = Settings(data_dir=tmp_path, broker_url=server_url("amqp"), service_key=key)
    (found,) = doctor.check_key(settings)
    assert (found.level, found.about) == ("error", "SERVICE_KEY")


def test_several_processes_need_more_than_one_does(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql+psycopg://x/{service}", service_key=KEY)
    found = {finding.about: finding.level for finding in doctor.check_wiring(settings)}
    assert found == {"BROKER_URL": "warning", "FEED_URL": "warning", "REDIS_URL": "warning"}
    assert not list(doctor.check_wiring(embedded(tmp_path)))


def test_a_database_behind_its_migrations_is_an_error(tmp_path: Path, lines: list[str]) -> None:
    settings = embedded(tmp_path)
    settings.data_dir.mkdir()
    store = Store("plans", settings.database_url_of("plans"), Clock())
    service = find_service("plans")
    with store.writer.connect() as connection:
        config = migration_config("plans", service.metadata, service.migrations, connection)
        base = ScriptDirectory.from_config(config).get_base()
        assert base is not None
        command.upgrade(config, base)
        connection.commit()
    store.close()
    Store("notify", settings.database_url_of("notify"), Clock()).writer.connect().close()
    assert doctor.examine(settings) == 1
    assert about(lines, "error", "plans", base, "migrate")
    assert about(lines, "error", "notify", "no tables yet")


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path, lines: list[str]) -> None:
    settings = embedded(tmp_path)
    settings.data_dir.mkdir()
    (settings.data_dir / "approvals.db").write_text("notes about approvals\n" * 100)
    assert doctor.examine(settings) == 1
    assert about(lines, "error", "approvals", "not a database")


def test_what_is_parked_is_a_warning(tmp_path: Path, lines: list[str]) -> None:
    settings = made(embedded(tmp_path))
    system = System(settings)
    receiver = next(one for one in system.receivers if one.store.service == "notify")
    receiver.take_deliveries([Delivery(b"\xff no event", lambda: None)])
    system.stop()
    assert doctor.examine(settings) == 0
    assert about(lines, "warning", "notify", "bytes 1")


def test_a_data_dir_that_cannot_be_made_is_an_error(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "file").write_text("")
    assert doctor.examine(Settings(data_dir=tmp_path / "file" / "var")) == 1
    assert about(lines, "error", "DATA_DIR", "not writable")


def test_the_calendar_ends_with_the_last_published_year() -> None:
    assert doctor.years_without_calendar(Calendar({}), date(2025, 12, 31)) == []
    assert doctor.years_without_calendar(Calendar({}), date(2026, 1, 1)) == [2027]
    assert doctor.years_without_calendar(Calendar({}), date(2027, 1, 1)) == [2027, 2028]
    assert doctor.years_without_calendar(Calendar({}, {2027}), date(2026, 1, 1)) == []


@contextmanager
def answering(settings: Settings) -> Iterator[str]:
    """The real services on a port of their own; gives their address."""
    system = System(settings)
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(system.app(), log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        bound.close()
        system.stop()


def test_feeds_answer_to_their_key_only(tmp_path: Path) -> None:
    with answering(made(Settings(data_dir=tmp_path, service_key=KEY))) as url:
        right = Settings(data_dir=tmp_path, feed_url=url, service_key=KEY)
        assert not list(doctor.check_feeds(right))
        wrong = right.model_copy(update={"service_key": KEY[::-1]})
        found = list(doctor.check_feeds(wrong))
        assert [finding.about for finding in found] == ["SERVICE_KEY"] * len(NAMES)
        lost = right.model_copy(update={"feed_url": f"{url}/elsewhere"})
        assert [finding.about for finding in doctor.check_feeds(lost)] == ["FEED_URL"] * len(NAMES)


@pytest.mark.postgres
@pytest.mark.amqp
@pytest.mark.redis
def test_servers_that_are_there_are_no_error(tmp_path: Path, postgres_url: str, lines: list[str]) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url=postgres_url,
        broker_url=server_url("amqp"),
        redis_url=server_url("redis"),
        service_key=KEY,
    )
    assert doctor.examine(settings) == 1
    assert len(about(lines, "error", "no tables yet")) == len(NAMES)
    assert not about(lines, "error", "cannot connect")
    assert doctor.examine(made(settings)) == 0


@pytest.mark.postgres
@pytest.mark.parametrize("minutes", [-1, 1])
def test_a_clock_that_is_off_is_an_error(postgres_url: str, minutes: int) -> None:
    clock = HandClock(Clock().now() + timedelta(minutes=minutes))
    store = Store("plans", postgres_url.replace("{service}", "plans"), clock)
    with store.read() as look:
        (found,) = doctor.check_clock(look, store, "plans")
    assert found.level == "error"
    assert "60" in found.text or "59" in found.text
    store.close()
