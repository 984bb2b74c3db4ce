"""Whom people can choose for a slot: to take it over, to sign too, or to be given it by an administrator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from services.approvals import judge
from services.approvals.case import Case
from services.approvals.case_file import CaseFile
from services.approvals.slot import Slot, SlotState
from services.approvals.staffing import Candidate, candidates_today, place_today
from services.approvals.step import RouteStep, Segment
from shared.errors import Problem
from shared.people import AppointmentCopy, DistrictCopy, OrganisationCopy, PersonCopy, Role
from shared.store import Look

Found = Select[UUID, str, UUID, str]
MOST = 100


def substitute(look: Look, case: Case, step: RouteStep, person_id: UUID) -> Candidate | None:
    """A person as a colleague: of the step's organisation; where the step names people, of the unit, or of an
    organisation in the district of the chain."""
    row: Any = look.execute(_colleagues(look, case, step).where(PersonCopy.person_id == person_id)).first()
    return None if row is None else Candidate(*row)


def successor(look: Look, file: CaseFile, slot: Slot, person_id: UUID) -> Candidate | None:
    """A person as one who is eligible for a slot on the same basis as its holder."""
    step = file.route[slot.step_index]
    if slot.basis == "colleague":
        return substitute(look, file.case, step, person_id)
    return next((one for one in _peers(look, step, slot) if one.person_id == person_id), None)


def is_eligible(look: Look, file: CaseFile, slot: Slot) -> bool:
    """Whether the holder of a slot may still decide it."""
    return slot.holder_id is not None and successor(look, file, slot, slot.holder_id) is not None


def choices(look: Look, file: CaseFile, slot: Slot, verb: str, q: str) -> list[Candidate]:
    """Whom `verb` (transfer, add_sign, reassign) would accept for a slot, by name; at most a hundred."""
    step = file.route[slot.step_index]
    if verb == "transfer" and slot.basis != "colleague":
        found = _peers(look, step, slot)
    else:
        rows: Any = look.execute(_matching(_colleagues(look, file.case, step), q))
        found = list({row[0]: Candidate(*row) for row in rows}.values())
    wanted = [one for one in found if q in one.name or q in one.organisation_name]
    return [one for one in wanted if not why_not_chosen(file, slot, verb, one.person_id, one)][:MOST]


def readers(look: Look, file: CaseFile, q: str = "", wanted: Sequence[UUID] = ()) -> list[Candidate]:
    """Who can get a copy of a case, by name: people of the unit, of its superior unit, and of the
    organisations that review it; at most a hundred, or those `wanted`."""
    unit = look.session.get(OrganisationCopy, file.case.organisation_id)
    places = {file.case.organisation_id, unit.superior_id if unit else None}
    places |= {step.organisation_id for step in file.route if step.applies}
    people = _appointed(look, OrganisationCopy.organisation_id.in_([one for one in places if one]))
    if wanted:
        people = people.where(PersonCopy.person_id.in_(wanted))
    rows: Any = look.execute(_matching(people, q).limit(MOST))
    return list({row[0]: Candidate(*row) for row in rows}.values())


def why_not_chosen(
    file: CaseFile, slot: Slot, verb: str, person_id: UUID, found: Candidate | None
) -> list[Problem]:
    """What speaks against a person: `excluded`, `already_holder`, `not_eligible`; for a transfer also
    `passed_on_before`, so that a turn does not go round in circles."""
    problems = judge.cannot_take_over(file.barred(file.step), file.step_slots, person_id, found)
    passed = any(one.holder_id == person_id and one.state == SlotState.TRANSFERRED for one in file.step_slots)
    if verb == "transfer" and passed and not problems:
        text = "该人员已将此环节转出"
        return [Problem("passed_on_before", text, "/to", "has passed this step on before")]
    return problems


def _peers(look: Look, step: RouteStep, slot: Slot) -> list[Candidate]:
    """The people whose basis is that of a slot; that of an escalation are all levels which it has used up."""
    if slot.basis == "escalation":
        levels = [candidates_today(look, step.at_level(n)) for n in range(slot.escalations)]
        return list({one.person_id: one for level in levels for one in level}.values())
    return candidates_today(look, step.at_superior if slot.basis == "superior" else step)


def _colleagues(look: Look, case: Case, step: RouteStep) -> Found:
    place = place_today(look, step)
    if place is None and step.segment == Segment.UNIT:
        place = case.organisation_id
    if place is not None:
        return _appointed(look, OrganisationCopy.organisation_id == place)
    return _appointed(look, DistrictCopy.path.startswith(step.owner_path, autoescape=True))


def _appointed(look: Look, where: ColumnElement[bool]) -> Found:
    """Active people with a post today in some organisations, by name."""
    return (
        select(PersonCopy.person_id, PersonCopy.name, OrganisationCopy.organisation_id, OrganisationCopy.name)
        .join(AppointmentCopy, AppointmentCopy.person_id == PersonCopy.person_id)
        .join(OrganisationCopy, OrganisationCopy.organisation_id == AppointmentCopy.organisation_id)
        .join(DistrictCopy, DistrictCopy.code == OrganisationCopy.district_code)
        .where(PersonCopy.active, OrganisationCopy.active)
        .where(AppointmentCopy.on(look.today), AppointmentCopy.role != Role.PLATFORM_ADMINISTRATOR)
        .where(where)
        .distinct()
        .order_by(PersonCopy.name, PersonCopy.person_id, OrganisationCopy.organisation_id)
        .limit(3 * MOST)
    )


def _matching(people: Found, q: str) -> Found:
    texts = (PersonCopy.name, OrganisationCopy.name)
    return people.where(or_(*(text.icontains(q, autoescape=True) for text in texts))) if q else people
