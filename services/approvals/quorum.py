"""How many agreements a step needs, and whether it has them."""

from __future__ import annotations

from collections.abc import Sequence

from services.approvals.slot import Slot, SlotState
from services.approvals.step import Step


def needed(step: Step, places: int) -> int:
    """How many of `places` parts of a step must agree: one, all of them, or a number of its own."""
    return max(places, step.needed) if step.quorum == "all" else step.needed


def progress(step: Step, slots: Sequence[Slot]) -> tuple[int, int]:
    """Agreements that the slots of a step have, and those that it needs."""
    places = [slot for slot in slots if slot.counts]
    return sum(slot.state == SlotState.AGREED for slot in places), needed(step, len(places))


def has_quorum(step: Step, slots: Sequence[Slot]) -> bool:
    """Whether the step has all the agreements that it needs."""
    agreed, wanted = progress(step, slots)
    return agreed >= wanted


def closes(step: Step, slots: Sequence[Slot], slot: Slot) -> bool:
    """Whether an agreement of a pending slot closes the step: nobody who signs with the others is missing."""
    if any(one.sign == "with" and one.pending for one in slots if one is not slot):
        return False
    agreed, wanted = progress(step, slots)
    return agreed + slot.counts >= wanted


def can_spare(step: Step, slots: Sequence[Slot], slot: Slot) -> bool:
    """Whether the quorum can be reached without a pending slot; every place of an `all` step is needed."""
    if step.quorum == "all":
        return False
    still = [one for one in slots if one is not slot and one.counts]
    hopeful = sum(one.state != SlotState.VACANT for one in still)
    return hopeful >= needed(step, len(still))
