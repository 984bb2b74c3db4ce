"""Answers made from rows: what a caller sees of slots, cases, chains and routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from services.approvals.case import Case, CaseRound, CaseState
from services.approvals.case_event import CaseEvent, first_hash, intact
from services.approvals.case_file import CaseFile
from services.approvals.chain_schemas import PreviewShape
from services.approvals.filing import candidates_today
from services.approvals.judge import is_administrator
from services.approvals.route import Route
from services.approvals.schemas import (
    Action,
    CaseItem,
    CaseShape,
    CaseStepShape,
    DecisionShape,
    EventShape,
    HolderShape,
    NextShape,
    PersonShape,
    ProblemItem,
    RouteStepShape,
    SlotItem,
)
from services.approvals.slot import DECIDED, SLOT_LABELS, Slot, SlotState
from services.approvals.staffing import Candidate
from services.approvals.step import RouteStep
from shared.errors import Problem
from shared.people import Caller
from shared.store import Look

ROOT = "/api/approvals"
STEP_LABELS = {
    "done": "已办理",
    "current": "办理中",
    "stopped": "已中止",
    "waiting": "待办理",
    "skipped": "跳过",
    "skipped_empty": "无审核人，按规则跳过",
    "not_reached": "未到达",
}


def action(name: str, allowed: bool, reason: str, url: str, method: str = "POST") -> Action:
    return Action(
        action=name, allowed=allowed, reason="" if allowed else reason, method=method, url=f"{ROOT}{url}"
    )


def problem_items(problems: Sequence[Problem]) -> list[ProblemItem]:
    return [
        ProblemItem(code=one.code, text=one.text, text_en=one.text_en, pointer=one.pointer)
        for one in problems
    ]


def slot_item(slot: Slot) -> SlotItem:
    """A row of the to-do or done list, for its own holder."""
    is_open = slot.state == SlotState.OPEN
    names = ("agree", "disagree")
    return SlotItem(
        **_columns(slot, SlotItem),
        amount=slot.amount_fen,
        status_label=slot.label,
        available_actions=[
            action(name, is_open, f"该环节{slot.label}", f"/slots/{slot.id}/{name}") for name in names
        ],
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


def case_item(case: Case) -> CaseItem:
    return CaseItem(**_columns(case, CaseItem), amount=case.amount_fen, status_label=case.label)


def preview(found: Route) -> PreviewShape:
    """The answer to a preview."""
    return PreviewShape(
        route=[RouteStepShape.model_validate(step) for step in found.steps],
        first_step=found.steps[found.first].key if found.first is not None else None,
        asks_pick=found.asks_pick,
        candidates=[_person(one) for one in found.candidates],
        problems=problem_items(found.problems),
    )


def case_shape(look: Look, case: Case, caller: Caller) -> CaseShape:
    """The whole case, in a fixed number of statements."""
    rounds = look.all(select(CaseRound).where(CaseRound.case_id == case.id).order_by(CaseRound.n))
    slots = look.all(select(Slot).where(Slot.case_id == case.id, Slot.round == case.round).order_by(Slot.id))
    entries = look.all(select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.seq))
    file = CaseFile(case, rounds[-1], slots, look.now)
    beginning = first_hash(case.id, rounds[0].digest, rounds[0].route)
    return CaseShape(
        **case_item(case).model_dump(exclude={"amount"}),
        amount=case.amount_fen,
        revision=case.revision,
        digest=case.digest,
        previous_case=case.previous_case,
        content=file.round.content,
        facts=file.round.facts,
        route=[_step(file, index, step, caller) for index, step in enumerate(file.route)],
        next_step=_next(look, file),
        timeline=[EventShape(**_columns(entry, EventShape), label=entry.label) for entry in entries],
        history_intact=intact(entries, beginning, case.event_hash),
        available_actions=_case_actions(file, caller),
    )


def _step(file: CaseFile, index: int, step: RouteStep, caller: Caller) -> CaseStepShape:
    slots = [slot for slot in file.slots if slot.step_index == index]
    state = _step_state(file, index, step, slots)
    return CaseStepShape(
        **RouteStepShape.model_validate(step).model_dump(),
        state=state,
        status_label=STEP_LABELS[state],
        holders=[_holder(file, step, slot, caller) for slot in slots],
    )


def _step_state(file: CaseFile, index: int, step: RouteStep, slots: Sequence[Slot]) -> str:
    if not step.applies:
        return "skipped"
    if slots:
        if any(slot.pending for slot in slots):
            return "current"
        return "done" if any(slot.state in DECIDED for slot in slots) else "stopped"
    if index < file.case.step_index or file.case.state == CaseState.APPROVED:
        return "skipped_empty"
    return "waiting" if file.case.state == CaseState.REVIEWING else "not_reached"


def _holder(file: CaseFile, step: RouteStep, slot: Slot, caller: Caller) -> HolderShape:
    mine = slot.holder_id == caller.person_id and slot.state == SlotState.OPEN
    administers = is_administrator(file.case, step, caller) and caller.person_id != file.case.applicant_id
    url = f"/slots/{slot.id}"
    return HolderShape(
        slot_id=slot.id,
        person_id=slot.holder_id,
        name=slot.holder_name,
        unit=slot.holder_unit,
        state=slot.state,
        status_label=SLOT_LABELS[SlotState(slot.state)],
        origin=slot.origin,
        opened_at=slot.opened_at,
        closed_at=slot.closed_at,
        opinion=slot.opinion,
        etag=slot.etag,
        available_actions=[
            action("agree", mine, "该环节不由您办理", f"{url}/agree"),
            action("disagree", mine, "该环节不由您办理", f"{url}/disagree"),
            action("reassign", administers and slot.pending, "需要管理员权限且环节未办结", f"{url}/reassign"),
        ],
    )


def _next(look: Look, file: CaseFile) -> NextShape | None:
    """The step that opens next if the current one is agreed to today."""
    if file.case.state != CaseState.REVIEWING:
        return None
    still = [slot.holder_id for slot in file.step_slots if slot.state == SlotState.OPEN and slot.holder_id]
    deciding = [still[0]] if len(still) == 1 else []
    for step in file.route[file.case.step_index + 1 :]:
        if not step.applies:
            continue
        out = file.excluded.union(deciding)
        found = [one for one in candidates_today(look, step) if one.person_id not in out]
        if found or step.on_empty != "skip":
            return NextShape(
                key=step.key,
                name=step.name,
                asks_pick=step.pick != "none",
                candidates=list(map(_person, found)),
            )
    return None


def _case_actions(file: CaseFile, caller: Caller) -> list[Action]:
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


def _person(one: Candidate) -> PersonShape:
    return PersonShape.model_validate(one)


def _columns(row: Any, shape: type[Any]) -> dict[str, Any]:
    """The attributes of a row that a shape has under the same name, without those made elsewhere."""
    made = {"amount", "status_label", "available_actions", "label"}
    return {name: getattr(row, name) for name in shape.model_fields if name not in made}
