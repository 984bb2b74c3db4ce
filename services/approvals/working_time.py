"""Working time: the office hours of working days, and when a budget of them is used up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shared.calendar import Calendar, Day, assumption
from shared.clock import SHANGHAI, local_date
from shared.errors import Problem

Span = tuple[time, time]
USUAL_HOURS: tuple[Span, ...] = ((time(8, 30), time(12)), (time(14), time(18)))
"""What holds where no district says otherwise."""


@dataclass(frozen=True)
class DayShare:
    """A day of a reckoning: what kind of day it is, and how much of the time was counted on it."""

    day: Day
    counted: timedelta


@dataclass(frozen=True)
class Reckoning:
    """When a budget that runs from `start` is used up, with every day on the way explained."""

    start: datetime
    budget: timedelta
    at: datetime
    days: Sequence[DayShare]

    @property
    def warnings(self) -> list[Problem]:
        """Years whose calendar is not published yet, so that Monday to Friday were assumed."""
        years = sorted({share.day.date.year for share in self.days if share.day.assumed})
        return [assumption(year) for year in years]


class WorkingTime:
    """Office hours (Asia/Shanghai, in order, none overlapping) on the working days of a calendar.

    Not statutory: a year without a published calendar counts Monday to Friday and gives a warning.
    """

    def __init__(self, calendar: Calendar, spans: Sequence[Span] = USUAL_HOURS) -> None:
        self._calendar = calendar
        self._spans = tuple(spans)

    def after(self, start: datetime, budget: timedelta) -> Reckoning:
        """The earliest moment (UTC) at which `budget` > 0 of working time has passed since `start`."""
        left, days = budget, list[DayShare]()
        for day, spans in self._days(start):
            counted = timedelta()
            for opens, closes in spans:
                worked = max(timedelta(), closes - max(opens, start))
                if worked >= left:
                    at = max(opens, start) + left
                    return Reckoning(start, budget, at, [*days, DayShare(day, counted + left)])
                left, counted = left - worked, counted + worked
            days.append(DayShare(day, counted))
        raise OverflowError("no working day in sight")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time passed from `start` to `end`; none when `end` is not later."""
        passed = timedelta()
        for _, spans in self._days(start):
            for opens, closes in spans:
                if opens >= end:
                    return passed
                passed += max(timedelta(), min(closes, end) - max(opens, start))
        return passed

    def _days(self, start: datetime) -> Iterator[tuple[Day, list[tuple[datetime, datetime]]]]:
        on = local_date(start)
        while on < date.max:
            day = self._calendar.day(on, statutory=False)
            yield day, [(_at(on, one), _at(on, two)) for one, two in self._spans] if day.working else []
            on += timedelta(days=1)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, SHANGHAI).astimezone(UTC)
