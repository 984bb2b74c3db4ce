"""Taking one's own agreement back: everything that it did is undone, as long as nobody has built on it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.approvals.actor import Actor
from services.approvals.case import CaseState
from services.approvals.case_event import CaseEvent
from services.approvals.case_file import CaseFile, Effects
from services.approvals.judge import facts_of
from services.approvals.recording import record
from services.approvals.slot import DECIDED, PENDING, Slot, SlotState
from shared.errors import Conflict, Refusal

ON_TURNS = frozenset({"seen", "transferred", "reassigned", "signers_added", "removed", "escalated"})
"""Acts on a slot after which what opened it stays."""


def why_not_take_back(file: CaseFile, slot: Slot, acts: Sequence[CaseEvent]) -> Refusal | None:
    """What stands against taking back the agreement of a slot; `acts` are the events of the round.

    `nothing_to_take_back`, `case_closed`, `decided_since`, `route_changed`, `seen_since`, `acted_since`.
    """
    agreed = slot.state == SlotState.AGREED and slot.is_decision
    if not agreed or slot.closed_by is None or slot.round != file.case.round:
        return Conflict(
            "nothing_to_take_back", "没有可以收回的同意意见", "there is no agreement to take back"
        )
    case, since = file.case, [act for act in acts if act.seq > slot.closed_by]
    if case.state != CaseState.REVIEWING:
        facts = facts_of(case, since[-1] if since else None)
        return Conflict("case_closed", f"{case.label}，不能收回", f"the case is {case.state}", facts)
    decisions = [one.closed_by for one in file.slots if one.state in DECIDED and one.closed_by]
    if max(decisions) > slot.closed_by:
        last = next((act for act in since if act.seq == max(decisions)), None)
        text = "之后已有其他审核意见，不能收回"
        return Conflict("decided_since", text, "somebody has decided since", facts_of(case, last))
    if any(act.type == "migrated" for act in since):
        moved = next(act for act in since if act.type == "migrated")
        text = "之后已改用新版审核流程，不能收回"
        return Conflict("route_changed", text, "the route has changed since", facts_of(case, moved))
    opened = set(opened_by(acts, slot.closed_by))
    for act in since:
        if act.type in ON_TURNS and act.slot_id in opened:
            facts = facts_of(case, act)
            if act.type == "seen":
                return Conflict("seen_since", "下一环节已查看，不能收回", "the next has seen it", facts)
            return Conflict("acted_since", "下一环节已处理，不能收回", "the next has acted on it", facts)
    return None


def take_back(file: CaseFile, slot: Slot, act: CaseEvent, by: Actor, reason: str) -> None:
    """Restores what was before `act`, the agreement of `slot`: its turn, the slots that it cancelled, and the
    step; the slots that it opened are cancelled, those of them that have ended since stay as they are."""
    later = [one for one in file.slots if one.step_index > slot.step_index and one.pending]
    states = {slot_id: trace["was"] for slot_id, trace in act.data["slots"].items()}
    restored = [one for one in file.slots if states.get(str(one.id))]
    for one in later:
        file.close(one, SlotState.CANCELLED)
    for one in restored:
        file.pend(one, SlotState(states[str(one.id)]))
    file.case.step_index = slot.step_index
    file.settle_attention()
    effects = Effects(opened=restored, closed=later)
    record(file, "taken_back", by, effects, slot=slot, opinion=reason, undone=act.seq)


def opened_by(acts: Sequence[CaseEvent], seq: int) -> list[UUID]:
    """The slots that the act number `seq` opened, vacant ones included."""
    return [
        UUID(slot)
        for act in acts
        if act.seq == seq
        for slot, trace in act.data["slots"].items()
        if trace["state"] in PENDING
    ]
