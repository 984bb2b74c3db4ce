"""The caller himself: who he is, how he is reached, where he is signed in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel
from sqlalchemy import select

from services.directory.organisation import Organisation
from services.directory.person import Person
from services.directory.schemas.people import ContactChange, account_shape, appointment_shape
from services.directory.schemas.session import Me, OpenSession, acting_for
from services.directory.session import SignInSession
from services.directory.sign_in import locks
from shared.errors import NotFound
from shared.http import IfMatch, SignedIn, StoreHere, etag, shown
from shared.people import ROLE_LABELS, Caller
from shared.store import Look

router = APIRouter(tags=["me"])


class OpenSessions(BaseModel):
    """Where the caller is signed in, the latest first."""

    items: list[OpenSession]


@router.get("/me", operation_id="read_me", summary="我的信息 (who am I)", response_model=Me)
def read_me(caller: SignedIn, store: StoreHere) -> Response:
    """The caller, the organisation he acts for, and all his appointments."""
    with store.read() as look:
        person = look.get(Person, caller.person_id)
        return shown(_me(look, person, caller), etag(person.version))


@router.patch(
    "/me", operation_id="change_my_contact", summary="修改我的联系方式 (my contact)", response_model=Me
)
def change_my_contact(body: ContactChange, caller: SignedIn, store: StoreHere, expected: IfMatch) -> Response:
    """E-mail and phone; the name is changed by administrators."""
    with store.work(actor=caller.actor) as work:
        person = work.get(Person, caller.person_id)
        expected.check(etag(person.version))
        contact = {"email": person.email, "phone": person.phone, **body.model_dump(exclude_unset=True)}
        work.publish(person.be_reached(**contact))
        answer = shown(_me(work, person, caller), etag(person.version))
    return answer


@router.get("/me/sessions", operation_id="list_my_sessions", summary="我的登录 (my sessions)")
def list_my_sessions(caller: SignedIn, store: StoreHere) -> OpenSessions:
    """Where the caller is signed in at present."""
    with store.read() as look:
        rows = look.all(
            select(SignInSession)
            .where(
                SignInSession.person_id == caller.person_id,
                SignInSession.idle_until > look.now,
                SignInSession.absolute_until > look.now,
            )
            .order_by(SignInSession.id.desc())
            .limit(100)
        )
        return OpenSessions(items=[OpenSession.model_validate(row) for row in rows])


@router.delete(
    "/me/sessions/{session_id}",
    operation_id="end_my_session",
    summary="结束登录 (end a session)",
    status_code=204,
)
def end_my_session(session_id: Annotated[UUID, Path()], caller: SignedIn, store: StoreHere) -> None:
    """Ends one of the caller's sessions; its tokens live on for fifteen minutes at most."""
    with store.work(actor=caller.actor) as work:
        session = work.find(SignInSession, session_id)
        if session is None or session.person_id != caller.person_id:
            raise NotFound("not_found", "未找到该登录", "no such session")
        work.session.delete(session)


def _me(look: Look, person: Person, caller: Caller) -> Me:
    roles = person.roles_in(caller.organisation_id, look.today)
    return Me(
        id=person.id,
        name=person.name,
        organisation=acting_for(look.get(Organisation, caller.organisation_id)),
        roles=[str(role) for role in roles],
        role_labels=[ROLE_LABELS[role] for role in roles],
        version=person.version,
        account=account_shape(person, locks(look, [person.login]).get(person.login, [])),
        appointments=[appointment_shape(one, caller, look.today) for one in person.appointments],
    )
