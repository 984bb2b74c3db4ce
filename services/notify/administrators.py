"""Who looks after what notify itself stumbles over, and after what a unit leaves undone."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from shared.people import AppointmentCopy, PersonCopy, Role
from shared.store import Look

LEADING = frozenset({"分管领导", "单位负责人", "主要负责人"})
"""Positions of those who lead a unit."""


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


def in_charge(look: Look, reviewer: UUID, organisation_id: UUID) -> set[UUID]:
    """Those who lead and administer the unit in which somebody reviews: the one given, if he is of it, else
    each of his own."""
    own = set(
        look.all(
            select(AppointmentCopy.organisation_id).where(
                AppointmentCopy.person_id == reviewer,
                AppointmentCopy.role == Role.REVIEWER,
                AppointmentCopy.on(look.today),
            )
        )
    )
    units = {organisation_id} if organisation_id in own else own
    posts = look.session.execute(
        select(AppointmentCopy.person_id, AppointmentCopy.role, AppointmentCopy.positions)
        .join(PersonCopy, PersonCopy.person_id == AppointmentCopy.person_id)
        .where(AppointmentCopy.organisation_id.in_(units), AppointmentCopy.on(look.today), PersonCopy.active)
    )
    return {
        post.person_id
        for post in posts
        if post.role == Role.UNIT_ADMINISTRATOR or not LEADING.isdisjoint(post.positions)
    }
