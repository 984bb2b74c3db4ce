"""Appointments of a person: given and ended by whoever may give the role."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from services.directory.appointment import Appointment
from services.directory.grant import appointed
from services.directory.permissions import ADMINISTRATORS, Verb, require, require_grant
from services.directory.person import Person, place
from services.directory.schemas.people import AppointmentEnd, NewAppointment, PersonShape, person_shape
from shared.deciding import Deciding
from shared.errors import Conflict
from shared.http import DoOnce, SignedIn, StoreHere, etag
from shared.people import Caller, Role
from shared.store import Work

router = APIRouter(tags=["people"])
Id = Annotated[UUID, Path()]


@router.post(
    "/people/{person_id}/appointments",
    operation_id="appoint_person",
    summary="新增任职 (appoint)",
    status_code=201,
    response_model=PersonShape,
)
def appoint_person(
    person_id: Id, body: NewAppointment, caller: SignedIn, store: StoreHere, once: DoOnce
) -> Response:
    """Gives a role in an organisation. 403 `role_not_grantable`, 409 `already_appointed`."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        person = work.get(Person, person_id, seen_by=caller)
        require(caller, Verb.WRITE_PEOPLE)
        work.publish(person.appoint(appointed(work, person, body.wanted(), caller), work.today))
        return once.answer(work, person_shape(work, person, caller), 201, etag(person.version))


@router.post(
    "/people/{person_id}/appointments/{appointment_id}/end",
    operation_id="end_appointment",
    summary="结束任职 (end an appointment)",
    response_model=PersonShape,
)
def end_appointment(asked: Deciding, person_id: Id, appointment_id: Id, body: AppointmentEnd) -> Response:
    """Ends an appointment on a day or at once. 409 `already_ended`, or `own_last_administrator` for the last
    appointment by which the caller himself administers."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        person = work.get(Person, person_id, seen_by=asked.caller)
        require(asked.caller, Verb.WRITE_PEOPLE)
        one = person.appointment(appointment_id)
        require_grant(asked.caller, Role(one.role), *place(one))
        _keep_own_last(person, one, asked.caller, work)
        one.check_lasting(work.today)
        asked.expected.check(etag(person.version))
        work.publish(person.end_appointment(one, body.last_day, work.today))
        return asked.once.answer(work, person_shape(work, person, asked.caller), 200, etag(person.version))


def _keep_own_last(person: Person, one: Appointment, caller: Caller, work: Work) -> None:
    own = person.id == caller.person_id and one.role in ADMINISTRATORS
    if own and not person.keeps_administering(one, work.today):
        raise Conflict(
            "own_last_administrator",
            "不能结束自己的最后一个管理员任职",
            "this is the last appointment by which you administer",
        )
