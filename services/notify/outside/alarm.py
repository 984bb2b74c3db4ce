"""Tells administrators that an outside system hears nothing any more."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from services.notify.administrators import administrators
from services.notify.answer import Answer, redacted
from services.notify.masked import masked_url
from services.notify.notice import Notice, Occasion, tell
from services.notify.outside.endpoint import Endpoint
from shared.clock import SHANGHAI
from shared.database import new_id
from shared.people import AppointmentCopy, OrganisationCopy, PersonCopy, Role
from shared.store import Look, Work

KIND = "endpoint.disabled"


def tell_of_endpoint(work: Work, endpoint: Endpoint, answer: Answer) -> None:
    """That it was switched off, and what it answered last: to who looks after it."""
    since = endpoint.failing_since or work.now
    context = {
        "name": endpoint.name,
        "address": masked_url(endpoint.url),
        "since": f"{since.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "code": answer.code,
        "text": redacted(answer.text),
    }
    occasion = Occasion(new_id(), KIND, f"endpoint/{endpoint.id}", work.now)
    notice = Notice(KIND, context, "/notifications/endpoints", occasion=occasion)
    for person_id in _keepers(work, endpoint.district_code) or administrators(work):
        tell(work, person_id, notice)


def _keepers(look: Look, district_code: str) -> list[UUID]:
    """The administrators of its district, sorted; nobody when it is the whole platform's."""
    people = (
        select(PersonCopy.person_id)
        .join(AppointmentCopy, AppointmentCopy.person_id == PersonCopy.person_id)
        .join(OrganisationCopy, OrganisationCopy.organisation_id == AppointmentCopy.organisation_id)
        .where(OrganisationCopy.district_code == district_code, PersonCopy.active)
        .where(AppointmentCopy.role == Role.DISTRICT_ADMINISTRATOR, AppointmentCopy.on(look.today))
    )
    return look.all(people.distinct().order_by(PersonCopy.person_id)) if district_code else []
