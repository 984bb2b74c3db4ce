"""Nonsense at the doors of district rules and of the calendar: refused with pointers, no defect of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contracts.district import District, as_json, problem
from tests.contracts.test_nonsense_plans import AMOUNTS, DATES, YEARS, pointers

SHARE = {"whole_up_to": "1.00", "reserved_percent": 30, "micro_percent": 60}
SME: dict[str, Any] = {"enforcement": "warn", "goods": SHARE, "services": SHARE, "works": SHARE}
PERCENTS = ("-1", "101", "30.5", "1e400", "NaN", '"thirty"', "null", "[]", "9" * 400)


def published(district: District, topic: str, body: dict[str, Any], value: str = "") -> Any:
    """The answer to a version in which the text HERE is replaced by any bytes."""
    path = f"plans/districts/{district.sample.district}/rules/{topic}"
    tag = district.ask("district_admin", "GET", path).headers["etag"]
    whole = as_json({"effective_from": "2027-01-01", "source": "甲", **body}).replace(
        b'"HERE"', value.encode()
    )
    return district.send("district_admin", "POST", f"{path}/versions", whole, If_Match=tag)


@pytest.mark.parametrize("value", AMOUNTS)
def test_an_impossible_amount(district: District, value: str) -> None:
    content = {**SME, "goods": {**SHARE, "whole_up_to": "HERE"}}
    (pointer,) = pointers(published(district, "sme", {"content": content}, value))
    # a control character is refused wherever it stands
    assert pointer == ("" if "\\u" in value else "/content/goods/whole_up_to")


@pytest.mark.parametrize("value", PERCENTS)
def test_an_impossible_share(district: District, value: str) -> None:
    content = {**SME, "works": {**SHARE, "micro_percent": "HERE"}}
    answer = published(district, "sme", {"content": content}, value)
    assert pointers(answer) == {"/content/works/micro_percent"}


@pytest.mark.parametrize("value", DATES)
def test_an_impossible_day(district: District, value: str) -> None:
    body = {"content": SME, "effective_from": "HERE"}
    assert pointers(published(district, "sme", body, value)) <= {"/effective_from", ""}


@pytest.mark.parametrize("value", YEARS)
def test_an_impossible_year(district: District, value: str) -> None:
    content = {"years": [{"year": "HERE"}]}
    assert pointers(published(district, "years", {"content": content}, value)) == {"/content/years/0/year"}


@pytest.mark.parametrize("value", ["[]", '"warn"', "1", "true", "NaN", '{"enforcement": ["warn"]}'])
def test_a_content_that_is_none(district: District, value: str) -> None:
    found = pointers(published(district, "splitting", {"content": "HERE"}, value))
    assert all(pointer.startswith("/content") for pointer in found)


@pytest.mark.parametrize(
    "content",
    [
        {"enforcement": "warn", "\0": 1},
        {"enforcement": "warn\0"},
        {"enforcement": "warn", "a/b~c": {}},
        {"enforcement": "warn", "": []},
        {"enforcement": {"$gt": ""}},
        {"enforcement": json.loads("[" * 400 + "]" * 400)},
    ],
    ids=repr,
)
def test_a_content_with_something_strange_in_it(district: District, content: dict[str, Any]) -> None:
    assert problem(published(district, "splitting", {"content": content}))["status"] == 422


def test_everything_at_once(district: District) -> None:
    body = {"effective_from": "2020-01-01", "source": "", "content": {"enforcement": 1, "of_nobody": 1}}
    assert pointers(published(district, "splitting", body)) == {"/source"}
    body["source"] = "甲"
    assert pointers(published(district, "splitting", body)) == {
        "/effective_from",
        "/content/enforcement",
        "/content/of_nobody",
    }


@pytest.mark.parametrize("version", ["0", "-1", "x", "9" * 30, "%20", "null"])
def test_a_version_that_is_none(district: District, version: str) -> None:
    path = f"plans/districts/{district.sample.district}/rules/sme/versions/{version}/withdraw"
    answer = district.send("district_admin", "POST", path, b"", If_Match='"v0"')
    assert problem(answer)["status"] == 422


@pytest.mark.parametrize("code", ["1", "99999", "1401000", "abcdef", "%2f", "１４０１００"])
def test_a_district_that_is_none(district: District, code: str) -> None:
    assert problem(district.ask("handler", "GET", f"plans/districts/{code}/rules"))["status"] in (404, 422)


@pytest.mark.parametrize("query", ["on=2026-02-30", "on=x", "on=", "on=99999-01-01"])
def test_a_day_to_look_at_that_is_none(district: District, query: str) -> None:
    path = f"plans/districts/{district.sample.district}/rules"
    assert problem(district.ask("handler", "GET", f"{path}?{query}"))["status"] == 422


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day(district: District, day: str) -> None:
    path = f"plans/districts/{district.sample.district}/rules"
    rules = district.ask("handler", "GET", f"{path}?on={day}").json()["rules"]
    assert bool(rules) == (day > "2000-01-01")
    one = district.ask("handler", "GET", f"{path}/sme?on={day}")
    assert one.status_code == (200 if rules else 404)


@pytest.mark.parametrize("value", DATES)
def test_a_day_of_the_calendar_that_is_none(district: District, value: str) -> None:
    body = as_json({"days": [{"date": "HERE", "working": True}]}).replace(b'"HERE"', value.encode())
    answer = district.send("admin", "PUT", "directory/calendar/2030", body, If_Match='"v0"')
    assert pointers(answer) <= {"/days/0/date", ""}


@pytest.mark.parametrize("days", ["0", "-1", "367", "1e400", "five", "", "9" * 400, "1.5"])
def test_a_number_of_days_that_is_none(district: District, days: str) -> None:
    answer = district.ask(
        "handler", "GET", "directory/working-days", params={"from": "2026-11-23", "days": days}
    )
    assert problem(answer)["status"] == 422


@pytest.mark.parametrize("start", ["0001-01-01", "1999-12-31", "2099-12-31", "9999-12-31"])
def test_days_that_no_calendar_reaches(district: District, start: str) -> None:
    asked = {"from": start, "days": "5"}
    refused = district.ask("handler", "GET", "directory/working-days", params=asked)
    assert problem(refused)["code"] == "calendar_year_missing"
    assumed = district.ask("handler", "GET", "directory/working-days", params={**asked, "statutory": "false"})
    assert assumed.status_code == (409 if start == "9999-12-31" else 200)
