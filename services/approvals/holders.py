"""Changes of people in a running step: reassigned by an administrator, left, returned."""

from __future__ import annotations

from services.approvals.actor import Actor
from services.approvals.case_file import CaseFile, Effects
from services.approvals.quorum import can_spare
from services.approvals.recording import record
from services.approvals.slot import Slot, SlotState
from services.approvals.staffing import Candidate


def reassign(file: CaseFile, slot: Slot, to: Candidate, by: Actor, reason: str) -> Slot:
    """Another person takes over an open or vacant slot."""
    was_open = slot.state == SlotState.OPEN
    file.close(slot, SlotState.TRANSFERRED)
    new = file.give_slot(slot.step_index, to, "reassigned")
    new.basis = "colleague"
    file.settle_attention()
    tell = [slot, new] if was_open else [new]
    record(file, "reassigned", by, Effects([new], [slot]), tell=tell, opinion=reason, slot=slot)
    return new


def lose_holder(file: CaseFile, slot: Slot) -> None:
    """The holder left: the others go on without him where they are enough, else the slot waits for an
    administrator."""
    if can_spare(file.step, file.step_slots, slot):
        file.close(slot, SlotState.CANCELLED)
        record(file, "released", None, Effects(closed=[slot]), slot=slot)
        return
    slot.state, slot.version = SlotState.VACANT, slot.version + 1
    file.raise_attention("holder_left")
    record(file, "vacated", None, Effects(closed=[slot]), slot=slot)


def resume_holder(file: CaseFile, slot: Slot) -> None:
    """The holder of a vacant slot is back."""
    slot.state, slot.version = SlotState.OPEN, slot.version + 1
    file.settle_attention()
    record(file, "resumed", None, Effects(opened=[slot]), slot=slot)
