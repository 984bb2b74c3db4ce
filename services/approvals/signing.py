"""Added signers (加签): colleagues whom a holder asks to sign before him or with him."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from services.approvals.actor import Actor
from services.approvals.case_file import CaseFile, Effects
from services.approvals.recording import record
from services.approvals.slot import Slot, SlotState
from services.approvals.staffing import Candidate

MAX_SIGNERS = 10
"""How many added signers may be pending in a step."""

Order = Literal["before", "with"]


def add_sign(
    file: CaseFile, slot: Slot, people: Sequence[Candidate], order: Order, said: tuple[Actor, str]
) -> list[Slot]:
    """Colleagues sign before the holder, whose turn comes back when all of them have agreed; or with him, and
    the step does not close without them. `said` is who adds them and why."""
    by, reason = said
    added = [file.give_slot(slot.step_index, person, "added") for person in people]
    for one in added:
        one.basis, one.sign, one.sign_for = "colleague", order, slot.id
    closed = []
    if order == "before":
        file.pend(slot, SlotState.WAITING)
        closed = [slot]
    about: dict[str, Any] = {"order": order, "to": [one.name for one in people]}
    record(file, "signers_added", by, Effects(added, closed), slot=slot, opinion=reason, **about)
    return added


def reduce_sign(file: CaseFile, slot: Slot, by: Actor, reason: str, administrator: bool) -> None:
    """A pending slot that the step can do without is taken off, with those who were to sign before it."""
    signers = file.awaited_by(slot)
    file.close(slot, SlotState.REMOVED)
    if administrator:
        slot.administered_by = by.person_id
    for one in signers:
        file.close(one, SlotState.CANCELLED)
    effects = Effects(closed=[slot, *signers], opened=give_back(file, slot))
    file.settle_attention()
    record(file, "removed", by, effects, slot=slot, opinion=reason, administrator=administrator)


def give_back(file: CaseFile, signer: Slot) -> list[Slot]:
    """The turn of the one who waited for `signer`, if it was the last one that he waited for."""
    waiting = [one for one in file.slots if one.id == signer.sign_for and one.state == SlotState.WAITING]
    ready = [slot for slot in waiting if not file.awaited_by(slot)]
    for slot in ready:
        file.pend(slot, SlotState.OPEN)
    return ready
