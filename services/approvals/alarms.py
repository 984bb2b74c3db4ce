"""Rings what time has brought: finds slots whose next level is due, and lets each be told once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from structlog import get_logger

from services.approvals.filing import keep, take_by_slot
from services.approvals.overdue import is_ringing, next_level
from services.approvals.slot import Slot, SlotState
from services.approvals.staffing import candidates_today
from shared.store import Store

log = get_logger(__name__)
PER_TICK = 500


def ring(store: Store) -> int:
    """Looks for due alarms, each in a transaction of its own; answers how many slots it went through. Late
    and simultaneous calls are harmless: the case is locked, and judged again under the lock."""
    with store.read() as look:
        due = look.all(
            select(Slot.id)
            .where(Slot.state == SlotState.OPEN, Slot.alarm_at <= look.now)
            .order_by(Slot.alarm_at, Slot.id)
            .limit(PER_TICK)
        )
    for slot_id in due:
        try:
            ring_one(store, slot_id)
        except Exception as error:  # one bad case must not keep the others from their deadlines
            log.exception("alarm_failed", slot=str(slot_id), error=repr(error)[:300])
    return len(due)


def ring_one(store: Store, slot_id: UUID) -> None:
    """Goes through every level of a slot that is due by now."""
    with store.work() as work:
        file, slot = take_by_slot(work, slot_id, None)
        while is_ringing(slot, work.now):
            next_level(file, slot, lambda step: candidates_today(work, step))
        keep(work, file)
