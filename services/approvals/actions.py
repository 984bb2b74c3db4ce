"""What a caller may do with a case and its slots now, or why not."""

from __future__ import annotations

from services.approvals.case_verbs import CASE_VERBS, Standing
from services.approvals.schemas import Action
from services.approvals.slot import Slot, SlotState
from services.approvals.verbs import VERBS, Situation, why_not
from shared.errors import Problem

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


def case_actions(at: Standing) -> list[Action]:
    """What the caller may do with the case as a whole, each verb with the reason that speaks against it."""
    case = at.file.case
    urls = {"withdraw": f"/documents/{case.doc_type}/{case.doc_id}/withdraw"}
    refusals = {name: why_not_case(at) for name, why_not_case in CASE_VERBS.items()}
    return [
        action(name, no is None, no.text if no else "", urls.get(name, f"/cases/{case.id}/{name}"))
        for name, no in refusals.items()
    ]
