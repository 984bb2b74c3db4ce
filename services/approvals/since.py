"""What has changed since a reviewer decided a step, for who has to decide it again in a later round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.approvals.case import CaseRound
from services.approvals.case_file import CaseFile
from services.approvals.difference import Change, changes
from services.approvals.slot import DECIDED, Slot
from shared.store import Look


@dataclass(frozen=True)
class Since:
    """His last decision of the step in an earlier round, and how what the step attests differs from then."""

    decided: Slot
    changes: list[Change]


def since_decided(look: Look, file: CaseFile) -> dict[UUID, Since]:
    """By the ids of the pending slots whose holders have decided the step before; in two statements, in none
    in the first round of a document."""
    waiting = [slot for slot in file.slots if slot.pending and slot.holder_id]
    if not waiting or file.case.round == 1:
        return {}
    before = _last_decisions(look, file, {slot.step_key for slot in waiting})
    again = {slot.id: before[key] for slot in waiting if (key := (slot.step_key, slot.holder_id)) in before}
    if not again:
        return {}
    contents = _contents(look, file, {slot.round for slot in again.values()})
    steps = {step.key: step for step in file.route}
    return {
        slot: Since(was, changes(contents[was.round], file.round.content, steps[was.step_key].attested))
        for slot, was in again.items()
    }


def _last_decisions(look: Look, file: CaseFile, keys: set[str]) -> Mapping[tuple[str, UUID | None], Slot]:
    decisions = (
        select(Slot)
        .where(Slot.case_id == file.case.id, Slot.round < file.case.round, Slot.step_key.in_(keys))
        .where(Slot.state.in_(DECIDED), Slot.carried_round.is_(None))
        .order_by(Slot.round, Slot.closed_at)
    )
    return {(one.step_key, one.holder_id): one for one in look.all(decisions)}


def _contents(look: Look, file: CaseFile, numbers: set[int]) -> dict[int, dict[str, Any]]:
    rows: Any = look.execute(
        select(CaseRound.n, CaseRound.content).where(
            CaseRound.case_id == file.case.id, CaseRound.n.in_(numbers)
        )
    )
    return {n: content for n, content in rows}
