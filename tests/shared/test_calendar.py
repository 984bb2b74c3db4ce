"""Working days: the published calendar, its overrides, and years that nobody has published yet."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import Calendar
from shared.errors import Conflict

PUBLISHED = Calendar({})
starts = st.dates(date(2004, 1, 1), date(2026, 8, 31))
lengths = st.integers(1, 30)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[dict[date, bool], date, int]:
    start = draw(starts)
    near = st.integers(0, 60).map(lambda days: start + timedelta(days=days))
    return draw(st.dictionaries(near, st.booleans(), max_size=12)), start, draw(lengths)


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        (date(2026, 11, 23), 5, date(2026, 11, 30)),  # an ordinary week
        (date(2026, 9, 29), 5, date(2026, 10, 12)),  # over the National Day holiday, 10-10 is worked
        (date(2026, 2, 13), 5, date(2026, 2, 27)),  # over the Spring Festival
        (date(2026, 4, 30), 5, date(2026, 5, 11)),  # over Labour Day, 05-09 is worked
    ],
)
def test_a_period_ends_on_its_last_working_day(start: date, n: int, end: date) -> None:
    assert PUBLISHED.add_working_days(start, n).end == end


def test_a_period_lasts_until_midnight_in_shanghai() -> None:
    period = PUBLISHED.add_working_days(date(2026, 11, 23), 5)
    assert period.ends_at == datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


def test_a_period_explains_what_was_counted_and_what_was_not() -> None:
    text = PUBLISHED.add_working_days(date(2026, 9, 29), 5).explain()
    assert text.startswith("自 2026-09-29 次日起算 5 个工作日，至 2026-10-12 24:00 止；不计：")
    assert "2026-10-01（周四，国庆节）" in text
    assert text.endswith("2026-10-11（周日，周末）；计入：2026-10-10（周六，国庆节调休上班）")


def test_an_override_comes_before_the_published_calendar() -> None:
    closed = Calendar({date(2026, 11, 30): False, date(2026, 11, 28): True})
    assert not closed.is_working_day(date(2026, 11, 30))
    assert closed.is_working_day(date(2026, 11, 28))
    assert closed.day(date(2026, 11, 30)).reason == "按日历调整为休息日"
    assert closed.add_working_days(date(2026, 11, 23), 5).end == date(2026, 11, 28)


@pytest.mark.parametrize("day", [date(2027, 1, 4), date(2003, 12, 31), date(9999, 12, 31)])
def test_a_statutory_period_refuses_a_year_without_a_calendar(day: date) -> None:
    with pytest.raises(Conflict) as refused:
        PUBLISHED.is_working_day(day)
    assert refused.value.code == "calendar_year_missing"
    assert refused.value.facts == {"year": day.year}
    assert str(day.year) in refused.value.text


def test_a_statutory_period_that_runs_into_such_a_year_is_refused_too() -> None:
    assert PUBLISHED.add_working_days(date(2026, 12, 24), 5).end == date(2026, 12, 31)
    with pytest.raises(Conflict, match="calendar_year_missing"):
        PUBLISHED.add_working_days(date(2026, 12, 25), 5)


def test_another_period_assumes_weekends_there_and_warns_once_for_each_year() -> None:
    period = PUBLISHED.add_working_days(date(2026, 12, 25), 100, statutory=False)
    assert [warning.code for warning in period.warnings] == ["calendar_year_assumed"]
    assert "2027" in period.warnings[0].text
    assert period.end.weekday() < 5
    assert period.explain().endswith(period.warnings[0].text)
    years = PUBLISHED.add_working_days(date(2026, 12, 25), 500, statutory=False).warnings
    assert len(years) == 2


def test_overrides_make_an_unpublished_year_usable() -> None:
    first_days = {date(2027, 1, day): day not in (1, 2, 3) for day in range(1, 6)}
    assert Calendar(first_days).add_working_days(date(2026, 12, 31), 2).end == date(2027, 1, 5)


def test_an_entered_year_follows_the_week_but_for_the_days_that_are_set() -> None:
    holiday = {date(2027, 1, 1): False}
    entered = Calendar(holiday, {2027}, {date(2027, 1, 1): "元旦"})
    assert entered.covers(2027)
    assert not Calendar(holiday).covers(2027)
    period = entered.add_working_days(date(2026, 12, 31), 2)
    assert (period.end, period.warnings) == (date(2027, 1, 5), [])
    assert "2027-01-01（周五，元旦，按日历调整为休息日）" in period.explain()


def test_an_entered_year_never_hides_the_published_calendar() -> None:
    assert not Calendar({}, {2026}).is_working_day(date(2026, 10, 1))


def test_the_end_of_all_calendars_is_a_refusal_and_no_crash() -> None:
    with pytest.raises(Conflict, match="calendar_year_missing"):
        PUBLISHED.add_working_days(date(9999, 12, 31), 1, statutory=False)


@pytest.mark.parametrize("n", [0, -5])
def test_a_period_has_at_least_one_day(n: int) -> None:
    with pytest.raises(ValueError, match="at least one working day"):
        PUBLISHED.add_working_days(date(2026, 11, 23), n)


@given(calendars())
def test_invariant_14_a_period_has_exactly_its_working_days_and_ends_on_one(
    case: tuple[dict[date, bool], date, int],
) -> None:
    overrides, start, n = case
    calendar = Calendar(overrides)
    period = calendar.add_working_days(start, n)
    assert calendar.is_working_day(period.end)
    counted = [start + timedelta(days=days + 1) for days in range((period.end - start).days)]
    assert sum(calendar.is_working_day(day) for day in counted) == n
    assert [day.date for day in period.days] == counted


@given(calendars(), st.integers(0, 40))
def test_invariant_14_a_later_start_never_ends_earlier(
    case: tuple[dict[date, bool], date, int], later: int
) -> None:
    overrides, start, n = case
    calendar = Calendar(overrides)
    assert (
        calendar.add_working_days(start, n).end
        <= calendar.add_working_days(start + timedelta(days=later), n).end
    )


@given(calendars(), st.integers(0, 60))
def test_invariant_14_another_holiday_never_makes_a_period_shorter(
    case: tuple[dict[date, bool], date, int], at: int
) -> None:
    overrides, start, n = case
    holiday = {start + timedelta(days=at): False}
    before = Calendar(overrides).add_working_days(start, n).end
    assert before <= Calendar(overrides | holiday).add_working_days(start, n).end
