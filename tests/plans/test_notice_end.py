"""When a public notice ends: by the calendar that the directory tells of, or not at all."""

from __future__ import annotations

from datetime import date

import pytest

from shared.errors import Conflict
from shared.events.directory import CalendarDay, CalendarYearChanged
from shared.working_days import notice_end
from tests.plans.town import Town


def told(version: int, *, complete: bool) -> CalendarYearChanged:
    new_year = CalendarDay(date=date(2027, 1, 1), working=False, note="元旦")
    return CalendarYearChanged(year=2027, version=version, complete=complete, days=[new_year])


def test_a_notice_ends_by_the_calendar_that_the_directory_tells_of(any_town: Town) -> None:
    town = any_town
    with town.store.read() as look:
        assert notice_end(look, date(2026, 11, 23), 5).end == date(2026, 11, 30)
        with pytest.raises(Conflict, match="calendar_year_missing"):
            notice_end(look, date(2026, 12, 30), 5)
    town.hear(told(2, complete=True))
    town.hear(told(1, complete=False))  # older than what is known
    with town.store.read() as look:
        period = notice_end(look, date(2026, 12, 30), 5)
    assert period.end == date(2027, 1, 7)
    assert "元旦" in period.explain()
