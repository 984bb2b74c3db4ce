"""The caller of a request, from the directory's own tables: nobody is known earlier or more exactly."""

from __future__ import annotations

from sqlalchemy import select

from services.directory.appointment import Appointment
from services.directory.district import District
from services.directory.organisation import Organisation
from services.directory.person import Person
from shared.people import Caller, Role, check_person
from shared.store import Look
from shared.tokens import Claims, refused


def find_caller(look: Look, claims: Claims) -> Caller:
    """Raises `Unauthorised`: `token_invalid`, `person_inactive` or `appointment_ended`."""
    found = look.session.execute(
        select(Person.name, Person.active, Person.epoch).where(Person.id == claims.person_id)
    ).one_or_none()
    if found is None:
        raise refused()
    name, active, epoch = found
    check_person(active, epoch, claims)
    rows = look.session.execute(
        select(Appointment.role, Appointment.positions, Organisation, District.path)
        .join(Organisation, Organisation.id == Appointment.organisation_id)
        .join(District, District.code == Organisation.district_code)
        .where(
            Appointment.person_id == claims.person_id,
            Appointment.organisation_id == claims.organisation_id,
            Appointment.on(look.today),
        )
    ).all()
    if not rows or not rows[0][2].active:
        raise refused("appointment_ended", "您在该单位已无任职，请重新登录")
    organisation: Organisation = rows[0][2]
    return Caller(
        person_id=claims.person_id,
        name=name,
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        district_code=organisation.district_code,
        district_path=rows[0][3],
        roles=frozenset(Role(row.role) for row in rows),
        positions=frozenset(position for row in rows for position in row.positions),
    )
