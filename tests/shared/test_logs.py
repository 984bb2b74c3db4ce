"""Log lines: one shape for all loggers, and nothing in them that must not leave the system."""

import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog
from fastapi import FastAPI
from starlette.testclient import TestClient
from structlog.contextvars import bound_contextvars

from shared.logs import configure, get_logger, redact
from shared.web import add_error_answers

LIBRARIES = ("uvicorn", "uvicorn.error", "uvicorn.access", "celery", "celery.task")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    kept = {name: logging.getLogger(name) for name in ("root", *LIBRARIES)}
    before = {name: (log.handlers[:], log.level, log.propagate) for name, log in kept.items()}
    configuration = structlog.get_config()
    yield
    structlog.configure(**configuration)
    for name, log in kept.items():
        log.handlers[:], log.level, log.propagate = before[name]


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def redacted(**event: Any) -> dict[str, Any]:
    return dict(redact(None, "info", event))


def test_our_own_events_carry_level_time_logger_and_what_was_bound(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("json", "INFO")
    with bound_contextvars(trace_id="4bf92f"):
        get_logger("shared.relay").info("published", events=3, plan="采购")
    (line,) = lines_of(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "published",
        "events": 3,
        "plan": "采购",
        "level": "info",
        "logger": "shared.relay",
        "trace_id": "4bf92f",
    }


def test_lines_of_libraries_take_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    noisy = logging.getLogger("uvicorn.access")
    noisy.addHandler(logging.StreamHandler())
    configure("json")
    noisy.info('%s - "%s %s"', "127.0.0.1", "GET", "/api/x?token=abc&page=2")
    logging.getLogger("celery.task").warning("late")
    access, task = lines_of(capsys)
    assert access["event"] == '127.0.0.1 - "GET /api/x?token=[hidden]&page=2"'
    assert (access["logger"], access["level"]) == ("uvicorn.access", "info")
    assert (task["event"], task["level"]) == ("late", "warning")


def test_lines_below_the_level_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "warning")
    get_logger("a").info("no")
    logging.getLogger("b").info("no")
    get_logger("a").warning("yes")
    assert [line["event"] for line in lines_of(capsys)] == ["yes"]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        configure("json", "loud")


def test_a_traceback_is_one_json_line_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "INFO")
    for log in (get_logger("a"), logging.getLogger("b")):
        try:
            raise RuntimeError("cannot reach amqp://plans:s3cret@broker/ for wang@example.com")
        except RuntimeError:
            log.exception("failed")
    for line in lines_of(capsys):
        assert "Traceback" in line["exception"]
        assert "amqp://plans:[hidden]@broker/" in line["exception"]
        assert "wang" not in line["exception"]


def test_the_console_shows_a_readable_line_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    configure("console")
    try:
        raise RuntimeError("短信 13812345678 未送达")
    except RuntimeError:
        get_logger("notify").exception("not_delivered", password="s3cret", to="王")
    shown = capsys.readouterr().err
    assert "not_delivered" in shown
    assert "to=王" in shown
    assert "RuntimeError: 短信 [phone] 未送达" in shown
    assert "s3cret" not in shown
    assert "\x1b[" not in shown


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "new_password",
        "Authorization",
        "Set-Cookie",
        "refresh_token",
        "SERVICE_KEY",
        "phone",
        "mobile_no",
        "e-mail",
    ],
)
def test_a_value_under_a_secret_name_is_hidden_at_any_depth(key: str) -> None:
    assert redacted(**{key: "x"}) == {key: "[hidden]"}
    assert redacted(request={"headers": [{key: b"x"}]}) == {"request": {"headers": [{key: "[hidden]"}]}}
    assert redacted(**{key: 13812345678}) == {key: "[hidden]"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话13812345678，请回电", "电话[phone]，请回电"),
        ("+86 138-1234-5678", "[phone]"),
        ("008613812345678", "[phone]"),
        ("办公室0351-1234567转", "办公室[phone]转"),
        ("写信给 li.si+a@mail.example.cn。", "写信给 [e-mail]。"),
        ("Authorization: Bearer abc.def-1", "Authorization: [hidden] [hidden]"),
        ("Cookie: session=1; theme=2", "Cookie: [hidden]"),
        ("redis://:pw@cache:6379/0", "redis://:[hidden]@cache:6379/0"),
        ('{"password": "two words"}', '{"password": [hidden]}'),
        ("got eyJhbGciOi.eyJzdWIi.c2ln", "got [hidden]"),
    ],
)
def test_secrets_and_contact_data_inside_a_text_are_hidden(text: str, shown: str) -> None:
    assert redacted(event=text) == {"event": shown}
    assert shown in redacted(event="x", error=Exception(text))["error"]


@pytest.mark.parametrize(
    "text",
    [
        "0199f3a1-7c00-7abc-8def-13812345678a",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "91140100MA0K0K0K13",
        "2026-11-23T09:30:00Z",
        "湘财采计[2025]001910号",
        "SDGP370203000202602000053",
        "1763890200000",
        "http://127.0.0.1:8000/api/plans",
    ],
)
def test_ids_times_and_numbers_stay_readable(text: str) -> None:
    assert redacted(event=text) == {"event": text}


def test_other_values_stay_what_they_are() -> None:
    kept = {"count": 3, "ratio": 0.5, "ok": True, "token": None, "steps": ["a", {"n": 1}]}
    assert redacted(**kept) == kept
    assert redacted(id=UUID(int=1))["id"] == "UUID('00000000-0000-0000-0000-000000000001')"


def test_an_address_stands_in_no_log_as_it_may_hold_a_token() -> None:
    app = FastAPI()
    add_error_answers(app)

    @app.get("/decide/{token}")
    def fail(token: str) -> None:
        raise RuntimeError("broken")

    with structlog.testing.capture_logs() as logs:
        client = TestClient(app, raise_server_exceptions=False)
        assert client.get("/decide/a-secret").status_code == 500
    (line,) = logs
    assert (line["event"], line["route"]) == ("unexpected_error", "/decide/{token}")
    assert "a-secret" not in str(line)
