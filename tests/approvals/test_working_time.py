"""Budgets in working time: office hours, holidays and make-up days (I36)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.approvals.working_time import USUAL_HOURS, WorkingTime
from shared.calendar import Calendar
from shared.clock import SHANGHAI

USUAL = WorkingTime(Calendar({}))
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 20))
MOMENTS = st.builds(datetime.combine, DAYS, st.times(), st.just(UTC))
BUDGETS = st.integers(1, 60 * 60).map(lambda minutes: timedelta(minutes=minutes))


def local(text: str) -> datetime:
    """A moment in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-23T09:00", 2, "2026-11-23T11:00"),
        ("2026-11-23T09:00", 3, "2026-11-23T12:00"),
        ("2026-11-23T11:00", 2, "2026-11-23T15:00"),
        ("2026-11-23T12:30", 4, "2026-11-23T18:00"),
        ("2026-11-23T20:00", 1, "2026-11-24T09:30"),
        ("2026-11-27T17:00", 2, "2026-11-30T09:30"),
        ("2026-09-30T17:00", 2, "2026-10-08T09:30"),
        ("2026-10-09T17:00", 2, "2026-10-10T09:30"),
    ],
    ids=["morning", "to noon", "over noon", "from noon", "evening", "weekend", "national day", "make-up"],
)
def test_a_budget_runs_in_office_hours_only(start: str, hours: int, end: str) -> None:
    reckoned = USUAL.after(local(start), timedelta(hours=hours))
    assert reckoned.at == local(end)
    assert sum((share.counted for share in reckoned.days), timedelta()) == timedelta(hours=hours)


def test_every_day_on_the_way_is_explained() -> None:
    reckoned = USUAL.after(local("2026-09-30T17:00"), timedelta(hours=2))
    told = [(str(share.day.date), share.day.reason, share.counted) for share in reckoned.days]
    assert told[0] == ("2026-09-30", "工作日", timedelta(hours=1))
    assert told[1][:2] == ("2026-10-01", "国庆节")
    assert told[-1] == ("2026-10-08", "工作日", timedelta(hours=1))
    assert reckoned.warnings == []


def test_an_uncovered_year_counts_weekdays_with_a_warning() -> None:
    reckoned = USUAL.after(local("2049-12-31T17:30"), timedelta(hours=1))
    assert reckoned.at == local("2050-01-03T09:00")
    assert [warning.code for warning in reckoned.warnings] == ["calendar_year_assumed"] * 2


def test_a_district_may_keep_other_hours_and_other_days() -> None:
    own = WorkingTime(Calendar({date(2026, 11, 24): False}), [(time(10), time(16))])
    assert own.after(local("2026-11-23T09:00"), timedelta(hours=7)).at == local("2026-11-25T11:00")


@given(MOMENTS, BUDGETS, BUDGETS)
@settings(max_examples=150, deadline=None)
def test_i36_due_dates_are_exact_and_monotone_in_the_budget(
    start: datetime, one: timedelta, more: timedelta
) -> None:
    first, second = USUAL.after(start, one), USUAL.after(start, one + more)
    assert start < first.at < second.at
    assert USUAL.between(start, first.at) == one
    assert USUAL.between(first.at, second.at) == more
    assert USUAL.after(first.at, more).at == second.at
    there = first.at.astimezone(SHANGHAI).time()
    assert any(opens < there <= closes for opens, closes in USUAL_HOURS)


@given(MOMENTS, MOMENTS)
@settings(max_examples=60, deadline=None)
def test_i36_time_between_is_time_that_a_clock_would_show(one: datetime, two: datetime) -> None:
    passed = USUAL.between(one, two)
    assert timedelta() <= passed <= max(timedelta(), two - one)
    assert two > one or passed == timedelta()
