"""Closing a plan (结束): the holder, or the end of its year, gives back what was not consumed."""

from __future__ import annotations

from services.plans.announcement import status_changed
from services.plans.plan import Action, Plan
from services.plans.reservation import release
from services.plans.review import note
from shared.money import format_yuan
from shared.people import Caller
from shared.store import Work


def close(work: Work, plan: Plan, by: Caller | None, reason: str, code: str = "") -> int:
    """Closes a locked plan and gives what was released, in fen; without `by` the system does it.

    Raises `Conflict`: `wrong_state` (also while a request on the plan is open) or `live_trade`.
    """
    plan.must_allow(Action.CLOSE)
    before, released = plan.to_record(), plan.remaining_fen
    release(work, plan)
    plan.close(work.now)
    text = f"结束采购计划，释放 {format_yuan(released)} 元"
    text = f"{text}：{reason}" if reason else text
    note(work, plan, "closed", text, by=by, before=before, released=format_yuan(released))
    told = status_changed(plan, str(before["status"]))
    work.publish(told.model_copy(update={"reason": reason, "reason_code": code}))
    return released
