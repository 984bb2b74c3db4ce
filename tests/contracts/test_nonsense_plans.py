"""Impossible amounts, dates and headers in a plan."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.district import District, as_json, problem

AMOUNTS = (
    *('"1e400"', '"NaN"', '"Infinity"', '"-1.00"', '"1.000"', '"1,000.00"', '""', '" "', '"１２"', '"0x10"'),
    *('"1_000"', '"+1"', '".5"', '"1."', '"01"', "1", "1.5", "1e400", "NaN", "-Infinity", "null", "true"),
    *("[]", "{}", '"10000000000000.00"', f'"{"9" * 5000}"', "9" * 400, '"1\\u0000"', '"\\ud800"', '"1\\n"'),
)
DATES = (
    *(
        '"2026-02-30"',
        '"2026-13-01"',
        '"0000-00-00"',
        '"99999-01-01"',
        '"2026-11-23T08:00:00Z"',
        '"today"',
        '""',
    ),
    *("1e400", "NaN", "1.5", "[]", "true", "99999999999999999999", '"2026-11-2３"', '"\\u0000"'),
)
YEARS = ("1999", "2101", "-1", "2026.5", "1e400", "NaN", "9" * 400, '"year"', "null", "[]", "{}")
QUANTITIES = ('"0"', '"-1"', '"1.0001"', '"1e9"', '"NaN"', "0", "-1", "1.5", "1e400", "9" * 30, "[]", "true")


def sent(district: District, body: dict[str, Any], value: str) -> Any:
    whole = as_json({"fiscal_year": 2026, "name": "甲", **body}).replace(b'"HERE"', value.encode())
    return district.send("handler", "POST", "plans/plans", whole)


def pointers(answer: Any) -> set[str]:
    refusal = problem(answer)
    assert refusal["code"] == "invalid", refusal
    return {item["pointer"] for item in refusal["errors"]}


@pytest.mark.parametrize("value", AMOUNTS)
def test_an_impossible_amount(district: District, value: str) -> None:
    line = district.sample.budget_lines[0]["id"]
    answer = sent(district, {"allocations": [{"budget_line_id": line, "amount": "HERE"}]}, value)
    assert len(pointers(answer)) == 1


@pytest.mark.parametrize("value", QUANTITIES)
def test_an_impossible_quantity(district: District, value: str) -> None:
    answer = sent(district, {"items": [{"name": "甲", "quantity": "HERE"}]}, value)
    assert all(pointer.startswith("/items/0/quantity") for pointer in pointers(answer))


@pytest.mark.parametrize("value", DATES)
def test_an_impossible_date(district: District, value: str) -> None:
    assert len(pointers(sent(district, {"intent_notice_date": "HERE"}, value))) == 1


@pytest.mark.parametrize("value", YEARS)
def test_an_impossible_year(district: District, value: str) -> None:
    assert pointers(sent(district, {"fiscal_year": "HERE"}, value)) == {"/fiscal_year"}


def test_a_plan_above_all_limits(district: District) -> None:
    item = {"name": "甲", "quantity": "1000000000", "unit_price": "9999999999999.99"}
    problem(sent(district, {"items": [item]}, ""))
    many = [{"name": "甲", "quantity": "1", "unit_price": "9999999999999.99"}] * 200
    problem(sent(district, {"items": many}, ""))
    problem(sent(district, {"items": [{"name": "甲"}] * 201}, ""))


def test_all_problems_of_a_form_at_once(district: District) -> None:
    body = {
        "name": 1,
        "items": [{"quantity": "-1", "unit_price": "1.234"}, {"of_nobody": 1}],
        "intent_notice_date": "2026-02-30",
    }
    assert pointers(sent(district, body, "")) == {
        "/name",
        "/items/0/quantity",
        "/items/0/unit_price",
        "/items/1/of_nobody",
        "/intent_notice_date",
    }


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        (None, 428, "idempotency_key_required"),
        ("", 428, "idempotency_key_required"),
        ("   ", 428, "idempotency_key_required"),
        ("a" * 201, 422, "invalid"),
    ],
)
def test_a_key_that_is_none(district: District, key: str | None, status: int, code: str) -> None:
    for who, path in (
        ("handler", "plans/plans"),
        ("head", "approvals/opinions"),
        ("boss", "directory/people"),
    ):
        asking = "district_admin" if who == "boss" else who
        refusal = problem(district.send(asking, "POST", path, b"{}", Idempotency_Key=key))
        assert (refusal["status"], refusal["code"]) == (status, code)


def test_a_key_that_is_not_ascii_is_a_key(district: District) -> None:
    body = as_json({"kind": "agree", "text": "同意"})
    answers = [
        district.send("head", "POST", "approvals/opinions", body, Idempotency_Key=b"\xff\x80\xe7\x94\xb2")
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        (None, 428),
        ("", 428),
        ("  ", 428),
        ("*", 412),
        ('"v999"', 412),
        ('W/"v1"', 412),
        ("v1", 412),
        (b'"\xff"', 412),
        ("a" * 201, 422),
    ],
)
def test_a_version_that_nobody_saw(district: District, tag: Any, status: int) -> None:
    body = as_json({"fiscal_year": 2026, "name": "甲"})
    answer = district.send("handler", "PUT", f"plans/plans/{district.plan_id}", body, If_Match=tag)
    assert problem(answer)["status"] == status


@pytest.mark.parametrize(
    "name", ["Accept-Language", "traceparent", "Authorization", "Cookie", "Accept", "Range"]
)
def test_headers_that_are_not_ascii(district: District, name: str) -> None:
    for value in (
        b"\xff\xfe",
        "甲".encode(),
        b"a" * 8000,
        b"00-" + b"z" * 32 + b"-1-1",
        b"00-" + b"_" * 32 + b"-1-1",
    ):
        answer = district.ask("", "GET", "plans/plans", headers={name: value})
        assert problem(answer)["status"] == 401


def test_english_is_spoken_on_request(district: District) -> None:
    answer = district.ask("", "GET", "plans/nothing", headers={"Accept-Language": "en"})
    assert (problem(answer)["title"], answer.json()["detail"]) == ("Not found", "no such address")
