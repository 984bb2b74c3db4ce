"""The route that explains a due date."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from services.approvals.case import Case
from services.approvals.deadline import reckon
from services.approvals.slot import Slot
from services.approvals.time_schemas import DueDay, DueShape
from services.approvals.timetable import timetable_named
from services.approvals.views import problem_items
from services.approvals.working_time import Reckoning
from shared.clock import SHANGHAI
from shared.errors import NotFound
from shared.http import SignedIn, StoreHere

router = APIRouter(tags=["slots"])


@router.get(
    "/slots/{slot_id}/due",
    operation_id="explain_due_date",
    summary="办理时限的计算依据 (how a due date was reached)",
)
def explain_due_date(store: StoreHere, caller: SignedIn, slot_id: UUID) -> DueShape:
    """From when the time of a slot is counted, by which calendar, and what was counted on each day. For
    everybody who sees the case; 404 `no_deadline` where the step has no budget, and while others sign before
    the holder: his time stands still."""
    with store.read() as look:
        slot = look.get(Slot, slot_id)
        look.get(Case, slot.case_id, seen_by=caller)
        if slot.due_at is None or slot.budget_hours is None:
            raise NotFound("no_deadline", "该环节没有办理时限", "the step has no budget of working time")
        reckoned = reckon(slot, timetable_named(look, slot.calendar))
        return DueShape(
            slot_id=slot.id,
            counted_from=reckoned.start,
            budget_hours=slot.budget_hours,
            due_at=slot.due_at,
            overdue=(slot.closed_at or look.now) >= slot.due_at,
            calendar=slot.calendar,
            days=[
                DueDay(
                    date=share.day.date,
                    working=share.day.working,
                    reason=share.day.reason,
                    counted_minutes=round(share.counted.total_seconds() / 60),
                    assumed=share.day.assumed,
                )
                for share in reckoned.days
            ],
            agrees=reckoned.at == slot.due_at,
            text=_text(reckoned, slot, slot.due_at),
            warnings=problem_items(reckoned.warnings),
        )


def _text(reckoned: Reckoning, slot: Slot, due_at: datetime) -> str:
    counted = f"{slot.budget_hours} 个工作小时"
    if slot.left_seconds is not None:
        minutes = slot.left_seconds // 60
        counted = f"剩余的 {minutes // 60} 小时 {minutes % 60} 分钟工作时间（等待加签人期间不计时）"
    skipped = [str(share.day) for share in reckoned.days if not share.day.working]
    made_up = [
        str(share.day) for share in reckoned.days if share.day.working and share.day.date.weekday() > 4
    ]
    return "；".join(
        [
            f"自 {_local(reckoned.start)} 起算 {counted}，至 {_local(due_at)} 止",
            *([f"不计：{'、'.join(skipped)}"] if skipped else []),
            *([f"计入：{'、'.join(made_up)}"] if made_up else []),
            *(warning.text for warning in reckoned.warnings),
        ]
    )


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
