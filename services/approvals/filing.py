"""Takes case files out under the lock of their case, and puts back what an act did."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select

from services.approvals.carrying import Earlier
from services.approvals.case import Case, CaseRound, CaseState
from services.approvals.case_event import CaseEvent
from services.approvals.case_file import CaseFile
from services.approvals.case_verbs import Standing
from services.approvals.cc import Cc
from services.approvals.choosing import is_eligible
from services.approvals.deadline import TimetableHere
from services.approvals.in_force import in_force
from services.approvals.judge import COMES_FIRST
from services.approvals.round_time import ends_a_round, measure
from services.approvals.route import InForce, Route, route
from services.approvals.slot import Slot
from services.approvals.staffing import Directory, read_directory, read_unit
from services.approvals.standing_in import deputies_of, in_force_for
from services.approvals.step import Segment
from services.approvals.timetable import timetable_of
from services.approvals.told import attention_cleared, attention_raised
from services.approvals.verbs import Situation
from shared.errors import NotFound
from shared.events import Event
from shared.events.approvals import SlotDueSoon, SlotOpened, SlotOverdue, SlotUrged
from shared.events.documents import Submission
from shared.people import AppointmentCopy, Caller, OrganisationCopy, PersonCopy, Role
from shared.store import Look, Work

SLOT_EVENTS = (SlotOpened, SlotUrged, SlotDueSoon, SlotOverdue)


def latest_case(look: Look, doc_type: str, doc_id: UUID, seen_by: Caller | None = None) -> Case | None:
    """The newest case of a document, locked when in a work: rounds are counted through all of its cases."""
    of_document = select(Case).where(Case.doc_type == doc_type, Case.doc_id == doc_id)
    if seen_by is not None:
        of_document = of_document.where(Case.visible_to(seen_by))
    newest = of_document.order_by(Case.round.desc(), Case.opened_at.desc()).limit(1)
    return look.first(_locked(newest) if isinstance(look, Work) else newest)


def take_by_slot(look: Look, slot_id: UUID, caller: Caller | None) -> tuple[CaseFile, Slot]:
    """The file that a slot is in, and the slot; without a caller for the system. Raises `NotFound` when the
    caller may not see the case."""
    owner = select(Slot.case_id).where(Slot.id == slot_id).scalar_subquery()
    of_slot = select(Case).where(Case.id == owner)
    if caller is not None:
        of_slot = of_slot.where(Case.visible_to(caller))
    case = look.first(_locked(of_slot) if isinstance(look, Work) else of_slot)
    if case is None:
        raise NotFound("not_found", "未找到，或不在您的查看范围内", "not found, or outside your scope")
    file = take(look, case, or_slot=slot_id)
    slot = next(slot for slot in file.slots if slot.id == slot_id)
    file.slots = [slot for slot in file.slots if slot.round == case.round]
    return file, slot


def take(look: Look, case: Case, or_slot: UUID | None = None) -> CaseFile:
    """The file of a case (locked, to change it): its running round with the slots of it, in one statement."""
    wanted = or_(Slot.round == case.round, Slot.id == or_slot) if or_slot else Slot.round == case.round
    rows: Sequence[Any] = look.execute(
        select(CaseRound, Slot)
        .outerjoin(Slot, and_(Slot.case_id == CaseRound.case_id, wanted))
        .where(CaseRound.case_id == case.id, CaseRound.n == case.round)
        .order_by(Slot.opened_at, Slot.id)
        .execution_options(populate_existing=True)
    ).all()
    slots = [slot for _, slot in rows if slot is not None]
    return CaseFile(case, rows[0][0], slots, look.now, timetable=timetable_for(look, case))


def situation(look: Look, file: CaseFile, slot: Slot, caller: Caller) -> Situation:
    """Somebody before a slot, for the rules of verbs; what only some of them ask for is read when asked."""
    if slot.holder_id != caller.person_id:
        file.standing_in = in_force_for(look, caller.person_id)
    acts, former = cache(lambda: acts_of_round(look, file)), cache(lambda: former_holders(look, file.case))
    return Situation(file, slot, caller, acts, former, partial(is_eligible, look, file, slot))


def acts_of_round(look: Look, file: CaseFile) -> list[CaseEvent]:
    """The events of the running round, oldest first."""
    of_round = select(CaseEvent).where(CaseEvent.case_id == file.case.id, CaseEvent.round == file.case.round)
    return look.all(of_round.order_by(CaseEvent.seq))


def former_holders(look: Look, case: Case) -> set[UUID | None]:
    """Who holds or has held a slot in a case, or has decided one for its holder, whatever its round."""
    rows = look.execute(select(Slot.holder_id, Slot.acted_by).where(Slot.case_id == case.id).distinct())
    return {person for row in rows for person in row}


def standing(look: Look, file: CaseFile, caller: Caller) -> Standing:
    """Somebody before a case, for the rules of its verbs."""
    file.standing_in = in_force_for(look, caller.person_id)
    readers = look.all(select(Cc.person_id).where(Cc.case_id == file.case.id))
    return Standing(file, caller, former_holders(look, file.case), readers)


def timetable_for(look: Look, case: Case) -> TimetableHere:
    """What the budgets of a case go by, read when first needed."""
    return cache(lambda: timetable_of(look, case.district_path))


def keep(work: Work, file: CaseFile) -> None:
    """Adds the rows of the act and publishes its events; deputies of absent holders are named in them.
    Administrators are told when nobody can go on."""
    work.add(*file.added)
    work.publish(*_with_deputies(work, file))
    if file.had_attention and not file.case.attention:
        work.publish(attention_cleared(file.case))
    if file.case.state != CaseState.REVIEWING:
        _keep_times(work, file)
    if file.alarm:
        work.publish(attention_raised(file.case, file.step.name, administrators(work, file)))


def _keep_times(work: Work, file: CaseFile) -> None:
    """What statistics are made of, of a round that has just ended."""
    events = work.all(select(CaseEvent).where(CaseEvent.case_id == file.case.id).order_by(CaseEvent.seq))
    if ends_a_round(events):
        work.add(*measure(file.case, events, file.round.steps, file.timetable().working_time.between))


def _with_deputies(work: Work, file: CaseFile) -> list[Event]:
    about = {one.slot_id for one in file.told if isinstance(one, SLOT_EVENTS)}
    if not about:
        return file.told
    found = deputies_of(work, [slot for slot in file.slots if slot.id in about])
    barred = file.barred(file.step)
    free = {slot: [one for one in people if one not in barred] for slot, people in found.items()}
    return [
        one.model_copy(update={"deputies": free[one.slot_id]}) if isinstance(one, SLOT_EVENTS) else one
        for one in file.told
    ]


def came_first(look: Look, case: Case, slot: Slot | None, slots: Sequence[Slot] = ()) -> CaseEvent | None:
    """The act that a late command lost against: what closed the slot, else the first decision of the round,
    else the last act that comes first before others."""
    decided = [s.closed_by for s in slots if s.is_decision and s.round == case.round and s.closed_by]
    seq = slot.closed_by if slot is not None else min(decided, default=None)
    if seq is not None:
        return look.session.get(CaseEvent, (case.id, seq))
    acts = select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.type.in_(COMES_FIRST))
    return look.first(acts.order_by(CaseEvent.seq.desc()))


def plan_route(look: Look, submission: Submission) -> tuple[Route, Directory | None]:
    """The route that a submission gets now, and the directory that it was made from: what preview shows is
    what the opening of a round freezes."""
    unit = read_unit(look, submission.organisation_id)
    if unit is None:
        return route(submission, InForce(), None, Earlier()), None
    chains = in_force(look, unit, submission.doc_type)
    directory = read_directory(look, unit, chains.steps)
    return route(submission, chains, directory, _earlier(look, submission, chains)), directory


def _earlier(look: Look, submission: Submission, chains: InForce) -> Earlier:
    """The last round of the document's live case, where a step could take something over from it."""
    if not any(step.may_carry for step in chains.steps):
        return Earlier()
    case = latest_case(look, submission.doc_type, submission.doc_id)
    if case is None or case.final or case.organisation_id != submission.organisation_id:
        return Earlier()
    last = take(look, case)
    if any(act.review_anew for act in acts_of_round(look, last)):
        return Earlier()
    return Earlier({step.key: step.attested_digest for step in last.route}, last.slots)


