"""What the lists of the directory ask; a list and its counts go through the same statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, or_, select

from services.directory.appointment import Appointment
from services.directory.district import District
from services.directory.organisation import Kind, Organisation
from services.directory.permissions import Verb
from services.directory.person import Person
from shared.people import Caller, Role
from shared.store import Look

Entity = TypeVar("Entity")


@dataclass(frozen=True)
class PeopleAsked:
    """Filters of the list of people; `role` counts appointments that hold today."""

    organisation_id: UUID | None = None
    role: Role | None = None
    active: bool | None = None
    q: str = ""


@dataclass(frozen=True)
class OrganisationsAsked:
    """Filters of the list of organisations; `below` takes a district and everything under it."""

    kind: Kind | None = None
    district_code: str = ""
    below: str = ""
    superior_id: UUID | None = None
    active: bool | None = None
    q: str = ""


def districts(parent: str, level: str, q: str, selectable: bool | None) -> Select[District]:
    """Districts by parent, level, name or code."""
    found = select(District)
    if parent:
        found = found.where(District.parent_code == parent)
    if level:
        found = found.where(District.level == level)
    if selectable is not None:
        found = found.where(District.selectable == selectable)
    if q:
        found = found.where(
            or_(District.name.contains(q, autoescape=True), District.code.startswith(q, autoescape=True))
        )
    return found


def organisations(caller: Caller, asked: OrganisationsAsked) -> Select[Organisation]:
    """The organisations within the caller's scope that match."""
    found = select(Organisation).where(Organisation.visible_to(caller))
    if asked.kind is not None:
        found = found.where(Organisation.kind == asked.kind)
    if asked.district_code:
        found = found.where(Organisation.district_code == asked.district_code)
    if asked.below:
        below = District.path.contains(f"/{asked.below}/", autoescape=True)
        found = found.where(Organisation.district_code.in_(select(District.code).where(below)))
    if asked.superior_id is not None:
        found = found.where(Organisation.superior_id == asked.superior_id)
    if asked.active is not None:
        found = found.where(Organisation.active == asked.active)
    if asked.q:
        name = Organisation.name.contains(asked.q, autoescape=True)
        found = found.where(or_(name, Organisation.uscc.startswith(asked.q.upper(), autoescape=True)))
    return found


def people(caller: Caller, asked: PeopleAsked, today: date) -> Select[Person]:
    """The people within the caller's scope that match; an appointment out of his scope matches nothing."""
    found = select(Person).where(Person.visible_to(caller))
    if asked.organisation_id is not None or asked.role is not None:
        there = [Appointment.person_id == Person.id, Appointment.organisation_id == Organisation.id]
        if asked.organisation_id is not None:
            there.append(Appointment.organisation_id == asked.organisation_id)
        if asked.role is not None:
            there.append(and_(Appointment.role == asked.role, Appointment.on(today)))
        seen = or_(Organisation.within(caller, Verb.READ_PEOPLE), Person.id == caller.person_id)
        found = found.where(exists().where(*there, seen))
    if asked.active is not None:
        found = found.where(Person.active == asked.active)
    if asked.q:
        found = found.where(Person.name.contains(asked.q, autoescape=True))
    return found


def count_by(look: Look, listed: Select[Entity], column: str) -> dict[object, int]:
    """How many rows of a list have each value of a column."""
    rows = listed.order_by(None).subquery()
    value = rows.c[column]
    return {key: number for key, number in look.session.execute(select(value, func.count()).group_by(value))}
