"""What time does to an open slot, level by level, each once. It never agrees or disagrees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from services.approvals import told
from services.approvals.case_file import CaseFile, Effects
from services.approvals.deadline import Level
from services.approvals.holders import succeed
from services.approvals.recording import record
from services.approvals.seating import CandidatesOf
from services.approvals.slot import Slot, SlotState
from services.approvals.staffing import Candidate
from services.approvals.tables import Approvals
from shared.database import UtcDateTime


class SlotAlarm(Approvals):
    """That a slot has passed a level: one row each, for ever."""

    __tablename__ = "slot_alarm"

    slot_id: Mapped[UUID] = mapped_column(ForeignKey(Slot.id), primary_key=True)
    level: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def is_ringing(slot: Slot, now: datetime) -> bool:
    """Whether the next level of a slot is due."""
    return slot.state == SlotState.OPEN and slot.alarm_at is not None and slot.alarm_at <= now


def next_level(file: CaseFile, slot: Slot, candidates: CandidatesOf) -> None:
    """Passes a slot on to its next level. That it was nearly due is not said any more when it is overdue."""
    level = Level(slot.alarm)
    name = f"{level}_{slot.escalations + 1}" if level == Level.ESCALATION else str(level)
    file.added.append(SlotAlarm(slot_id=slot.id, level=name, at=file.at))
    LEVELS[level](file, slot, candidates)


def _say_due_soon(file: CaseFile, slot: Slot, _: CandidatesOf) -> None:
    slot.alarm, slot.alarm_at = Level.OVERDUE, slot.due_at
    if slot.due_at is not None and file.at < slot.due_at:
        file.told.append(told.time_told(file.case, slot, is_overdue=False))


def _say_overdue(file: CaseFile, slot: Slot, _: CandidatesOf) -> None:
    _await_help(file, slot)
    record(file, "overdue", None, Effects(), slot=slot)
    file.told.append(told.time_told(file.case, slot, is_overdue=True))


def _escalate(file: CaseFile, slot: Slot, candidates: CandidatesOf) -> None:
    """The first free person of the level takes the place of the holder: nobody who has a part in the step
    already, or had one that went on to others. Without anybody the holder keeps it until what comes next."""
    level = file.route[slot.step_index].at_level(slot.escalations)
    had = {one.holder_id for one in file.step_slots if one.pending or one.state == SlotState.TRANSFERRED}
    taken = file.barred(level) | had
    to = next((one for one in candidates(level) if one.person_id not in taken), None)
    if to is not None:
        return _hand_on(file, slot, to)
    slot.escalations += 1
    _await_help(file, slot)


def _hand_on(file: CaseFile, slot: Slot, to: Candidate) -> None:
    new, effects = succeed(file, slot, to, "escalation")
    new.basis, new.escalations = "escalation", slot.escalations + 1
    record(file, "escalated", None, effects, slot=slot)
    file.told.append(told.escalated(file.case, slot, new))


def _call_administrators(file: CaseFile, slot: Slot, _: CandidatesOf) -> None:
    slot.alarm_at = None
    if not file.case.attention:
        file.raise_attention("overdue")
    record(file, "unattended", None, Effects(), slot=slot)


def _await_help(file: CaseFile, slot: Slot) -> None:
    """What comes next for an overdue slot: the next level of its step's escalation, or the administrators."""
    levels = file.route[slot.step_index].escalation[slot.escalations :]
    slot.alarm, slot.alarm_at = (Level.ESCALATION if levels else Level.ATTENTION), slot.due_at
    if levels and levels[0].after_hours and slot.due_at is not None:
        hours = timedelta(hours=levels[0].after_hours)
        slot.alarm_at = file.timetable().working_time.after(slot.due_at, hours).at


LEVELS: Mapping[Level, Callable[[CaseFile, Slot, CandidatesOf], None]] = {
    Level.DUE_SOON: _say_due_soon,
    Level.OVERDUE: _say_overdue,
    Level.ESCALATION: _escalate,
    Level.ATTENTION: _call_administrators,
}
