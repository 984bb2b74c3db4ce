"""Letting accounts in and out, and giving new passwords."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from services.directory import password as passwords
from services.directory.person import Person, administered
from services.directory.schemas.people import PasswordReset, PersonShape, person_shape
from services.directory.session import end_sessions
from services.directory.sign_in import give_password, locks, unlock
from shared.deciding import Deciding
from shared.digest import digest
from shared.errors import Conflict, invalid
from shared.http import Expected, etag, shown
from shared.people import Caller
from shared.store import Work

router = APIRouter(tags=["people"])
Id = Annotated[UUID, Path()]


@router.post(
    "/people/{person_id}/deactivate",
    operation_id="deactivate_person",
    summary="停用人员 (deactivate)",
    response_model=PersonShape,
)
def deactivate_person(asked: Deciding, person_id: Id) -> Response:
    """Ends all sessions and tokens of the person at once. 409 `own_account` for oneself."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        person = _judged(work, person_id, asked.caller, asked.expected, active=False)
        end_sessions(work, person.id)
        return asked.once.answer(work, person_shape(work, person, asked.caller), 200, etag(person.version))


@router.post(
    "/people/{person_id}/activate",
    operation_id="activate_person",
    summary="启用人员 (activate)",
    response_model=PersonShape,
)
def activate_person(asked: Deciding, person_id: Id) -> Response:
    """Lets a deactivated person sign in again."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        person = _judged(work, person_id, asked.caller, asked.expected, active=True)
        return asked.once.answer(work, person_shape(work, person, asked.caller), 200, etag(person.version))


@router.post(
    "/people/{person_id}/reset-password",
    operation_id="reset_password",
    summary="重置密码 (reset the password)",
    response_model=PersonShape,
)
def reset_password(asked: Deciding, person_id: Id, body: PasswordReset) -> Response:
    """Gives a new password, lifts a lock-out, ends all sessions and tokens.

    A repeat with the same Idempotency-Key answers without the password.
    """
    given = body.password or passwords.random_password()
    with asked.store.read() as look:
        login = administered(look, person_id, asked.caller).login
    if body.password and (problems := passwords.password_problems(given, login, "/password")):
        raise invalid(problems)
    hashed = passwords.hash_password(given)
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work, digest(body.model_dump(exclude={"password"})))) is not None:
            return before
        person = administered(work, person_id, asked.caller)
        asked.expected.check(etag(person.version))
        give_password(work, person, hashed, body.must_change_password)
        shape = person_shape(work, person, asked.caller)
        answer = asked.once.answer(work, shape, 200, etag(person.version))
    if body.password:
        return answer
    return shown(shape.model_copy(update={"initial_password": given}), etag(person.version))


@router.post(
    "/people/{person_id}/unlock",
    operation_id="unlock_person",
    summary="解除锁定 (lift a lock)",
    response_model=PersonShape,
)
def unlock_person(asked: Deciding, person_id: Id) -> Response:
    """Lets somebody sign in again after too many wrong passwords; the password stays. 409 `not_locked`."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        person = administered(work, person_id, asked.caller)
        if not locks(work, [person.login]):
            raise Conflict("not_locked", "该账号未被锁定", "the account is not locked")
        asked.expected.check(etag(person.version))
        unlock(work, person.login)
        return asked.once.answer(work, person_shape(work, person, asked.caller), 200, etag(person.version))


def _judged(work: Work, person_id: UUID, caller: Caller, expected: Expected, active: bool) -> Person:
    """The person let in or out; the state is judged before the version."""
    person = administered(work, person_id, caller)
    if person.id == caller.person_id:
        raise Conflict("own_account", "不能停用或启用自己的账号", "not your own account")
    person.check_not_yet(active)
    expected.check(etag(person.version))
    work.publish(person.set_active(active, work.today))
    return person
