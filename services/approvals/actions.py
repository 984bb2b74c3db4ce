"""What a caller may do with a case and its slots now, or why not."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from services.approvals.case_file import CaseFile
from services.approvals.judge import why_not_administer
from services.approvals.schemas import Action
from services.approvals.slot import Slot, SlotState
from services.approvals.verbs import VERBS, Situation, why_not
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
        for name in ("agree", "disagree", "seen")
    ]


def slot_actions(at: Situation) -> list[Action]:
    """What the caller may do with a slot, each verb with the reason that speaks against it."""
    found = []
    for name, verb in VERBS.items():
        refused = why_not(name, at)
        if at.slot.pending or refused is None or name == "take_back":
            reason = refused.text if refused else ""
            found.append(action(name, refused is None, reason, f"/slots/{at.slot.id}/{verb.path}"))
    return found


def case_actions(file: CaseFile, caller: Caller, holders: Collection[UUID | None]) -> list[Action]:
    """What may be done with the case as a whole; `holders` are those who have or had a slot in it."""
    case = file.case
    is_applicant = case.applicant_id == caller.person_id
    refused = why_not_administer(case, None, caller, holders)
    reason = "只有申请人可以撤回" if not is_applicant else "已有审核意见或不在审核中"
    document = f"/documents/{case.doc_type}/{case.doc_id}"
    return [
        action("withdraw", is_applicant and file.withdrawable, reason, f"{document}/withdraw"),
        action(
            "terminate",
            refused is None and not case.final,
            refused.text if refused else f"事项{case.label}",
            f"/cases/{case.id}/terminate",
        ),
    ]
