"""A year of the working-day calendar as administrators set it: exceptions, or the whole of a coming year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.directory.tables import Directory
from shared.database import UtcDateTime
from shared.errors import Problem, invalid
from shared.events.directory import CalendarDay, CalendarYearChanged
from shared.working_days import EnteredYear


class CalendarYear(EnteredYear, Directory):
    """`days` come before the published calendar; `complete` when all holidays and make-up days are there."""

    __tablename__ = "calendar_year"

    changed_by: Mapped[UUID | None] = mapped_column(Uuid)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @classmethod
    def empty(cls, year: int) -> CalendarYear:
        """A year for which nothing is set."""
        return cls(year=year, version=0, complete=False, days=[])

    def set_days(
        self, days: Sequence[CalendarDay], complete: bool, by: UUID, at: datetime
    ) -> CalendarYearChanged:
        """Replaces what is set. Raises `Invalid`: `day_of_other_year`, `day_repeated`."""
        self._must_fit(days)
        ordered = sorted(days, key=lambda day: day.date)
        self.days = [day.model_dump(mode="json") for day in ordered]
        self.complete, self.version = complete, self.version + 1
        self.changed_by, self.changed_at = by, at
        return CalendarYearChanged(year=self.year, version=self.version, complete=complete, days=ordered)

    def _must_fit(self, days: Sequence[CalendarDay]) -> None:
        problems = []
        dates = [day.date for day in days]
        for place, day in enumerate(dates):
            pointer = f"/days/{place}/date"
            if day.year != self.year:
                text = f"日期不属于 {self.year} 年"
                problems.append(Problem("day_of_other_year", text, pointer, f"not in {self.year}"))
            elif day in dates[:place]:
                problems.append(Problem("day_repeated", "日期重复", pointer, "the day is there twice"))
        if problems:
            raise invalid(problems)
