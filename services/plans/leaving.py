"""People who have left: why an applicant or a holder can no longer do what waits for him."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from services.plans import reference
from services.plans.document import Document
from services.plans.plan import Plan, Status
from shared.people import AppointmentCopy, PersonCopy, Role
from shared.store import Look

Place = tuple[UUID, UUID]
"""A person and the unit for which he acts."""


def look_for_leavers(look: Look, documents: Iterable[Document]) -> None:
    """Notes in each document why its applicant can no longer go on with it (`applicant_gone`), and in each
    plan that can be used why its holder cannot (`holder_gone`): deactivated, or no handler of the unit."""
    with_applicant, with_holder = [], []
    for document in documents:
        if document.waits_for_applicant:
            with_applicant.append(document)
        elif isinstance(document, Plan) and document.status in (Status.USABLE, Status.IN_USE):
            with_holder.append(document)
    applicants = {(one.applicant_id, one.organisation_id) for one in with_applicant}
    holders = {(plan.holder_id, plan.organisation_id) for plan in with_holder}
    gone = _gone(look, applicants | holders)
    applicant, holder = reference.labels("applicant"), reference.labels("holder")
    for one in with_applicant:
        one.applicant_gone = applicant.get(gone.get((one.applicant_id, one.organisation_id), ""), "")
    for plan in with_holder:
        plan.holder_gone = holder.get(gone.get((plan.holder_id, plan.organisation_id), ""), "")


def _gone(look: Look, places: set[Place]) -> dict[Place, str]:
    """Of these people in their units, those who are no active handlers there today, and why."""
    if not places:
        return {}
    appointed = (
        (AppointmentCopy.person_id == PersonCopy.person_id)
        & (AppointmentCopy.role == Role.HANDLER)
        & AppointmentCopy.on(look.today)
    )
    statement = (
        select(PersonCopy.person_id, AppointmentCopy.organisation_id)
        .outerjoin(AppointmentCopy, appointed)
        .where(PersonCopy.person_id.in_({person for person, _ in places}), PersonCopy.active)
    )
    found = {(row.person_id, row.organisation_id) for row in look.execute(statement)}
    active = {person for person, _ in found}
    return {place: "left_unit" if place[0] in active else "inactive" for place in places - found}
