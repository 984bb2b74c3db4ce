"""Rows of a list of cases: where each stands, who has it, and until when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from services.approvals.case import Case
from services.approvals.deadline import TIME_LABELS, TimeState, time_state
from services.approvals.schemas import CaseRow
from services.approvals.slot import PENDING, Slot
from services.approvals.views import case_item
from shared.store import Look


def case_rows(look: Look, cases: Sequence[Case]) -> list[CaseRow]:
    """The rows of a page, in one statement more."""
    waiting: dict[UUID, list[Slot]] = defaultdict(list)
    asked = select(Slot).where(Slot.case_id.in_([case.id for case in cases]), Slot.state.in_(PENDING))
    for slot in look.all(asked.order_by(Slot.due_order, Slot.opened_at, Slot.id)):
        waiting[slot.case_id].append(slot)
    return [_row(case, waiting[case.id], look.now) for case in cases]


def _row(case: Case, slots: Sequence[Slot], now: datetime) -> CaseRow:
    """What is due first says how the case stands with its time."""
    first = slots[0] if slots else None
    state = time_state(first, now) if first else TimeState.UNLIMITED
    return CaseRow(
        **case_item(case).model_dump(exclude={"amount"}),
        amount=case.amount_fen,
        step_name=first.step_name if first else "",
        holders=[slot.holder_name for slot in slots if slot.holder_name],
        due_at=first.due_at if first else None,
        time_state=state,
        time_label=TIME_LABELS[state],
    )
