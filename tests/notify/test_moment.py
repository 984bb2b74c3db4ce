"""When something may leave: quiet hours over midnight, holidays with make-up days, unknown years."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.event_words import local_text
from services.notify.moments.moment import LONGEST_REST, hour_of, may_leave, mornings, window_of
from services.notify.moments.timing import USUAL, Timing
from shared.calendar import Calendar
from shared.clock import SHANGHAI, local_date
from tests.notify.choosing import at

CALENDAR = Calendar({})
"""The published one: the National Day of 2026 is off from 1 to 7 October, Saturday 10 October is worked."""
NIGHT = {"quiet_hours": ["22:00", "07:00"]}


def timing(**kept: Any) -> Timing:
    return Timing.of({**USUAL, **kept})


@pytest.mark.parametrize(
    ("asked", "leaves"),
    [
        ("2026-11-23 21:59", "2026-11-23 21:59"),
        ("2026-11-23 22:00", "2026-11-24 07:00"),
        ("2026-11-24 00:00", "2026-11-24 07:00"),
        ("2026-11-24 06:59", "2026-11-24 07:00"),
        ("2026-11-24 07:00", "2026-11-24 07:00"),
    ],
)
def test_quiet_hours_go_over_midnight(asked: str, leaves: str) -> None:
    moment = may_leave(timing(**NIGHT), CALENDAR, at(asked))
    assert (local_text(moment.at), moment.waits) == (leaves, asked != leaves)


def test_quiet_hours_within_a_day() -> None:
    lunch = timing(quiet_hours=["12:00", "14:00"])
    assert local_text(may_leave(lunch, CALENDAR, at("2026-11-23 12:30")).at) == "2026-11-23 14:00"
    assert not may_leave(lunch, CALENDAR, at("2026-11-23 03:00")).waits


@pytest.mark.parametrize(
    ("asked", "quiet", "leaves"),
    [
        # the evening before the holiday, and in it
        ("2026-09-30 22:30", NIGHT, "2026-10-08 07:00"),
        ("2026-10-03 10:00", NIGHT, "2026-10-08 07:00"),
        ("2026-10-03 10:00", {}, "2026-10-08 08:30"),
        ("2026-10-03 10:00", {"quiet_hours": ["08:00", "09:00"]}, "2026-10-08 09:00"),
        # Saturday 10 October and Sunday 20 September make up for it, Sunday 11 October does not
        ("2026-10-09 23:00", NIGHT, "2026-10-10 07:00"),
        ("2026-10-10 15:00", NIGHT, "2026-10-10 15:00"),
        ("2026-10-10 23:00", NIGHT, "2026-10-12 07:00"),
        ("2026-09-20 09:00", {}, "2026-09-20 09:00"),
        # a working day before office hours is no day off
        ("2026-10-08 03:00", {}, "2026-10-08 03:00"),
    ],
)
def test_only_on_working_days(asked: str, quiet: dict[str, Any], leaves: str) -> None:
    moment = may_leave(timing(**quiet, working_days_only=True), CALENDAR, at(asked))
    assert local_text(moment.at) == leaves


def test_a_moment_says_why() -> None:
    moment = may_leave(timing(**NIGHT, working_days_only=True), CALENDAR, at("2026-09-30 22:30"))
    assert moment.kept() == {
        "text": "免打扰时间 22:00–07:00；2026-10-01（周四，国庆节）至2026-10-07（周三，国庆节）为休息日；"
        "2026-10-08 07:00 发送",
        "text_en": "quiet hours 22:00–07:00; off days 2026-10-01 to 2026-10-07; leaves at 2026-10-08 07:00",
        "warnings": [],
    }


def test_in_a_year_without_a_calendar_weekends_are_off_and_that_is_said() -> None:
    moment = may_leave(timing(working_days_only=True), CALENDAR, at("2031-01-04 10:00"))
    assert local_text(moment.at) == "2031-01-06 08:30"
    assert ["2031" in warning for warning in moment.kept()["warnings"]] == [True]


def test_what_administrators_have_entered_goes_before() -> None:
    entered = Calendar({date(2026, 11, 23): False})
    moment = may_leave(timing(working_days_only=True), entered, at("2026-11-23 10:00"))
    assert local_text(moment.at) == "2026-11-24 08:30"


def test_a_calendar_without_working_days_holds_nothing_for_ever() -> None:
    start = date(2026, 11, 1)
    closed = Calendar({start + timedelta(days=n): False for n in range(400)})
    moment = may_leave(timing(working_days_only=True), closed, at("2026-11-23 10:00"))
    assert moment.at - moment.asked <= timedelta(days=LONGEST_REST + 1)


@pytest.mark.parametrize(
    ("asked", "start", "leaves"),
    [
        ("2026-11-23 10:00", "2026-11-20 17:00", "2026-11-23 17:00"),
        ("2026-11-23 17:00", "2026-11-23 17:00", "2026-11-24 17:00"),
        # over the National Day: one window from its eve until the first working day after it
        ("2026-09-30 17:01", "2026-09-30 17:00", "2026-10-08 17:00"),
        ("2026-10-04 12:00", "2026-09-30 17:00", "2026-10-08 17:00"),
        ("2026-10-09 18:00", "2026-10-09 17:00", "2026-10-10 17:00"),
        ("2026-10-10 18:00", "2026-10-10 17:00", "2026-10-12 17:00"),
    ],
)
def test_windows_of_digests_end_on_working_days(asked: str, start: str, leaves: str) -> None:
    window = window_of(timing(), CALENDAR, at(asked))
    assert (local_text(window.start), local_text(window.leaves.at)) == (start, leaves)


def test_a_digest_leaves_when_it_is_not_quiet() -> None:
    late = timing(digest_times=["12:00", "23:00"], **NIGHT)
    window = window_of(late, CALENDAR, at("2026-10-01 12:30"))
    assert local_text(window.leaves.at) == "2026-10-08 12:00"
    assert "2026-10-07（周三，国庆节）为休息日" in window.leaves.kept("汇总")["text"]
    window = window_of(late, CALENDAR, at("2026-11-27 12:30"))
    assert local_text(window.leaves.at) == "2026-11-28 07:00"
    window = window_of(
        timing(digest_times=["23:00"], **NIGHT, working_days_only=True), CALENDAR, window.start
    )
    assert local_text(window.leaves.at) == "2026-11-30 07:00"


def test_an_hour_ends_with_the_hour_or_when_it_is_not_quiet() -> None:
    assert local_text(hour_of(timing(), CALENDAR, at("2026-11-23 10:20")).leaves.at) == "2026-11-23 11:00"
    late = hour_of(timing(**NIGHT), CALENDAR, at("2026-11-23 21:20"))
    assert (local_text(late.start), local_text(late.leaves.at)) == ("2026-11-23 21:00", "2026-11-24 07:00")


def test_the_mornings_of_todo_digests_are_those_of_working_days() -> None:
    found = mornings(timing(), CALENDAR, at("2026-09-30 08:30"))
    coming = [local_text(next(found).leaves.at) for _ in range(4)]
    assert coming == ["2026-10-08 08:30", "2026-10-09 08:30", "2026-10-10 08:30", "2026-10-12 08:30"]


HOURS = st.times().map(lambda hour: f"{hour:%H:%M}")
QUIET: st.SearchStrategy[list[str]] = st.one_of(
    st.just([]), st.tuples(HOURS, HOURS).filter(lambda pair: pair[0] != pair[1]).map(list)
)
MOMENTS = st.integers(0, 3 * 365 * 24 * 60).map(lambda n: at("2026-01-01 00:00") + timedelta(minutes=n))


@given(QUIET, st.booleans(), MOMENTS, st.lists(HOURS, min_size=1, max_size=3))
def test_whatever_is_wished_it_leaves_soon_and_at_a_good_time(
    quiet: list[str], working: bool, asked: datetime, times: list[str]
) -> None:
    wanted = timing(quiet_hours=quiet, working_days_only=working, digest_times=times)
    moment = may_leave(wanted, CALENDAR, asked)
    assert asked <= moment.at <= asked + timedelta(days=16)
    assert not may_leave(wanted, CALENDAR, moment.at).waits
    if wanted.quiet:
        assert not wanted.quiet.hold(moment.at.astimezone(SHANGHAI).time())
    if working:
        assert CALENDAR.is_working_day(local_date(moment.at), statutory=False)
    window = window_of(wanted, CALENDAR, asked)
    assert window.start <= asked < window.leaves.at
    assert window_of(wanted, CALENDAR, window.start).start == window.start
