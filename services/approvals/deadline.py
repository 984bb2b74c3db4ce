"""What time does to a slot: it falls due soon, is overdue. It never agrees or disagrees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from services.approvals.slot import Slot, SlotState
from services.approvals.tables import Approvals
from services.approvals.timetable import Timetable
from shared.database import UtcDateTime

TimetableHere = Callable[[], Timetable]
"""Gives the timetable that a case goes by; asked only where a step has a budget."""


class Level(StrEnum):
    """What a slot is told in turn; each at most once."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


class TimeState(StrEnum):
    """How an open slot stands with its time."""

    UNLIMITED = ""
    ON_TIME = "on_time"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


TIME_LABELS = {
    TimeState.UNLIMITED: "",
    TimeState.ON_TIME: "办理中",
    TimeState.DUE_SOON: "即将到期",
    TimeState.OVERDUE: "已超期",
}


class SlotAlarm(Approvals):
    """That a slot was told a level: one row each, for ever."""

    __tablename__ = "slot_alarm"

    slot_id: Mapped[UUID] = mapped_column(ForeignKey(Slot.id), primary_key=True)
    level: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def warning_time(budget: timedelta) -> timedelta:
    """How much working time before the end a slot is said to be due soon: the last fifth, at least four
    hours, at most half of the budget."""
    return max(budget / 5, min(timedelta(hours=4), budget / 2))


def give_time(slot: Slot, budget_hours: int, counted_from: datetime, timetable: Timetable) -> None:
    """A slot's budget begins to run."""
    budget, time = timedelta(hours=budget_hours), timetable.working_time
    slot.budget_hours, slot.counted_from, slot.calendar = budget_hours, counted_from, timetable.name
    slot.due_at = slot.due_order = time.after(counted_from, budget).at
    slot.alarm = Level.DUE_SOON
    slot.alarm_at = time.after(counted_from, budget - warning_time(budget)).at


def time_state(slot: Slot, now: datetime) -> TimeState:
    """How a slot stands with its time; a closed one as it stood when it was closed."""
    at = slot.closed_at or now
    if slot.due_at is None:
        return TimeState.UNLIMITED
    if at >= slot.due_at:
        return TimeState.OVERDUE
    warned = slot.alarm != Level.DUE_SOON or (slot.alarm_at is not None and slot.alarm_at <= at)
    return TimeState.DUE_SOON if warned else TimeState.ON_TIME


def is_ringing(slot: Slot, now: datetime) -> bool:
    """Whether the next level of a slot is due."""
    return slot.state == SlotState.OPEN and slot.alarm_at is not None and slot.alarm_at <= now
