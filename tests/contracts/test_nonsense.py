"""Nonsense at the doors of every service: always a documented refusal, never a defect of ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contracts.district import District, as_json, problem

DOORS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "directory": (
        "district_admin",
        "directory/organisations",
        {"uscc": "1214010000TEXT048K", "name": "甲", "kind": "purchaser", "district_code": "140100"},
    ),
    "plans": ("handler", "plans/plans", {"fiscal_year": 2026, "name": "甲"}),
    "approvals": ("head", "approvals/opinions", {"kind": "agree", "text": "同意"}),
    "notify": ("handler", "notify/messages/read-all", {"up_to": None}),
}
LISTS = {
    "directory": ("district_admin", "directory/people"),
    "plans": ("handler", "plans/plans"),
    "approvals": ("head", "approvals/todo"),
    "notify": ("handler", "notify/messages"),
}
FILES = {
    "plans/attachments": "handler",
    "plans/budget-lines/imports": "finance",
    "plans/budget-lines/adjustments/imports": "finance",
    "directory/imports/people": "unit_admin",
}
every_door = pytest.mark.parametrize("service", DOORS)

BODIES = {
    "nothing": b"",
    "a word": b"plan",
    "half an object": b'{"name": ',
    "a trailing comma": b'{"name": "a",}',
    "two objects": b"{}{}",
    "a list": b"[]",
    "a number": b"1",
    "a text": b'"a"',
    "null": b"null",
    "NUL bytes": b"\0\0\0",
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "another encoding": '{"name": "甲"}'.encode("gbk"),
    "UTF-16": '{"name": "甲"}'.encode("utf-16"),
    "deep lists": b"[" * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"name":' * 50_000,
    "endless digits": b'{"name": ' + b"9" * 10_000 + b"}",
    "an unknown field": b'{"of_nobody": 1}',
    "a field of the machinery": b'{"__class__": {}, "model_config": 1}',
}
VALUES = {
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "1e400": b"1e400",
    "a huge int": b"9" * 400,
    "NUL": b'"\\u0000"',
    "a lone surrogate": b'"\\ud800"',
    "a bell": b'"\\u0007"',
    "an object": b'{"$gt": ""}',
    "a list": b"[[]]",
    "a flag": b"true",
    "megabytes of text": b'"' + b"a" * 900_000 + b'"',
    "deep": b"[" * 900 + b"]" * 900,
}


@every_door
@pytest.mark.parametrize("name", BODIES)
def test_a_broken_body(district: District, service: str, name: str) -> None:
    who, path, _ = DOORS[service]
    answer = district.send(who, "POST", path, BODIES[name])
    if (service, name) == ("notify", "nothing"):  # this body may be left out
        assert answer.status_code == 200
    else:
        assert problem(answer)["status"] in (400, 422)


@every_door
@pytest.mark.parametrize("name", VALUES)
def test_a_broken_value_in_any_field(district: District, service: str, name: str) -> None:
    who, path, body = DOORS[service]
    for field in body:
        others = {key: value for key, value in body.items() if key != field}
        sent = as_json({**others, field: "HERE"}).replace(b'"HERE"', VALUES[name])
        refusal = problem(district.send(who, "POST", path, sent))
        assert refusal["status"] in (400, 422)


@every_door
def test_a_broken_name_of_a_field(district: District, service: str) -> None:
    who, path, body = DOORS[service]
    for key in ("\0", "\ud800", "a/b~c", "", "a" * 100_000, "名"):
        refusal = problem(district.send(who, "POST", path, as_json({**body, key: 1})))
        assert refusal["status"] == 422


@every_door
def test_a_huge_body(district: District, service: str) -> None:
    who, path, _ = DOORS[service]
    answer = district.send(who, "POST", path, b'"' + b"a" * (2 * 1024 * 1024) + b'"')
    assert (answer.status_code, problem(answer)["code"]) == (413, "body_too_large")


@every_door
def test_a_huge_body_that_does_not_say_so(district: District, service: str) -> None:
    who, path, _ = DOORS[service]

    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 65_536

    answer = district.send(who, "POST", path, chunks())  # type: ignore[arg-type]
    assert (answer.status_code, problem(answer)["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("length", ["-1", "1e9", "99999999999999999999", "ten", "0x10", "1, 2"])
def test_a_length_that_is_none(district: District, length: str) -> None:
    problem(district.send("handler", "POST", "plans/plans", b"{}", Content_Length=length))


@every_door
@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "\xff"],
)
def test_another_content_type(district: District, service: str, kind: str) -> None:
    who, path, body = DOORS[service]
    problem(district.send(who, "POST", path, as_json(body), Content_Type=kind.encode("latin-1")))


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--x--',
        ),
        ("multipart/form-data; boundary=\xff", b"\xff" * 100),
        ("application/json", b"{}"),
    ],
)
def test_a_broken_form(district: District, path: str, kind: str, body: bytes) -> None:
    who = FILES[path]
    problem(district.send(who, "POST", path, body, Content_Type=kind.encode("latin-1")))


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 1000, b"\xff\xfe\x00", b"a,b\n1,2\n", b'"' * 999, "甲,乙\n".encode()]
)
def test_a_file_that_is_none(district: District, path: str, content: bytes) -> None:
    who = FILES[path]
    for name in ("a.csv", "../../etc/passwd", "名\0.pdf", "a" * 5000):
        answer = district.ask(who, "POST", path, files={"file": (name, content, "application/pdf")})
        # a preview tells its problems line by line, and any text may be attached to a plan
        if answer.status_code not in (200, 201):
            problem(answer)
        elif path == "plans/attachments":
            assert not set("/\\\0") & set(answer.json()["name"])


@every_door
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing-here", 404),
        ("GET", "", 404),
        ("GET", "..%2f..%2fetc%2fpasswd", 404),
        ("GET", "a" * 5000, 404),
        ("GET", "%ff%fe", 404),
        ("GET", "%ed%a0%80", 404),
        ("GET", "nothing%00here", 400),
        ("GET", "health?q=%00", 400),
        ("DELETE", "health", 405),
        ("TRACE", "health", 405),
        ("NONSENSE", "health", 405),
    ],
)
def test_no_such_address(district: District, service: str, method: str, path: str, status: int) -> None:
    assert problem(district.ask("handler", method, f"{service}/{path}"))["status"] == status


@pytest.mark.parametrize(
    "path",
    [
        "plans/plans/{}",
        "plans/budget-lines/{}",
        "approvals/cases/{}",
        "notify/messages/{}",
        "directory/people/{}",
    ],
)
@pytest.mark.parametrize("key", ["1", "null", "%20", "%F0%9F%92%A9", "0" * 32, "' OR 1=1 --", "%0d%0aX: y"])
def test_a_key_of_nothing(district: District, path: str, key: str) -> None:
    assert problem(district.ask("admin", "GET", path.format(key)))["status"] in (403, 404, 422)


@every_door
@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "-1"},
        {"limit": "1e400"},
        {"limit": "9" * 5000},
        {"limit": "ten"},
        {"limit": ""},
        {"cursor": "!"},
        {"cursor": "a"},
        {"cursor": "甲"},
        {"cursor": "a" * 401},
    ],
)
def test_a_page_of_nothing(district: District, service: str, query: dict[str, str]) -> None:
    who, path = LISTS[service]
    assert problem(district.ask(who, "GET", path, params=query))["status"] in (400, 422)


CURSORS: tuple[Any, ...] = (
    *({}, [], 1, None, [1], [{}], [[]], [None], [True], ["x"], ["\0"], ["\ud800"], ["2026-11-23"]),
    *(["2026-11-23T00:00:00", "x"], ["0001-01-01T00:00:00+14:00", "0" * 32], ["9" * 100], [{}, {}], [1, 2]),
    *(
        ["9999-12-31T23:59:59-14:00", "0" * 32],
        ["NaN"],
        ["", ""],
        ["2026-11-23T00:00:00Z", {}],
        ["a", "b", "c"],
    ),
)


@every_door
@pytest.mark.parametrize("content", CURSORS, ids=repr)
def test_a_forged_cursor(district: District, service: str, content: Any) -> None:
    who, path = LISTS[service]
    cursor = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    answer = district.ask(who, "GET", path, params={"cursor": cursor})
    assert problem(answer)["code"] == "bad_cursor"
