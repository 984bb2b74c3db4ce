"""People and appointments: kept by the administrators of their unit or district."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from services.directory import password as passwords
from services.directory import queries
from services.directory.grant import appointed
from services.directory.permissions import Verb, require
from services.directory.person import Person, Profile, administered, new_person
from services.directory.queries import PeopleAsked
from services.directory.schemas.people import (
    NewAppointment,
    NewPerson,
    PeopleCounts,
    PersonChange,
    PersonShape,
    person_shape,
    person_shapes,
)
from shared.digest import digest
from shared.errors import Conflict, Invalid, Problem, invalid
from shared.http import DoOnce, IfMatch, Page, Paged, SignedIn, StoreHere, etag, page_of, shown
from shared.people import Caller, Role
from shared.store import Work

router = APIRouter(tags=["people"])
Id = Annotated[UUID, Path()]


def asked_for(
    organisation_id: Annotated[UUID | None, Query()] = None,
    role: Annotated[Role | None, Query()] = None,
    active: Annotated[bool | None, Query()] = None,
    q: Annotated[str, Query(max_length=50, description="姓名 (name)")] = "",
) -> PeopleAsked:
    return PeopleAsked(organisation_id, role, active, q)


Filters = Annotated[PeopleAsked, Depends(asked_for)]


@router.get("/people", operation_id="list_people", summary="人员列表 (people)")
def list_people(caller: SignedIn, store: StoreHere, filters: Filters, asked: Paged) -> Page[PersonShape]:
    """Newest first, within the caller's scope; login and contact only for administrators of the person."""
    with store.read() as look:
        rows, following = page_of(look, queries.people(caller, filters, look.today), (Person.id,), asked)
        return Page(items=person_shapes(look, rows, caller), next=following)


@router.get("/people/counts", operation_id="count_people", summary="人员数量 (counts)")
def count_people(caller: SignedIn, store: StoreHere, filters: Filters) -> PeopleCounts:
    """How many people the list holds with the same filters."""
    with store.read() as look:
        counted = queries.count_by(look, queries.people(caller, filters, look.today), "active")
    active, inactive = counted.get(True, 0), counted.get(False, 0)
    return PeopleCounts(total=active + inactive, active=active, inactive=inactive)


@router.get(
    "/people/{person_id}", operation_id="read_person", summary="人员 (a person)", response_model=PersonShape
)
def read_person(person_id: Id, caller: SignedIn, store: StoreHere) -> Response:
    with store.read() as look:
        person = look.get(Person, person_id, seen_by=caller)
        return shown(person_shape(look, person, caller), etag(person.version))


@router.post(
    "/people",
    operation_id="create_person",
    summary="新增人员 (add a person)",
    status_code=201,
    response_model=PersonShape,
)
def create_person(body: NewPerson, caller: SignedIn, store: StoreHere, once: DoOnce) -> Response:
    """An account with its first appointments; each of its roles must be one that the caller may give.

    A repeat with the same Idempotency-Key answers without the initial password.
    """
    require(caller, Verb.WRITE_PEOPLE)
    problems = passwords.password_problems(body.password, body.login, "/password") if body.password else []
    if problems:
        raise invalid(problems)
    given = body.password or passwords.random_password()
    hashed = passwords.hash_password(given)
    with store.work(actor=caller.actor) as work:
        if (
            before := once.before(work, digest(body.model_dump(mode="json", exclude={"password"})))
        ) is not None:
            return before
        person = _made(work, body, hashed, caller)
        work.publish(person.changed(work.today), person.contact_changed())
        shape = person_shape(work, person, caller)
        answer = once.answer(work, shape, 201, etag(person.version))
    if body.password:
        return answer
    return shown(shape.model_copy(update={"initial_password": given}), etag(person.version), 201)


@router.patch(
    "/people/{person_id}",
    operation_id="change_person",
    summary="修改人员 (change a person)",
    response_model=PersonShape,
)
def change_person(
    person_id: Id, body: PersonChange, caller: SignedIn, store: StoreHere, expected: IfMatch
) -> Response:
    """Name, e-mail, phone."""
    with store.work(actor=caller.actor) as work:
        person = administered(work, person_id, caller)
        expected.check(etag(person.version))
        given = body.model_fields_set
        if "name" in given:
            work.publish(person.rename(body.name, work.today))
        if given & {"email", "phone"}:
            email = body.email if "email" in given else person.email
            work.publish(person.be_reached(email, body.phone if "phone" in given else person.phone))
        answer = shown(person_shape(work, person, caller), etag(person.version))
    return answer


def _made(work: Work, body: NewPerson, password_hash: str, caller: Caller) -> Person:
    """The person with his appointments. Raises `Invalid` with all problems, or `Forbidden`."""
    profile = Profile(body.login, body.name, body.email, body.phone)
    person = new_person(profile, password_hash, body.must_change_password)
    problems = []
    if work.first(select(Person.id).where(Person.login == body.login)) is not None:
        problems.append(LOGIN_TAKEN)
    for number, wanted in enumerate(body.appointments):
        problems += _appoint(work, person, wanted, caller, f"/appointments/{number}")
    if problems:
        raise invalid(problems)
    work.add(person)
    try:
        work.session.flush()
    except IntegrityError:  # somebody else took the login just now
        raise invalid([LOGIN_TAKEN]) from None
    return person


def _appoint(
    work: Work, person: Person, wanted: NewAppointment, caller: Caller, pointer: str
) -> Sequence[Problem]:
    try:
        person.appointments.append(appointed(work, person, wanted.wanted(), caller))
    except Invalid as refusal:
        return [replace(problem, pointer=pointer + problem.pointer) for problem in refusal.problems]
    except Conflict as refusal:
        return [Problem(refusal.code, refusal.text, pointer, refusal.text_en)]
    return []


LOGIN_TAKEN = Problem("login_taken", "登录名已被使用", "/login", "this login is taken")
