"""A district's timetable: its office hours, and the days on which it departs from the published calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import String, Uuid, func, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from services.approvals.tables import Approvals
from services.approvals.working_time import USUAL_HOURS, Span, WorkingTime
from shared.calendar import Calendar, published_calendar
from shared.database import Json, UtcDateTime
from shared.store import Look
from shared.working_days import CalendarYearCopy, calendar_from

CALENDAR_LENGTH = 120


class TimetableVersion(Approvals):
    """What a district set, kept for ever: a due date names the version that it was reckoned by.

    `spans` are pairs of local times ("08:30"), `days` dates with whether they are worked on. A district
    without a version follows the nearest one above it that has one.
    """

    __tablename__ = "timetable_version"

    district_code: Mapped[str] = mapped_column(String(6), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    spans: Mapped[list[list[str]]] = mapped_column(Json)
    days: Mapped[dict[str, bool]] = mapped_column(Json)
    set_by: Mapped[UUID] = mapped_column(Uuid)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class Timetable:
    """One version in use; without a district it is the usual one."""

    district_code: str = ""
    n: int = 0
    spans: Sequence[Span] = USUAL_HOURS
    days: Mapping[date, bool] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=lambda: Calendar({}))
    entered: str = ""

    @classmethod
    def of(cls, row: TimetableVersion | None) -> Timetable:
        if row is None:
            return USUAL
        return cls(
            row.district_code,
            row.n,
            [(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in row.spans],
            {date.fromisoformat(day): working for day, working in row.days.items()},
        )

    @property
    def working_time(self) -> WorkingTime:
        return WorkingTime(self.calendar.with_days(self.days), self.spans)

    @property
    def name(self) -> str:
        """Which calendar a due date was reckoned by: the district's version, the edition of the state's, and
        the years that administrators have entered, with their versions."""
        parts = (f"{self.district_code or 'default'}/{self.n}", published_calendar(), self.entered)
        return " ".join(filter(None, parts))[:CALENDAR_LENGTH]


USUAL = Timetable()


def versions_in_force(look: Look, district_path: str) -> list[TimetableVersion]:
    """The newest version of each district at or above a path, the nearest first."""
    codes = [code for code in district_path.split("/") if code]
    newer = aliased(TimetableVersion)
    newest = (
        select(func.max(newer.n))
        .where(newer.district_code == TimetableVersion.district_code)
        .scalar_subquery()
    )
    rows = look.all(
        select(TimetableVersion).where(
            TimetableVersion.district_code.in_(codes), TimetableVersion.n == newest
        )
    )
    return sorted(rows, key=lambda row: -codes.index(row.district_code))


def timetable_of(look: Look, district_path: str) -> Timetable:
    """What a unit in this district works by."""
    rows = versions_in_force(look, district_path)
    return _on_calendar(look, Timetable.of(rows[0] if rows else None))


def timetable_named(look: Look, name: str) -> Timetable:
    """The timetable that a due date names."""
    district, _, n = name.partition(" ")[0].partition("/")
    return _on_calendar(look, Timetable.of(look.session.get(TimetableVersion, (district, int(n)))))


def _on_calendar(look: Look, found: Timetable) -> Timetable:
    years = look.all(select(CalendarYearCopy).order_by(CalendarYearCopy.year))
    entered = ",".join(f"{row.year}/{row.version}" for row in years)
    return replace(found, calendar=calendar_from(years), entered=entered)
