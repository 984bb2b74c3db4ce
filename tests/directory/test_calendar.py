"""The working-day calendar: kept by the platform, counted by everybody, told to the services."""

from __future__ import annotations

from typing import Any

import pytest

from shared.people import Role
from tests.directory.bureau import Bureau, code, codes

NEW_YEAR = {"date": "2027-01-01", "working": False, "note": "元旦"}
MADE_UP = {"date": "2027-01-09", "working": True, "note": "元旦调休"}


def set_year(bureau: Bureau, who: str, *days: dict[str, Any], at: str = '"v0"', **about: Any) -> Any:
    body = {"days": list(days), **about}
    return bureau.ask(who, "PUT", "/calendar/2027", body, If_Match=at)


def count(bureau: Bureau, who: str, start: str, days: int, **more: Any) -> Any:
    query = "&".join(f"{name}={value}" for name, value in {"from": start, "days": days, **more}.items())
    return bureau.get(who, f"/working-days?{query}")


def test_a_period_is_explained_day_by_day(bureau: Bureau) -> None:
    admin = bureau.platform()
    period = count(bureau, admin, "2026-09-29", 5).json()
    assert (period["end"], period["ends_at"]) == ("2026-10-12", "2026-10-12T16:00:00Z")
    assert period["working_days"] == 5
    reasons = {day["date"]: (day["weekday"], day["working"], day["reason"]) for day in period["days"]}
    assert reasons["2026-09-30"] == ("周三", True, "工作日")
    assert reasons["2026-10-01"] == ("周四", False, "国庆节")
    assert reasons["2026-10-10"] == ("周六", True, "国庆节调休上班")
    assert reasons["2026-10-11"] == ("周日", False, "周末")
    assert period["text"].startswith("自 2026-09-29 次日起算 5 个工作日，至 2026-10-12 24:00 止")


def test_a_year_that_nobody_has_published_is_entered_by_the_platform(any_bureau: Bureau) -> None:
    bureau = any_bureau
    admin = bureau.platform()
    shown = bureau.get(admin, "/calendar/2027").json()
    assert (shown["covered"], shown["version"], shown["status_label"]) == (False, 0, "尚无日历")
    refused = count(bureau, admin, "2026-12-30", 5)
    assert (refused.status_code, code(refused), refused.json()["year"]) == (
        409,
        "calendar_year_missing",
        2027,
    )
    assumed = count(bureau, admin, "2026-12-30", 5, statutory="false").json()
    assert (assumed["end"], len(assumed["warnings"])) == ("2027-01-06", 1)
    entered = set_year(bureau, admin, MADE_UP, NEW_YEAR, complete=True)
    assert entered.json()["covered"] is True
    assert [day["date"] for day in entered.json()["days"]] == ["2027-01-01", "2027-01-09"]
    period = count(bureau, admin, "2026-12-30", 7).json()
    assert (period["end"], period["warnings"]) == ("2027-01-09", [])
    reasons = {day["date"]: day["reason"] for day in period["days"]}
    assert reasons["2027-01-01"] == "元旦，按日历调整为休息日"
    (told,) = bureau.published("calendar.year_changed")
    assert (told.subject, told.subjectversion) == ("calendar/2027", 1)
    assert told.data["days"][0] == NEW_YEAR


def test_days_that_are_set_alone_leave_the_rest_of_the_year_open(bureau: Bureau) -> None:
    admin = bureau.platform()
    assert set_year(bureau, admin, NEW_YEAR).json()["covered"] is False
    assert code(count(bureau, admin, "2026-12-31", 1)) == "calendar_year_missing"


def test_only_the_platform_sets_days_and_only_what_it_has_seen(bureau: Bureau, mayor: str) -> None:
    admin = bureau.platform()
    assert code(set_year(bureau, mayor, NEW_YEAR)) == "role_required"
    assert bureau.get(mayor, "/calendar/2027").json()["available_actions"][0]["allowed"] is False
    assert set_year(bureau, admin, NEW_YEAR).status_code == 200
    assert set_year(bureau, admin).status_code == 412
    assert set_year(bureau, admin, at='"v1"').json()["days"] == []
    bureau.someone("reader", bureau.unit("示例学校"), Role.HANDLER)
    assert [row["year"] for row in bureau.get("reader", "/calendar").json()] == [2026, 2027]


def test_days_that_do_not_fit_are_all_named(bureau: Bureau) -> None:
    admin = bureau.platform()
    other = {"date": "2026-01-01", "working": False}
    assert codes(set_year(bureau, admin, NEW_YEAR, other, NEW_YEAR)) == {
        ("/days/1/date", "day_of_other_year"),
        ("/days/2/date", "day_repeated"),
    }


@pytest.mark.parametrize(
    "query",
    ["", "from=2026-02-30&days=5", "from=2026-01-01&days=0", "from=2026-01-01&days=367", "from=x&days=x"],
)
def test_a_question_that_is_none(bureau: Bureau, query: str) -> None:
    assert bureau.get(bureau.platform(), f"/working-days?{query}").status_code == 422


def test_the_end_of_all_days_is_a_refusal(bureau: Bureau) -> None:
    assert code(count(bureau, bureau.platform(), "9999-12-31", 1)) == "calendar_year_missing"
    answer = count(bureau, "admin", "9999-12-30", 1, statutory="false")
    assert (answer.status_code, code(answer)) == (409, "calendar_year_missing")
    last = count(bureau, "admin", "9999-12-29", 1, statutory="false").json()
    assert (last["end"], last["ends_at"]) == ("9999-12-30", "9999-12-30T16:00:00Z")
    assert bureau.get("admin", "/calendar/1999").status_code == 422
