"""Signing in and out, renewing, changing the password, and the published keys."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Cookie, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.directory import password as passwords
from services.directory.organisation import Organisation
from services.directory.person import Person
from services.directory.schemas.session import (
    PasswordChange,
    Renew,
    SessionShape,
    SignedInPerson,
    SignIn,
    acting_for,
)
from services.directory.session import (
    Renewal,
    find_session,
    open_session,
    owner_of,
    renew_session,
    session_ended,
)
from services.directory.sign_in import accept, give_password, prove
from services.directory.signing_key import LIFETIME, current_key, issue_token, jwks
from shared.address import address_of
from shared.errors import Forbidden, Problem, Refusal, invalid
from shared.http import Here, StoreHere
from shared.people import ROLE_LABELS
from shared.service import Running
from shared.store import Work

router = APIRouter(tags=["session"])
COOKIE = "procurement_session"
PATH = "/api/directory/session"
RenewalCookie = Annotated[str, Cookie(alias=COOKIE, max_length=200)]


class KeySet(BaseModel):
    """RFC 7517."""

    model_config = ConfigDict(extra="allow")

    keys: list[dict[str, str]] = Field(examples=[[{"kty": "OKP", "crv": "Ed25519", "x": "…", "kid": "…"}]])


@router.get("/jwks", operation_id="read_jwks", summary="公钥集 (public keys of tokens)")
def read_jwks(here: Here, response: Response) -> KeySet:
    """The keys that verify person tokens and service account tokens; may be kept for a minute."""
    response.headers["Cache-Control"] = "public, max-age=60"
    return KeySet.model_validate(jwks(here))


@router.post(
    "/session", operation_id="sign_in", summary="登录 (sign in)", status_code=201, response_model=SessionShape
)
def sign_in(body: SignIn, here: Here, request: Request, response: Response) -> SessionShape:
    """A token of fifteen minutes, and a cookie with which `POST /session/renew` gives the next one.

    401 `sign_in_refused`, 403 `password_change_required` (use `PUT /password`), `person_inactive` or
    `no_appointment`, 429 `locked_out` after five wrong tries from one address, fifty in all.
    """
    check_origin(here, request)
    proof = prove(here.store, body.login, body.password, address_of(request))
    with here.store.work() as work:
        person = accept(work, proof)
        if isinstance(person, Person):
            refuse_temporary(person)
            organisation = choose(person, body.organisation_id, work)
            client = request.headers.get("user-agent", "")
            renewal = open_session(work, person.id, organisation.id, client)
            answer = session_shape(work, person, organisation)
    if isinstance(person, Refusal):
        raise person
    set_cookie(here, response, renewal)
    return answer


@router.post(
    "/session/renew", operation_id="renew_session", summary="续期或切换单位 (renew, or act for another unit)"
)
def renew(
    here: Here, request: Request, response: Response, body: Renew | None = None, cookie: RenewalCookie = ""
) -> SessionShape:
    """Another token for the session in the cookie; its secret changes with every use. 401 `session_ended`."""
    check_origin(here, request)
    wanted = body.organisation_id if body else None
    with here.store.work() as work:
        owner = owner_of(work, cookie)  # locked before his sessions, as everywhere
        person = work.find(Person, owner) if owner else None
        renewal = renew_session(work, cookie) if person else None
        if person is not None and renewal is not None:
            session = renewal.session
            organisation = choose(person, wanted, work, session.organisation_id)
            session.organisation_id = organisation.id
            answer = session_shape(work, person, organisation)
    if renewal is None:
        raise session_ended()
    set_cookie(here, response, renewal)
    return answer


@router.delete("/session", operation_id="sign_out", summary="退出登录 (sign out)", status_code=204)
def sign_out(here: Here, request: Request, response: Response, cookie: RenewalCookie = "") -> None:
    """Ends the session of the cookie; nothing happens when there is none."""
    check_origin(here, request)
    with here.store.work() as work:
        session = find_session(work, cookie)
        if session is not None and session.knows(cookie.partition(".")[2]):
            work.session.delete(session)
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict", secure=secure(here))


@router.put(
    "/password", operation_id="change_password", summary="修改密码 (change the password)", status_code=204
)
def change_password(body: PasswordChange, store: StoreHere, request: Request) -> None:
    """Replaces a temporary or any other password by whoever knows it; wrong tries count as in signing in.

    All sessions end, tokens from before die. 422 `password_too_weak`, `password_contains_login`,
    `password_unchanged`.
    """
    problems = passwords.password_problems(body.new_password, body.login, "/new_password")
    if body.new_password == body.password:
        text = "新密码不能与原密码相同"
        problems.append(Problem("password_unchanged", text, "/new_password", "the same as before"))
    if problems:
        raise invalid(problems)
    proof = prove(store, body.login, body.password, address_of(request))
    hashed = passwords.hash_password(body.new_password) if proof.right else ""
    with store.work() as work:
        person = accept(work, proof)
        if isinstance(person, Person):
            work.actor = str(person.id)
            give_password(work, person, hashed, temporary=False)
    if isinstance(person, Refusal):
        raise person


def refuse_temporary(person: Person) -> None:
    if person.password_temporary:
        raise Forbidden(
            "password_change_required",
            "首次登录请先修改密码",
            "change the temporary password first",
            facts={"change_at": "/api/directory/password"},
        )


def choose(person: Person, wanted: UUID | None, work: Work, so_far: UUID | None = None) -> Organisation:
    """The organisation to act for: the wanted one, else that of before, else that of the oldest appointment.

    Raises `Forbidden` (`no_appointment`).
    """
    held = {organisation.id: organisation for organisation in person.acts_for(work.today)}
    if wanted is not None and wanted not in held:
        raise Forbidden("no_appointment", "您在该单位没有任职", "you have no appointment there")
    if not held:
        raise Forbidden("no_appointment", "您目前没有有效任职，请联系管理员", "you have no appointment now")
    for choice in (wanted, so_far):
        if choice in held:
            return held[choice]
    return next(iter(held.values()))


def session_shape(work: Work, person: Person, organisation: Organisation) -> SessionShape:
    token = issue_token(current_key(work), person.id, organisation.id, person.epoch, work.now)
    roles = person.roles_in(organisation.id, work.today)
    return SessionShape(
        access_token=token,
        expires_in=int(LIFETIME.total_seconds()),
        person=SignedInPerson(id=person.id, name=person.name, login=person.login),
        organisation=acting_for(organisation),
        organisations=[acting_for(one) for one in person.acts_for(work.today)],
        roles=[str(role) for role in roles],
        role_labels=[ROLE_LABELS[role] for role in roles],
    )


def set_cookie(here: Running, response: Response, renewal: Renewal) -> None:
    response.headers["Cache-Control"] = "no-store"
    if renewal.cookie is not None:
        response.set_cookie(
            COOKIE, renewal.cookie, path=PATH, httponly=True, samesite="strict", secure=secure(here)
        )


def secure(here: Running) -> bool:
    return here.settings.public_url.startswith("https://")


def check_origin(here: Running, request: Request) -> None:
    """A browser says where a page comes from; another site must not renew or end a session.

    Raises `Forbidden` (`origin_refused`).
    """
    origin = request.headers.get("origin")
    if origin is None:
        return
    ours = {request.headers.get("host", ""), urlsplit(here.settings.public_url).netloc} - {""}
    if _netloc(origin) not in ours:
        raise Forbidden("origin_refused", "不接受来自其他网站的请求", "requests from other sites are refused")


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
