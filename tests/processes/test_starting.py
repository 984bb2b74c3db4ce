"""What prevents a start is one clear line and a status that is not 0; operators' commands work."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from services.__main__ import app
from services.runtime import NAMES
from shared.inbox import Checkpoint, InboxRow
from tests.processes.audit import opened
from tests.processes.embedded import embedded, lines, taken_port
from tests.processes.process import free_port, run

pytestmark = pytest.mark.timeout(240)
KEY = "k" * 48
SEPARATE = {
    "DATABASE_URL": "postgresql+psycopg://u@127.0.0.1:1/{service}",
    "BROKER_URL": "amqp://127.0.0.1:1//",
    "SERVICE_KEY": KEY,
}


def command(*arguments: str, **settings: object) -> tuple[int, str]:
    """Runs a command line that ends by itself, in this process; its status and everything it said."""
    done = CliRunner().invoke(app, arguments, env={name: str(value) for name, value in settings.items()})
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done.exit_code, done.output


def assert_clear(said: str, *parts: str) -> None:
    text = "".join(lines(said))
    assert len(lines(said)) <= 3, said  # one sentence, however narrow the terminal
    for part in parts:
        assert part in text, said


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "BROKER_URL", "SERVICE_KEY", "PORT", "DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("arguments", "wrong", "named"),
    [
        ("up", {"PORT": "abc"}, "PORT"),
        ("up", {"PORT": 70000}, "PORT"),
        ("up", {"LOG_FORMAT": "xml"}, "LOG_FORMAT"),
        ("up", {"STORY": "perhaps"}, "STORY"),
        ("web", {**SEPARATE, "SERVICE_KEY": "short"}, "SERVICE_KEY"),
        ("worker", {**SEPARATE, "SERVICE_KEY": ""}, "SERVICE_KEY"),
        ("jobs", {**SEPARATE, "SERVICE_KEY": f"change-me-{KEY}"}, "SERVICE_KEY"),
        ("migrate", {**SEPARATE, "DATABASE_URL": "postgresql://h/one"}, "DATABASE_URL"),
        ("worker", {**SEPARATE, "DATABASE_URL": "oracle://h/{service}"}, "DATABASE_URL"),
        ("worker", {**SEPARATE, "BROKER_URL": "carrier-pigeon://h"}, "BROKER_URL"),
        ("migrate", SEPARATE, "database"),
        ("parked", SEPARATE, "database"),
        ("parked", {}, "database"),  # an empty directory
    ],
)
def test_a_wrong_setting_is_one_clear_line(
    tmp_path: Path, arguments: str, wrong: dict[str, object], named: str
) -> None:
    status, said = command(arguments, **{"DATA_DIR": tmp_path / "data", **wrong})
    assert status in (1, 2)
    assert_clear(said, named)


def test_an_unknown_service_is_one_clear_line(tmp_path: Path) -> None:
    status, said = command("worker", "--service", "plan", DATA_DIR=tmp_path)
    assert status == 2
    assert_clear(said, "plan", *NAMES)


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with taken_port() as port:
        status, said = command("web", DATA_DIR=tmp_path / "data", PORT=port)
    assert status == 1
    assert_clear(said, str(port), "PORT=")


def test_a_data_directory_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a directory")
    status, said = command("migrate", DATA_DIR=in_the_way / "data")
    assert status == 1
    assert_clear(said, "DATA_DIR")


def test_a_second_process_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with embedded(tmp_path / "data") as system:
        status, said = run("up", settings=system.settings | {"PORT": str(free_port())})
        assert status == 1
        assert_clear(said, "DATA_DIR")
        assert system.process.healthy()


def test_operators_see_replay_and_skip_what_is_parked(tmp_path: Path) -> None:
    where = {"DATA_DIR": tmp_path / "data"}
    for _ in range(2):  # safe to repeat
        assert command("migrate", **where)[0] == 0
    park_an_event(tmp_path / "data")

    status, said = command("parked", **where)
    assert (status, "plans:17" in said, "ZeroDivisionError" in said) == (0, True, True), said
    assert command("replay", "approvals", "plans:17", **where)[0] == 0
    assert command("skip", "approvals", "plans:17", **where)[0] == 1, "it is tried again, not parked"

    park_an_event(tmp_path / "data")
    assert command("skip", "approvals", "plans:17", **where)[0] == 0
    assert "plans:17" not in command("parked", "--service", "approvals", **where)[1]


@pytest.mark.parametrize("key", ["plans:17", "plans:", "nonsense", "-1", "0" * 40, "plans:" + "9" * 30])
@pytest.mark.parametrize("verb", ["replay", "skip"])
def test_a_key_that_is_not_parked_is_one_clear_line(tmp_path: Path, verb: str, key: str) -> None:
    command("migrate", DATA_DIR=tmp_path)
    status, said = command(verb, "approvals", "--", key, DATA_DIR=tmp_path)
    assert status == 1
    assert_clear(said, key)


def park_an_event(data_dir: Path) -> None:
    """As a handler that failed for good leaves it."""
    with (
        opened(lambda service: f"sqlite:///{data_dir / service}.db") as books,
        books.stores["approvals"].work() as work,
    ):
        row = InboxRow(
            publisher="plans",
            position=17,
            event_id=UUID(int=17),
            subject="plan/1",
            envelope={"type": "document.submitted"},
            state="parked",
            attempts=8,
            error="Traceback\nZeroDivisionError: division by [/zero]",
            received_at=work.now,
            next_attempt_at=work.now,
        )
        work.session.merge(row)
        work.session.merge(Checkpoint(publisher="plans", position=17, waiting=1))
