"""What a caller may do with a case and its slots now, or why not."""

from __future__ import annotations

from services.approvals.case_file import CaseFile
from services.approvals.judge import is_administrator
from services.approvals.schemas import Action
from services.approvals.slot import Slot, SlotState
from services.approvals.turn import cannot_represent, in_hand
from shared.errors import Problem
from shared.people import Caller

ROOT = "/api/approvals"


def action(name: str, allowed: bool, reason: str, url: str, method: str = "POST") -> Action:
    return Action(
        action=name, allowed=allowed, reason="" if allowed else reason, method=method, url=f"{ROOT}{url}"
    )


def decision_actions(slot: Slot, refused: Problem | None = None) -> list[Action]:
    """The decisions, for who has a slot in his hand; `refused` is what stands against it for a deputy."""
    is_open = slot.state == SlotState.OPEN
    reason = refused.text if is_open and refused else f"该环节{slot.label}"
    return [
        action(name, is_open and refused is None, reason, f"/slots/{slot.id}/{name}")
        for name in ("agree", "disagree")
    ]


def slot_actions(file: CaseFile, slot: Slot, caller: Caller) -> list[Action]:
    """What anybody who sees the case may do with one of its slots."""
    mine = slot.state == SlotState.OPEN and in_hand(file, slot, caller)
    refused = cannot_represent(file, slot, caller) if mine and slot.holder_id != caller.person_id else None
    decides, why = mine and refused is None, refused.text if refused else "该环节不由您办理"
    step = file.route[slot.step_index]
    administers = is_administrator(file.case, step, caller) and caller.person_id != file.case.applicant_id
    url = f"/slots/{slot.id}"
    return [
        action("agree", decides, why, f"{url}/agree"),
        action("disagree", decides, why, f"{url}/disagree"),
        action("reassign", administers and slot.pending, "需要管理员权限且环节未办结", f"{url}/reassign"),
    ]


def case_actions(file: CaseFile, caller: Caller) -> list[Action]:
    """What may be done with the case as a whole."""
    case = file.case
    is_applicant = case.applicant_id == caller.person_id
    administers = is_administrator(case, None, caller) and not is_applicant
    reason = "只有申请人可以撤回" if not is_applicant else "已有审核意见或不在审核中"
    document = f"/documents/{case.doc_type}/{case.doc_id}"
    return [
        action("withdraw", is_applicant and file.withdrawable, reason, f"{document}/withdraw"),
        action(
            "terminate",
            administers and not case.final,
            "需要管理员权限且事项未办结",
            f"/cases/{case.id}/terminate",
        ),
    ]