def administrators(look: Look, file: CaseFile) -> list[UUID]:
    """Who can help a stuck step: for the unit's own steps its administrators; else those of the nearest
    district that has any. Parties of the case are left out: they may not administer it."""
    case, step = file.case, file.step
    parties = {case.applicant_id, *former_holders(look, case), *(slot.holder_id for slot in file.slots)}
    if step.segment == Segment.UNIT:
        of_unit = look.all(
            _appointed(Role.UNIT_ADMINISTRATOR, look).where(
                AppointmentCopy.organisation_id == case.organisation_id
            )
        )
        if helpers := set(of_unit) - parties:
            return sorted(helpers)
    path = step.owner_path if step.segment == Segment.DISTRICT else case.district_path
    codes = [code for code in path.split("/") if code]
    rows: Sequence[Any] = look.execute(
        _appointed(Role.DISTRICT_ADMINISTRATOR, look)
        .join(OrganisationCopy, OrganisationCopy.organisation_id == AppointmentCopy.organisation_id)
        .add_columns(OrganisationCopy.district_code)
        .where(OrganisationCopy.district_code.in_(codes))
    ).all()
    found = [(codes.index(code), person) for person, code in rows if person not in parties]
    nearest = max((place for place, _ in found), default=0)
    return sorted({person for place, person in found if place == nearest})


def _appointed(role: Role, look: Look) -> Select[UUID]:
    return (
        select(AppointmentCopy.person_id)
        .join(PersonCopy, PersonCopy.person_id == AppointmentCopy.person_id)
        .where(AppointmentCopy.role == role, PersonCopy.active, AppointmentCopy.on(look.today))
    )


def _locked(statement: Select[Case]) -> Select[Case]:
    return statement.with_for_update(of=Case).execution_options(populate_existing=True)
