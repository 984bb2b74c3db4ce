"""Service accounts: programs outside, kept by platform administrators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from sqlalchemy import select

from services.directory.district import District
from services.directory.permissions import Verb, require
from services.directory.schemas.service_accounts import (
    NewServiceAccount,
    ServiceAccountShape,
    ServiceSignIn,
    ServiceToken,
    service_account_shape,
)
from services.directory.service_account import ServiceAccount, new_service_account
from services.directory.signing_key import LIFETIME, current_key, issue_service_token
from services.directory.tables import take_turn
from shared.deciding import Deciding
from shared.errors import Problem, Unauthorised, invalid
from shared.http import DoOnce, Page, Paged, SignedIn, StoreHere, etag, page_of, shown

router = APIRouter(tags=["service accounts"])


@router.get("/service-accounts", operation_id="list_service_accounts", summary="服务账号 (service accounts)")
def list_service_accounts(caller: SignedIn, store: StoreHere, asked: Paged) -> Page[ServiceAccountShape]:
    """Newest first (platform administrators)."""
    require(caller, Verb.WRITE_SERVICE_ACCOUNTS)
    with store.read() as look:
        rows, following = page_of(look, select(ServiceAccount), (ServiceAccount.id,), asked)
    return Page(items=[service_account_shape(row) for row in rows], next=following)


@router.post(
    "/service-accounts",
    operation_id="create_service_account",
    summary="新增服务账号 (add a service account)",
    status_code=201,
    response_model=ServiceAccountShape,
)
def create_service_account(
    body: NewServiceAccount, caller: SignedIn, store: StoreHere, once: DoOnce
) -> Response:
    """The secret is shown in this answer only; a repeat with the same Idempotency-Key answers without it.
    The account acts in its district and below. 422 `name_taken`, `district_unknown`."""
    require(caller, Verb.WRITE_SERVICE_ACCOUNTS)
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        take_turn(work, "service accounts")
        problems = []
        if work.first(select(ServiceAccount.id).where(ServiceAccount.name == body.name)) is not None:
            problems.append(Problem("name_taken", "名称已被使用", "/name", "this name is taken"))
        district = work.first(select(District).where(District.code == body.district_code))
        if district is None:
            text_en = "no such district"
            problems.append(Problem("district_unknown", "没有这个区划", "/district_code", text_en))
        if problems or district is None:
            raise invalid(problems)
        account, secret = new_service_account(body.name, district, work.now)
        work.add(account)
        work.publish(account.changed())
        once.answer(work, service_account_shape(account), 201, etag(account.version))
    return shown(service_account_shape(account, secret), etag(account.version), 201)


@router.post(
    "/service-accounts/{account_id}/secret",
    operation_id="renew_service_account_secret",
    summary="更换密钥 (another secret)",
    response_model=ServiceAccountShape,
)
def renew_secret(asked: Deciding, account_id: Annotated[UUID, Path()]) -> Response:
    """For a secret that was lost, or that others know: the one before is over at once, tokens that it gave
    live on for fifteen minutes at most. Shown in this answer only; a repeat answers without it."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        require(asked.caller, Verb.WRITE_SERVICE_ACCOUNTS)
        account = work.get(ServiceAccount, account_id, seen_by=asked.caller)
        account.check_active()
        asked.expected.check(etag(account.version))
        secret = account.renew_secret()
        work.publish(account.changed())
        asked.once.answer(work, service_account_shape(account), 200, etag(account.version))
    return shown(service_account_shape(account, secret), etag(account.version))


@router.post(
    "/service-accounts/{account_id}/deactivate",
    operation_id="deactivate_service_account",
    summary="停用服务账号 (deactivate)",
    response_model=ServiceAccountShape,
)
def deactivate_service_account(asked: Deciding, account_id: Annotated[UUID, Path()]) -> Response:
    """It gets no more tokens, and those that it has are refused as soon as the other services have heard."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        require(asked.caller, Verb.WRITE_SERVICE_ACCOUNTS)
        account = work.get(ServiceAccount, account_id, seen_by=asked.caller)
        account.check_active()
        asked.expected.check(etag(account.version))
        account.deactivate()
        work.publish(account.changed())
        return asked.once.answer(work, service_account_shape(account), 200, etag(account.version))


@router.post(
    "/service-accounts/token", operation_id="sign_in_service", summary="服务令牌 (token for a program)"
)
def sign_in_service(body: ServiceSignIn, store: StoreHere, response: Response) -> ServiceToken:
    """A token of fifteen minutes. 401 `service_account_refused`."""
    response.headers["Cache-Control"] = "no-store"
    with store.read() as look:
        account = look.find(ServiceAccount, body.id)
        if account is None or not account.knows(body.secret) or not account.active:
            raise Unauthorised("service_account_refused", "服务账号或密钥不正确", "wrong account or secret")
        token = issue_service_token(current_key(look), account.id, look.now)
    return ServiceToken(access_token=token, expires_in=int(LIFETIME.total_seconds()))
