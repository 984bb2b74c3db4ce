"""Who looks after what notify itself stumbles over, and after what a unit leaves undone."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, select

from shared.people import AppointmentCopy, PersonCopy, Role
from shared.store import Look

LEADING = frozenset({"分管领导", "单位负责人", "主要负责人"})
"""Positions of those who lead a unit."""


def administrators(look: Look, *units: UUID) -> list[UUID]:
    """The administrators of these units; where nobody is left there, or none is named, those of the platform,
    so that there is always somebody. Sorted, so that nobody deadlocks."""
    of_units = (AppointmentCopy.role == Role.UNIT_ADMINISTRATOR) & AppointmentCopy.organisation_id.in_(units)
    found = _who_hold(look, of_units) if units else []
    return found or _who_hold(look, AppointmentCopy.role == Role.PLATFORM_ADMINISTRATOR)


def _who_hold(look: Look, holds: ColumnElement[bool]) -> list[UUID]:
    people = select(PersonCopy.person_id).join(
        AppointmentCopy, AppointmentCopy.person_id == PersonCopy.person_id
    )
    wanted = people.where(holds, AppointmentCopy.on(look.today), PersonCopy.active)
    return look.all(wanted.distinct().order_by(PersonCopy.person_id))


def in_charge(look: Look, reviewer: UUID, organisation_id: UUID, reviews_in: UUID | None) -> set[UUID]:
    """Those who lead and administer the unit in which somebody reviews; where nobody does, the administrators
    of the platform. Without `reviews_in` it is the unit of the document, if he is of it, else each of his."""
    units = {reviews_in} if reviews_in else _where_he_reviews(look, reviewer, organisation_id)
    posts = look.session.execute(
        select(AppointmentCopy.person_id, AppointmentCopy.role, AppointmentCopy.positions)
        .join(PersonCopy, PersonCopy.person_id == AppointmentCopy.person_id)
        .where(AppointmentCopy.organisation_id.in_(units), AppointmentCopy.on(look.today), PersonCopy.active)
    )
    found = {
        post.person_id
        for post in posts
        if post.role == Role.UNIT_ADMINISTRATOR or not LEADING.isdisjoint(post.positions)
    }
    return found or set(administrators(look))


def _where_he_reviews(look: Look, reviewer: UUID, organisation_id: UUID) -> set[UUID]:
    own = set(
        look.all(
            select(AppointmentCopy.organisation_id).where(
                AppointmentCopy.person_id == reviewer,
                AppointmentCopy.role == Role.REVIEWER,
                AppointmentCopy.on(look.today),
            )
        )
    )
    return {organisation_id} if organisation_id in own else own
