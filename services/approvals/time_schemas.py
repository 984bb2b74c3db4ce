"""The shapes of requests and answers over HTTP: timetables, due dates."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, field_validator

from services.approvals.schemas import Action, ObstacleShape
from shared.http import Body, Shape

Clock = Annotated[
    str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5, description="当地时间 (local time)")
]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2200, 1, 1))]
"""A day that can be reckoned with: there are others before it and after it."""
Instant = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))
]
"""The same for a moment."""


class SpanBody(Body):
    """Office hours without a break."""

    opens: Clock = Field(examples=["08:30"])
    closes: Clock = Field(examples=["12:00"])


class SpecialDay(Body):
    """A day that is worked on, or not, whatever the published calendar says."""

    date: Day
    working: bool


class TimetableBody(Body):
    """Office hours in order, none overlapping, and special days."""

    spans: list[SpanBody] = Field(
        min_length=1,
        max_length=6,
        examples=[[{"opens": "08:30", "closes": "12:00"}, {"opens": "14:00", "closes": "18:00"}]],
    )
    days: list[SpecialDay] = Field([], max_length=400, examples=[[{"date": "2026-12-31", "working": False}]])

    @field_validator("spans")
    @classmethod
    def _in_order(cls, spans: list[SpanBody]) -> list[SpanBody]:
        moments = [moment for span in spans for moment in (span.opens, span.closes)]
        if any(later <= before for before, later in zip(moments[::2], moments[1::2], strict=True)):
            raise ValueError("下班时间须晚于上班时间 (hours close after they open)")
        if moments != sorted(moments):
            raise ValueError("办公时段须依次排列且不重叠 (hours in order, none overlapping)")
        return spans

    @field_validator("days")
    @classmethod
    def _each_once(cls, days: list[SpecialDay]) -> list[SpecialDay]:
        if len({day.date for day in days}) < len(days):
            raise ValueError("日期重复 (a date is named twice)")
        return days


class TimetableShape(Shape):
    """The timetable of a district; inherited when `source` is another one above it, the usual one without."""

    district_code: str
    source: str | None
    version: int
    spans: list[SpanBody]
    days: list[SpecialDay]
    published_calendar: str
    available_actions: list[Action]


class DueDay(Shape):
    """A day on the way to a due date."""

    date: date
    working: bool
    reason: str
    counted_minutes: int
    assumed: bool


class DueShape(Shape):
    """How a due date was reached. `agrees` is false when today's calendar would give another moment: the
    published one changed since; the kept `due_at` holds."""

    slot_id: UUID
    counted_from: datetime
    budget_hours: int
    due_at: datetime
    overdue: bool
    calendar: str
    days: list[DueDay]
    agrees: bool
    text: str
    warnings: list[ObstacleShape]
