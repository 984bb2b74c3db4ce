"""Answers made from rows: what a caller sees of slots and decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.approvals.actions import decision_actions, slot_actions
from services.approvals.case import CaseState
from services.approvals.case_file import CaseFile
from services.approvals.deadline import TIME_LABELS, time_state
from services.approvals.schemas import ChangeShape, SinceShape
from services.approvals.since import Since, since_decided
from services.approvals.slot import Slot, SlotState
from services.approvals.slot_schemas import DecisionShape, SlotItem
from services.approvals.turn import refusals
from services.approvals.verbs import Situation
from shared.errors import Problem
from shared.people import Caller
from shared.store import Look


def slot_items(look: Look, rows: Sequence[Slot], caller: Caller) -> list[SlotItem]:
    """Rows of a to-do or done list, with what stands against deciding those of others."""
    refused = refusals(look, rows, caller.person_id)
    return [_item(row, look.now, caller, refused.get(row.id)) for row in rows]


def whole_slot(look: Look, at: Situation) -> SlotItem:
    """One slot with everything that may be done with it."""
    item = _item(at.slot, look.now, at.caller, None)
    since = since_decided(look, at.file).get(at.slot.id)
    told = since_shape(since, at.file.round.labels) if since else None
    return item.model_copy(update={"available_actions": slot_actions(at), "since_decided": told})


def held_slot(look: Look, at: Situation) -> SlotItem:
    """A slot of somebody as his administrator sees it: whether it can be reassigned."""
    item = _item(at.slot, look.now, at.caller, None)
    may = [one for one in slot_actions(at) if one.action == "reassign"]
    of_holder = {"on_behalf_of": None, "on_behalf_name": ""}
    return item.model_copy(update={"available_actions": may, **of_holder})


def since_shape(since: Since, labels: Mapping[str, str]) -> SinceShape:
    """What has changed since a decision, with what people call the fields."""
    return SinceShape(
        round=since.decided.round,
        outcome=since.decided.state,
        status_label=since.decided.label,
        decided_at=since.decided.closed_at,
        opinion=since.decided.opinion,
        changes=[
            ChangeShape(**vars(one), label=labels.get(one.field) or labels.get(one.field.split(".")[0], ""))
            for one in since.changes
        ],
    )


def _item(slot: Slot, now: datetime, caller: Caller, refused: Problem | None) -> SlotItem:
    state = time_state(slot, now)
    represented = slot.on_behalf_of or (slot.holder_id if slot.holder_id != caller.person_id else None)
    return SlotItem(
        **columns(slot, SlotItem),
        amount=slot.amount_fen,
        status_label=slot.label,
        time_state=state,
        time_label=TIME_LABELS[state],
        on_behalf_of=represented,
        on_behalf_name=slot.holder_name if represented else "",
        available_actions=decision_actions(slot, refused),
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
    made |= {"since_decided"}
    made |= {"on_behalf_of", "on_behalf_name"} if shape is SlotItem else set()
    return {name: getattr(row, name) for name in shape.model_fields if name not in made}
