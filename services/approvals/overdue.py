"""What time does to an open slot, level by level, each once. It never agrees or disagrees."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from services.approvals import told
from services.approvals.case_file import CaseFile, Effects
from services.approvals.deadline import Level
from services.approvals.recording import record
from services.approvals.slot import Slot, SlotState
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


def next_level(file: CaseFile, slot: Slot) -> None:
    """Passes a slot on to its next level. That it was nearly due is not said any more when it is overdue."""
    level, is_overdue = Level(slot.alarm), slot.due_at is not None and slot.due_at <= file.at
    file.added.append(SlotAlarm(slot_id=slot.id, level=level, at=file.at))
    if level == Level.DUE_SOON:
        slot.alarm, slot.alarm_at = Level.OVERDUE, slot.due_at
    else:
        slot.alarm, slot.alarm_at = "", None
        record(file, "overdue", None, Effects(), slot=slot)
    if is_overdue == (level == Level.OVERDUE):
        file.told.append(told.time_told(file.case, slot, is_overdue))
