"""Changes of people in a running step: passed on by the holder or an administrator, left, returned."""

from __future__ import annotations

from typing import Any

from services.approvals.actor import Actor
from services.approvals.case_file import CaseFile, Effects
from services.approvals.quorum import can_spare
from services.approvals.recording import record
from services.approvals.slot import Slot, SlotState
from services.approvals.staffing import Candidate


def reassign(file: CaseFile, slot: Slot, to: Candidate, by: Actor, reason: str) -> Slot:
    """Another person takes over a pending slot, by the will of an administrator."""
    new, effects = succeed(file, slot, to, "reassigned")
    new.basis, new.administered_by = "colleague", by.person_id
    file.settle_attention()
    about: dict[str, Any] = {"administrator": True, "to": [to.name]}
    record(file, "reassigned", by, effects, slot=slot, opinion=reason, **about)
    return new


def transfer(file: CaseFile, slot: Slot, to: Candidate, by: Actor, reason: str) -> Slot:
    """The holder passes his turn on to another person who is eligible as he is."""
    new, effects = succeed(file, slot, to, "transferred")
    new.basis = slot.basis
    new.take_time_of(slot)
    record(file, "transferred", by, effects, opinion=reason, slot=slot, to=[to.name])
    return new


def succeed(file: CaseFile, slot: Slot, to: Candidate, origin: str) -> tuple[Slot, Effects]:
    """A new slot in the place of another, which it takes over from it with those who sign for it."""
    file.close(slot, SlotState.TRANSFERRED)
    new = file.give_slot(slot.step_index, to, origin)
    new.sign, new.sign_for = slot.sign, slot.sign_for
    signers = [one for one in file.slots if one.sign_for == slot.id and one.pending]
    for one in signers:
        one.sign_for = new.id
    if file.awaited_by(new):
        file.pend(new, SlotState.WAITING)
    return new, Effects([new], [slot, *signers])


def lose_holder(file: CaseFile, slot: Slot) -> None:
    """The holder left: the others go on without him where they are enough, else the slot waits for an
    administrator."""
    if slot.counts and can_spare(file.step, file.step_slots, slot):
        effects = Effects(closed=[slot, *file.awaited_by(slot)])
        for one in effects.closed:
            file.close(one, SlotState.CANCELLED)
        file.settle_attention()
        record(file, "released", None, effects, slot=slot)
        return
    slot.pend(SlotState.VACANT)
    file.raise_attention("holder_left")
    record(file, "vacated", None, Effects(closed=[slot]), slot=slot)


def resume_holder(file: CaseFile, slot: Slot, back: Candidate) -> None:
    """The holder of a vacant slot is back, perhaps in the organisation that has taken the place of his."""
    slot.holder_unit_id, slot.holder_unit = back.organisation_id, back.organisation_name
    file.pend(slot, SlotState.WAITING if file.awaited_by(slot) else SlotState.OPEN)
    file.settle_attention()
    record(file, "resumed", None, Effects(opened=[slot]), slot=slot)
