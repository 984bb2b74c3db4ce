"""Answers made from rows: what a caller sees of slots and decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.approvals.actions import decision_actions, slot_actions
from services.approvals.case import CaseState
from services.approvals.case_file import CaseFile
from services.approvals.deadline import TIME_LABELS, time_state
from services.approvals.slot import Slot, SlotState
from services.approvals.slot_schemas import DecisionShape, SlotItem
from services.approvals.verbs import Situation


def slot_item(slot: Slot, now: datetime, at: Situation | None = None) -> SlotItem:
    """A row of the to-do or done list, for its own holder; alone, with everything that he may do."""
    state = time_state(slot, now)
    return SlotItem(
        **columns(slot, SlotItem),
        amount=slot.amount_fen,
        status_label=slot.label,
        time_state=state,
        time_label=TIME_LABELS[state],
        available_actions=decision_actions(slot) if at is None else slot_actions(at),
    )


def decision(file: CaseFile, slot: Slot) -> DecisionShape:
    """What a decision led to: the state of the case and who has it now."""
    reviewing = file.case.state == CaseState.REVIEWING
    return DecisionShape(
        slot_id=slot.id,
        outcome=slot.state,
        case_id=file.case.id,
        round=file.case.round,
        case_state=file.case.state,
        status_label=file.case.label,
        current_step=file.step.name if reviewing else None,
        current_holders=[one.holder_name for one in file.step_slots if one.state == SlotState.OPEN],
    )


def columns(row: Any, shape: type[Any]) -> dict[str, Any]:
    """The attributes of a row that a shape has under the same name, without those made elsewhere."""
    made = {"amount", "status_label", "available_actions", "label", "time_state", "time_label"}
    return {name: getattr(row, name) for name in shape.model_fields if name not in made}
