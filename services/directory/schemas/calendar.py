"""The working-day calendar as it travels over HTTP."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import ConfigDict, Field

from services.directory.calendar_year import CalendarYear
from services.directory.permissions import Verb, reaches
from services.directory.schemas.actions import AvailableAction, offered
from shared.calendar import Calendar
from shared.events.directory import CalendarDay
from shared.http import Body, Shape
from shared.people import Caller


class SetDay(Body):
    """A day that is worked, or not, whatever the published calendar says."""

    date: date
    working: bool
    note: str = Field("", max_length=100, examples=["元旦"])


class CalendarForm(Body):
    """All days that are set for a year; what is not there is removed. With `complete` every other day of the
    year follows the week: for a year whose holidays are announced before the program knows them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"complete": True, "days": [{"date": "2027-01-01", "working": False, "note": "元旦"}]},
            ]
        }
    )

    complete: bool = False
    days: list[SetDay] = Field([], max_length=366)

    def set_days(self) -> list[CalendarDay]:
        return [CalendarDay(date=day.date, working=day.working, note=day.note) for day in self.days]


class ShownDay(Shape):
    date: date
    working: bool
    note: str


class CalendarShape(Shape):
    """What is set for a year. `covered`: all its days are known, so statutory periods can be counted in it;
    `published`: also without what is set here."""

    year: int
    version: int
    complete: bool
    covered: bool
    published: bool
    days: list[ShownDay]
    changed_at: datetime | None
    status_label: str = Field(examples=["已有日历"])
    available_actions: list[AvailableAction]


def calendar_shape(row: CalendarYear, caller: Caller) -> CalendarShape:
    published = Calendar({}).covers(row.year)
    covered = published or row.complete
    reason = "" if reaches(caller, Verb.WRITE_CALENDAR) else "只有平台管理员可以维护工作日历"
    return CalendarShape(
        year=row.year,
        version=row.version,
        complete=row.complete,
        covered=covered,
        published=published,
        days=[ShownDay.model_validate(day) for day in row.days],
        changed_at=row.changed_at,
        status_label="已有日历" if covered else "尚无日历",
        available_actions=[offered("change", "修改", f"PUT /calendar/{row.year}", reason)],
    )
