"""Answers made from rows: what a caller sees of cases and routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy import select

from services.approvals.actions import case_actions, slot_actions
from services.approvals.case import Case, CaseRound, CaseState
from services.approvals.case_event import CaseEvent, first_hash, intact
from services.approvals.case_file import CaseFile
from services.approvals.chain_schemas import PreviewShape
from services.approvals.deadline import TIME_LABELS, time_state
from services.approvals.filing import candidates_today
from services.approvals.quorum import progress
from services.approvals.route import Route
from services.approvals.schemas import (
    CaseItem,
    CaseShape,
    CaseStepShape,
    EventShape,
    HolderShape,
    NextShape,
    PersonShape,
    ProblemItem,
    RouteStepShape,
)
from services.approvals.seating import SKIP_RULES, seat
from services.approvals.slot import DECIDED, SLOT_LABELS, Slot, SlotState
from services.approvals.slot_views import columns
from services.approvals.staffing import Candidate
from services.approvals.standing_in import in_force_for
from shared.errors import Problem
from shared.people import Caller
from shared.store import Look

STEP_LABELS = {
    "done": "已办理",
    "current": "办理中",
    "stopped": "已中止",
    "waiting": "待办理",
    "skipped": "跳过",
    "skipped_by_rule": "按规则跳过",
    "not_reached": "未到达",
}


def problem_items(problems: Sequence[Problem]) -> list[ProblemItem]:
    return [
        ProblemItem(code=one.code, text=one.text, text_en=one.text_en, pointer=one.pointer)
        for one in problems
    ]


def case_item(case: Case) -> CaseItem:
    return CaseItem(**columns(case, CaseItem), amount=case.amount_fen, status_label=case.label)


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
    standing_in = in_force_for(look, caller.person_id)
    file = CaseFile(case, rounds[-1], slots, look.now, standing_in=standing_in)
    beginning = first_hash(case.id, rounds[0].digest, rounds[0].route)
    skips = _skips(entries, case.round)
    return CaseShape(
        **case_item(case).model_dump(exclude={"amount"}),
        amount=case.amount_fen,
        revision=case.revision,
        digest=case.digest,
        previous_case=case.previous_case,
        content=file.round.content,
        facts=file.round.facts,
        route=[_step(file, index, caller, skips) for index in range(len(file.route))],
        next_step=_next(look, file, caller),
        timeline=[EventShape(**columns(entry, EventShape), label=entry.label) for entry in entries],
        history_intact=intact(entries, beginning, case.event_hash),
        available_actions=case_actions(file, caller),
    )


def _skips(entries: Sequence[CaseEvent], n: int) -> dict[str, str]:
    """Steps of a round that were passed over, each with the rule."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.round == n:
            found |= entry.data["skipped"]
    return found


def _step(file: CaseFile, index: int, caller: Caller, skips: Mapping[str, str]) -> CaseStepShape:
    step = file.route[index]
    slots = [slot for slot in file.slots if slot.step_index == index]
    state = _step_state(file, index, slots)
    agreed, wanted = progress(step, slots)
    skipped = SKIP_RULES.get(skips.get(step.key, ""), STEP_LABELS[state])
    return CaseStepShape(
        **RouteStepShape.model_validate(step).model_dump(),
        state=state,
        status_label=skipped if state == "skipped_by_rule" else STEP_LABELS[state],
        skipped_by=skips.get(step.key, ""),
        agreed=agreed,
        needed=wanted,
        holders=[_holder(file, slot, caller) for slot in slots],
    )


def _step_state(file: CaseFile, index: int, slots: Sequence[Slot]) -> str:
    if not file.route[index].applies:
        return "skipped"
    if slots:
        if any(slot.pending for slot in slots):
            return "current"
        return "done" if any(slot.state in DECIDED for slot in slots) else "stopped"
    if index < file.case.step_index or file.case.state == CaseState.APPROVED:
        return "skipped_by_rule"
    return "waiting" if file.case.state == CaseState.REVIEWING else "not_reached"


def _holder(file: CaseFile, slot: Slot, caller: Caller) -> HolderShape:
    standing = time_state(slot, file.at)
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
        due_at=slot.due_at,
        time_state=standing,
        time_label=TIME_LABELS[standing],
        acted_by=slot.acted_by,
        acted_name=slot.acted_name,
        on_behalf_of=slot.on_behalf_of,
        opinion=slot.opinion,
        etag=slot.etag,
        available_actions=slot_actions(file, slot, caller),
    )


def _next(look: Look, file: CaseFile, caller: Caller) -> NextShape | None:
    """The step that opens next if the current one is agreed to today, by the caller where it is his turn."""
    if file.case.state != CaseState.REVIEWING:
        return None
    still = [slot.holder_id for slot in file.step_slots if slot.state == SlotState.OPEN and slot.holder_id]
    deciding = [caller.person_id] if caller.person_id in still else still if len(still) == 1 else []
    for step in file.route[file.case.step_index + 1 :]:
        if not step.applies:
            continue
        agreed = file.excluded.union(deciding)
        seated = seat(step, partial(candidates_today, look), file.case.applicant_id, agreed)
        if not seated.skip:
            return NextShape(
                key=step.key,
                name=step.name,
                asks_pick=step.pick != "none",
                candidates=list(map(_person, seated.people)),
            )
    return None


def _person(one: Candidate) -> PersonShape:
    return PersonShape.model_validate(one)
