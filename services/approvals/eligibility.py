"""Whether the holders of pending slots may still decide them, by the present copies of people and units."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from services.approvals import holders
from services.approvals.case import Case
from services.approvals.case_file import CaseFile
from services.approvals.choosing import successor
from services.approvals.filing import keep, take
from services.approvals.slot import PENDING, Slot, SlotState
from shared.store import Work


def check_holder(work: Work, person_id: UUID) -> None:
    """Compares a person's pending slots with the present copies. Locks the cases in order of their ids."""
    pending = work.all(
        select(Slot.case_id).where(Slot.holder_id == person_id, Slot.state.in_(PENDING)).distinct()
    )
    for case_id in sorted(pending):
        file = take(work, work.get(Case, case_id))
        check_slots(work, file, [slot for slot in file.slots if slot.holder_id == person_id])
        keep(work, file)


def check_slots(work: Work, file: CaseFile, slots: list[Slot]) -> None:
    """Frees those of the slots whose holders have left, gives back those whose holders have returned."""
    for slot in slots:
        if not slot.pending or slot.holder_id is None:
            continue
        eligible = successor(work, file, slot, slot.holder_id) is not None
        if slot.state != SlotState.VACANT and not eligible:
            holders.lose_holder(file, slot)
        elif slot.state == SlotState.VACANT and eligible and file.is_free(slot.holder_id):
            holders.resume_holder(file, slot)
