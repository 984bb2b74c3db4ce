"""The calendar as a service knows it, a copy of what administrators set; and how a period is shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.calendar import WEEKDAYS, Calendar, Period
from shared.database import Json, metadata
from shared.events.directory import CalendarYearChanged
from shared.http import Shape
from shared.inbox import Handlers
from shared.store import Look, Work


class CalendarCopies(DeclarativeBase):
    """The table of a service that counts working days; it stands in the service's `tables`."""

    metadata = metadata()


class EnteredYear:
    """The columns of a year that administrators have set: `days` holds date, working and note."""

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    complete: Mapped[bool]
    days: Mapped[list[dict[str, Any]]] = mapped_column(Json)


class CalendarYearCopy(EnteredYear, CalendarCopies):
    """A year as the directory tells of it."""

    __tablename__ = "calendar_year_copy"


def keep_calendar(events: Handlers) -> None:
    """Registers the handler that keeps the copy."""
    events.on(CalendarYearChanged)(copy_year)


def copy_year(work: Work, event: CalendarYearChanged) -> None:
    known = work.find(CalendarYearCopy, event.year)
    if known is None or known.version <= event.version:
        work.session.merge(CalendarYearCopy(**event.model_dump(mode="json")))


def calendar_of(look: Look) -> Calendar:
    """The calendar that holds now."""
    return calendar_from(look.all(select(CalendarYearCopy)))


def calendar_from(years: Iterable[EnteredYear]) -> Calendar:
    """The published calendar behind the years that were entered."""
    rows = list(years)
    days = {date.fromisoformat(day["date"]): day for row in rows for day in row.days}
    return Calendar(
        {day: about["working"] for day, about in days.items()},
        {row.year for row in rows if row.complete},
        {day: about["note"] for day, about in days.items()},
    )


def notice_end(look: Look, published_on: date, days: int) -> Period:
    """When a public notice of so many working days ends: the day of publication is not counted, the notice
    ends at 24:00 of the last day (条例 art. 38). The period explains each day.

    Raises `Conflict` (`calendar_year_missing`) when it reaches a year of which no calendar is known.
    """
    return calendar_of(look).add_working_days(published_on, days)


class DayShape(Shape):
    """A day of a period, and why it counts or does not; `assumed` when no calendar says so."""

    date: date
    weekday: str = Field(examples=["周一"])
    working: bool
    reason: str = Field(examples=["工作日"])
    assumed: bool


class PeriodShape(Shape):
    """A period of working days: the first day is not counted, it ends at 24:00 of `end` in Asia/Shanghai
    (`ends_at`, in UTC). `days` explains each day after the first."""

    start: date
    working_days: int
    end: date
    ends_at: datetime
    text: str
    days: list[DayShape]
    warnings: list[str]


def period_shape(period: Period) -> PeriodShape:
    """A period as it is shown."""
    return PeriodShape(
        start=period.start,
        working_days=sum(day.working for day in period.days),
        end=period.end,
        ends_at=period.ends_at,
        text=period.explain(),
        days=[
            DayShape(
                date=day.date,
                weekday=f"周{WEEKDAYS[day.date.weekday()]}",
                working=day.working,
                reason=day.reason,
                assumed=day.assumed,
            )
            for day in period.days
        ],
        warnings=[warning.text for warning in period.warnings],
    )
