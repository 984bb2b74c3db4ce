"""Answers made from rows: what a caller sees of cases and routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import Select, select

from services.approvals.actions import case_actions, slot_actions
from services.approvals.case import Case, CaseRound, CaseState
from services.approvals.case_event import CaseEvent, first_hash, intact
from services.approvals.case_file import CaseFile
from services.approvals.cc import Cc
from services.approvals.chains.schemas import CarriedShape, PreviewShape
from services.approvals.choosing import is_eligible
from services.approvals.deadline import TIME_LABELS, time_state
from services.approvals.filing import standing, timetable_for
from services.approvals.quorum import closes, progress
from services.approvals.route import Route
from services.approvals.schemas import (
    CaseItem,
    CaseShape,
    CaseStepShape,
    CopyShape,
    EventShape,
    HolderShape,
    NextShape,
    ObstacleShape,
    PersonShape,
    RouteStepShape,
    SinceShape,
)
from services.approvals.seating import SKIP_RULES, seat
from services.approvals.since import since_decided
from services.approvals.slot import Slot, SlotState
from services.approvals.slot_views import columns, since_shape
from services.approvals.staffing import Candidate, candidates_today
from services.approvals.turn import in_hand
from services.approvals.verbs import Situation
from shared.errors import Problem
from shared.people import Caller
from shared.store import Look

STEP_LABELS = {
    "done": "已办理",
    "carried": "沿用上一轮同意",
    "current": "办理中",
    "stopped": "已中止",
    "waiting": "待办理",
    "skipped": "跳过",
    "skipped_by_rule": "按规则跳过",
    "not_reached": "未到达",
}


def problem_items(problems: Sequence[Problem]) -> list[ObstacleShape]:
    return [
        ObstacleShape(code=one.code, text=one.text, text_en=one.text_en, pointer=one.pointer)
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
        carried=[
            CarriedShape(
                **vars(holder),
                step_key=slot.step_key,
                acted_name=slot.acted_name,
                round=slot.carried_round or slot.round,
                agreed_at=slot.closed_at,
            )
            for one in found.carried.values()
            for slot, holder in one.agreed
        ],
        problems=problem_items(found.problems),
    )


def case_shape(look: Look, case: Case, caller: Caller) -> CaseShape:
    """The whole case, in a fixed number of statements."""
    rounds = look.all(select(CaseRound).where(CaseRound.case_id == case.id).order_by(CaseRound.n))
    slots = look.all(select(Slot).where(Slot.case_id == case.id, Slot.round == case.round).order_by(Slot.id))
    entries = look.all(select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.seq))
    file = CaseFile(case, rounds[-1], slots, look.now, timetable=timetable_for(look, case))
    by = standing(look, file, caller)
    beginning = first_hash(case.id, rounds[0].digest, rounds[0].route)
    acts = [entry for entry in entries if entry.round == case.round]
    known = (lambda: acts, lambda: by.holders)
    turns = [Situation(file, one, caller, *known, partial(is_eligible, look, file, one)) for one in slots]
    since = {slot: since_shape(one, file.round.labels) for slot, one in since_decided(look, file).items()}
    return CaseShape(
        **case_item(case).model_dump(exclude={"amount"}),
        amount=case.amount_fen,
        revision=case.revision,
        digest=case.digest,
        previous_case=case.previous_case,
        content=file.round.content,
        facts=file.round.facts,
        route=[_step(file, index, turns, _skips(acts), since) for index in range(len(file.route))],
        next_step=next_of(look, file, caller),
        copies=[CopyShape.model_validate(one) for one in look.all(_copies(case))],
        timeline=[EventShape(**columns(entry, EventShape), label=entry.label) for entry in entries],
        history_intact=intact(entries, beginning, case.event_hash),
        available_actions=case_actions(by),
    )


def _copies(case: Case) -> Select[Cc]:
    return select(Cc).where(Cc.case_id == case.id).order_by(Cc.id)


def _skips(acts: Sequence[CaseEvent]) -> dict[str, str]:
    """Steps of a round that were passed over, each with the rule."""
    found: dict[str, str] = {}
    for act in acts:
        found |= act.data["skipped"]
    return found


def _step(
    file: CaseFile,
    index: int,
    turns: Sequence[Situation],
    skips: Mapping[str, str],
    since: Mapping[UUID, SinceShape],
) -> CaseStepShape:
    step = file.route[index]
    here = [at for at in turns if file.is_of(at.slot, index)]
    slots = [at.slot for at in here]
    state = _step_state(file, index, slots)
    rule = skips.get(step.key, "") if state == "skipped_by_rule" else ""
    agreed, wanted = progress(step, slots)
    return CaseStepShape(
        **RouteStepShape.model_validate(step).model_dump(),
        state=state,
        status_label=SKIP_RULES.get(rule, STEP_LABELS[state]),
        skipped_by=rule,
        agreed=agreed,
        needed=wanted,
        holders=[_holder(at, since.get(at.slot.id)) for at in here],
    )


def _step_state(file: CaseFile, index: int, slots: Sequence[Slot]) -> str:
    step = file.route[index]
    if not step.applies or step.carried:
        return "carried" if step.carried else "skipped"
    if any(slot.pending for slot in slots):
        return "current"
    if any(slot.is_decision for slot in slots):
        return "done"
    if index < file.case.step_index or file.case.state == CaseState.APPROVED:
        return "skipped_by_rule"
    if file.case.state == CaseState.REVIEWING:
        return "waiting"
    return "stopped" if any(slot.carried_round is None for slot in slots) else "not_reached"


def _holder(at: Situation, since: SinceShape | None) -> HolderShape:
    slot, time = at.slot, time_state(at.slot, at.file.at)
    return HolderShape(
        slot_id=slot.id,
        person_id=slot.holder_id,
        name=slot.holder_name,
        unit=slot.holder_unit,
        state=slot.state,
        status_label=slot.label,
        origin=slot.origin,
        sign=slot.sign,
        sign_for=slot.sign_for,
        seen_at=slot.seen_at,
        urged_at=slot.urged_at,
        opened_at=slot.opened_at,
        closed_at=slot.closed_at,
        due_at=slot.due_at,
        time_state=time,
        time_label=TIME_LABELS[time],
        acted_by=slot.acted_by,
        acted_name=slot.acted_name,
        on_behalf_of=slot.on_behalf_of,
        opinion=slot.opinion,
        carried_round=slot.carried_round,
        since_decided=since,
        etag=slot.etag,
        available_actions=slot_actions(at),
    )


def next_of(look: Look, file: CaseFile, caller: Caller) -> NextShape | None:
    """The step that opens next if the current one is agreed to today, by the caller where it is his turn;
    whoever closes the current one by his agreement is asked to pick."""
    if file.case.state != CaseState.REVIEWING:
        return None
    turns = [slot for slot in file.step_slots if slot.state == SlotState.OPEN]
    turns.sort(key=lambda slot: slot.holder_id != caller.person_id)  # his own before those of others
    mine = next((slot for slot in turns if in_hand(file, slot, caller)), None)
    turn = mine or (turns[0] if len(turns) == 1 else None)
    deciders = {turn.holder_id if turn else None, caller.person_id if mine else None}
    agreed = file.excluded.union(one for one in deciders if one)
    closing = mine is None or closes(file.step, file.step_slots, mine)
    for step in file.route[file.case.step_index + 1 :]:
        if not step.applies or step.carried:
            continue
        candidates, administrators = partial(candidates_today, look), file.administrators_of(step)
        seated = seat(step, candidates, file.case.applicant_id, agreed, administrators)
        if not seated.skip:
            return NextShape(
                key=step.key,
                name=step.name,
                asks_pick=closing and step.pick != "none",
                candidates=list(map(_person, seated.people)),
            )
    return None


def _person(one: Candidate) -> PersonShape:
    return PersonShape.model_validate(one)
