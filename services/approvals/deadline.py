"""The working time that a slot has: when it is due, and how it stands with that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from services.approvals.slot import NEVER, Slot, SlotState
from services.approvals.timetable import Timetable
from services.approvals.working_time import Reckoning

TimetableHere = Callable[[], Timetable]
"""Gives the timetable that a case goes by; asked only where a step has a budget."""


class Level(StrEnum):
    """What a slot is told in turn; each at most once."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    ESCALATION = "escalation"
    ATTENTION = "attention"


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


def warning_time(budget: timedelta) -> timedelta:
    """How much working time before the end a slot is said to be due soon: the last fifth, at least four
    hours, at most half of the budget."""
    return max(budget / 5, min(timedelta(hours=4), budget / 2))


def give_time(slot: Slot, budget_hours: int, counted_from: datetime, timetable: Timetable) -> None:
    """A slot's budget begins to run."""
    slot.budget_hours, slot.alarm = budget_hours, Level.DUE_SOON
    _run(slot, timedelta(hours=budget_hours), counted_from, timetable)


def stop_time(slot: Slot, at: datetime, timetable: Timetable) -> None:
    """Stands still with what is left of the budget; one that is used up by now stays used up."""
    if slot.due_at is not None and slot.due_at > at:
        left = timetable.working_time.between(at, slot.due_at)
        slot.left_seconds = max(1, int(left.total_seconds()))
        slot.due_at, slot.due_order, slot.alarm_at = None, NEVER, None


def go_on(slot: Slot, at: datetime, timetable: Timetable) -> None:
    """What was left of the budget runs on."""
    _run(slot, budget_of(slot), at, timetable)


def _run(slot: Slot, left: timedelta, at: datetime, timetable: Timetable) -> None:
    time, warned = timetable.working_time, slot.alarm != Level.DUE_SOON
    slot.counted_from, slot.calendar = at, timetable.name
    slot.due_at = slot.due_order = time.after(at, left).at
    before_warning = left - warning_time(timedelta(hours=slot.budget_hours or 0))
    if warned:
        slot.alarm_at = slot.due_at
    else:
        slot.alarm_at = time.after(at, before_warning).at if before_warning > timedelta() else at


def budget_of(slot: Slot) -> timedelta:
    """How much working time is counted for a slot from `counted_from` on."""
    if slot.left_seconds is not None:
        return timedelta(seconds=slot.left_seconds)
    return timedelta(hours=slot.budget_hours or 0)


def reckon(slot: Slot, timetable: Timetable) -> Reckoning:
    """The due date of a slot with a budget, reached once more."""
    if slot.counted_from is None or slot.budget_hours is None:
        raise TypeError("a slot without a budget has no due date")
    return timetable.working_time.after(slot.counted_from, budget_of(slot))


def is_neglected(slot: Slot) -> bool:
    """Whether an open slot is overdue and there is nobody left to give it to."""
    return slot.state == SlotState.OPEN and slot.alarm == Level.ATTENTION and slot.alarm_at is None


def time_state(slot: Slot, now: datetime) -> TimeState:
    """How a slot stands with its time; a closed one as it stood when it was closed."""
    at = slot.closed_at or now
    if slot.due_at is None:
        return TimeState.UNLIMITED
    if at >= slot.due_at:
        return TimeState.OVERDUE
    warned = slot.alarm != Level.DUE_SOON or (slot.alarm_at is not None and slot.alarm_at <= at)
    return TimeState.DUE_SOON if warned else TimeState.ON_TIME
