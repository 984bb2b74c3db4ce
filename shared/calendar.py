"""Working days in China: what a day is, and when a period of working days ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from functools import cache
from importlib.metadata import version

import chinese_calendar

from shared.clock import SHANGHAI
from shared.errors import Conflict, Problem

WEEKDAYS = "一二三四五六日"
LAST = date.max - timedelta(days=1)
"""The last day that ends: the moment after the next one cannot be told."""


@dataclass(frozen=True)
class Day:
    """A calendar day, whether people work on it, and why; `assumed` when no published calendar says so."""

    date: date
    working: bool
    reason: str
    assumed: bool = False

    def __str__(self) -> str:
        return f"{self.date}（周{WEEKDAYS[self.date.weekday()]}，{self.reason}）"


@dataclass(frozen=True)
class Period:
    """A period of working days: the start day is not counted, it ends at 24:00 of `end` in Asia/Shanghai."""

    start: date
    end: date
    days: list[Day]
    warnings: list[Problem]

    @property
    def ends_at(self) -> datetime:
        """The first moment after the period, in UTC."""
        midnight = datetime.combine(self.end + timedelta(days=1), datetime.min.time(), SHANGHAI)
        return midnight.astimezone(UTC)

    def explain(self) -> str:
        """The count in words, for the people who have to keep the period."""
        working = [day for day in self.days if day.working]
        skipped = [str(day) for day in self.days if not day.working]
        notes = [str(day) for day in working if day.date.weekday() >= 5]
        return "；".join(
            [
                f"自 {self.start} 次日起算 {len(working)} 个工作日，至 {self.end} 24:00 止",
                *([f"不计：{'、'.join(skipped)}"] if skipped else []),
                *([f"计入：{'、'.join(notes)}"] if notes else []),
                *(warning.text for warning in self.warnings),
            ]
        )


class Calendar:
    """The published calendar of the State Council, behind what administrators have entered.

    `overrides`: True = working day; `notes` say why. `entered` are the years of which every holiday and
    make-up day is among the overrides: in those, the other days follow the week.
    """

    def __init__(
        self,
        overrides: Mapping[date, bool],
        entered: Collection[int] = (),
        notes: Mapping[date, str] | None = None,
    ) -> None:
        self._overrides = overrides
        self._entered = entered
        self._notes = notes or {}

    def day(self, day: date, statutory: bool = True) -> Day:
        """Explains one day: an override first, then the published calendar, then an entered year.

        Any other year raises Conflict `calendar_year_missing` (facts: year) where the period is set by law;
        elsewhere (`statutory=False`) Monday to Friday are assumed to be working days.
        """
        if day in self._overrides:
            return self._overridden(day, self._overrides[day])
        try:
            is_holiday, name = chinese_calendar.get_holiday_detail(day)
        except NotImplementedError:
            known = day.year in self._entered
            if statutory and not known:
                raise calendar_year_missing(day.year) from None
            weekend = day.weekday() >= 5
            return Day(day, not weekend, "周末" if weekend else "工作日", assumed=not known)
        return Day(day, not is_holiday, _reason(day, is_holiday, name))

    def _overridden(self, day: date, working: bool) -> Day:
        reason = "按日历调整为工作日" if working else "按日历调整为休息日"
        note = self._notes.get(day, "")
        return Day(day, working, f"{note}，{reason}" if note else reason)

    def with_days(self, days: Mapping[date, bool]) -> Calendar:
        """The same calendar with some days worked, or not, for a reason of somebody's own."""
        notes = {day: note for day, note in self._notes.items() if day not in days}
        return Calendar({**self._overrides, **days}, self._entered, notes)

    def covers(self, year: int) -> bool:
        """Whether every day of a year is known, so that periods set by law can be counted in it."""
        return year in self._entered or _is_published(year)

    def is_working_day(self, day: date, statutory: bool = True) -> bool:
        """Whether people work on this day; raises as `day` does."""
        return self.day(day, statutory).working

    def add_working_days(self, start: date, n: int, statutory: bool = True) -> Period:
        """The period of `n` ≥ 1 working days after `start`, each day of it explained.

        Counted as public notices are (政府采购法实施条例 art. 38): without the day of publication.
        Raises as `day` does; with `statutory=False` every year that had to be assumed gives a warning
        `calendar_year_assumed`. Raises ValueError for n < 1.
        """
        if n < 1:
            raise ValueError("a period has at least one working day")
        days: list[Day] = []
        while n > 0:
            days.append(self.day(_next(days[-1].date if days else start), statutory))
            n -= days[-1].working
        assumed = sorted({day.date.year for day in days if day.assumed})
        return Period(start, days[-1].date, days, [assumption(year) for year in assumed])


@cache
def published_calendar() -> str:
    """Which edition of the State Council's calendar this program goes by."""
    return f"chinesecalendar {version('chinesecalendar')}"


def calendar_year_missing(year: int) -> Conflict:
    """The refusal for a statutory period that reaches a year without a published calendar."""
    return Conflict(
        "calendar_year_missing",
        f"尚无 {year} 年的工作日历，无法计算法定期限，请联系管理员维护日历",
        f"There is no calendar of working days for {year} yet; a statutory period cannot be computed",
        facts={"year": year},
    )


def _is_published(year: int) -> bool:
    try:
        chinese_calendar.get_holiday_detail(date(year, 12, 31))
    except NotImplementedError:
        return False
    return True


def assumption(year: int) -> Problem:
    """The warning about a year of which no calendar is known, where Monday to Friday are assumed."""
    return Problem(
        "calendar_year_assumed",
        f"尚无 {year} 年的工作日历，暂按周一至周五为工作日计算",
        text_en=f"There is no calendar of working days for {year} yet; Monday to Friday are assumed",
    )


def _reason(day: date, is_holiday: bool, name: str | None) -> str:
    if name:
        holiday = chinese_calendar.Holiday(name).chinese
        return holiday if is_holiday else f"{holiday}调休上班"
    return "周末" if is_holiday else "工作日"


def _next(day: date) -> date:
    if day >= LAST:
        raise calendar_year_missing(MAXYEAR + 1)
    return day + timedelta(days=1)
