"""Who looks after what notify itself stumbles over."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from shared.people import AppointmentCopy, PersonCopy, Role
from shared.store import Look


def administrators(look: Look, organisation_id: UUID | None = None) -> list[UUID]:
    """The administrators of a unit, or those of the platform; sorted, so that nobody deadlocks."""
    holds = AppointmentCopy.role == Role.PLATFORM_ADMINISTRATOR
    if organisation_id is not None:
        unit = AppointmentCopy.organisation_id == organisation_id
        holds = (AppointmentCopy.role == Role.UNIT_ADMINISTRATOR) & unit
    people = select(PersonCopy.person_id).join(
        AppointmentCopy, AppointmentCopy.person_id == PersonCopy.person_id
    )
    wanted = people.where(holds, AppointmentCopy.on(look.today), PersonCopy.active)
    return look.all(wanted.distinct().order_by(PersonCopy.person_id))
