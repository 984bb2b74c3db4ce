"""Where outside systems hear of events: entered and looked after by administrators of districts."""

from __future__ import annotations

import json
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import select

from services.notify.answer import Answer, Outcome
from services.notify.api.trials import timed
from services.notify.outside.endpoint import Endpoint
from services.notify.outside.events import LABELS
from services.notify.outside.pushing import resume
from services.notify.outside.replaying import forget_endpoint
from services.notify.outside.shapes import (
    ChangedEndpoint,
    EndpointShape,
    NewEndpoint,
    OutsideEvent,
    endpoint_shape,
)
from services.notify.provider_shapes import TrialAnswer
from services.notify.providers.standard import Courier, new_secret, renewed
from services.notify.sandbox import SANDBOX, Sandbox
from services.notify.vault import Vault
from shared.database import new_id
from shared.errors import Problem, invalid
from shared.http import DoOnce, Here, IfMatch, Page, Paged, SignedIn, StoreHere, etag, page_of, shown
from shared.people import Caller, DistrictCopy, OrganisationCopy, Role
from shared.service import Running
from shared.store import Work

router = APIRouter(prefix="/endpoints", tags=["endpoints"])
KEEPERS = (Role.DISTRICT_ADMINISTRATOR, Role.PLATFORM_ADMINISTRATOR)


@router.get("/events", operation_id="list_outside_events", summary="对外事件 (events meant for outside)")
def list_outside_events(caller: SignedIn) -> list[OutsideEvent]:
    """What an outside system may hear of."""
    caller.require(*KEEPERS)
    return [OutsideEvent(type=kind, label=label) for kind, label in LABELS.items()]


@router.get("", operation_id="list_endpoints", summary="推送地址列表 (endpoints, newest first)")
def list_endpoints(store: StoreHere, caller: SignedIn, asked: Paged) -> Page[EndpointShape]:
    """Those of the own district and below; all of them for the platform administrator."""
    caller.require(*KEEPERS)
    with store.read() as look:
        wanted = select(Endpoint).where(Endpoint.visible_to(caller))
        rows, following = page_of(look, wanted, [Endpoint.id], asked)
    return Page(items=[endpoint_shape(row) for row in rows], next=following)


@router.post(
    "",
    operation_id="create_endpoint",
    summary="新增推送地址 (add an endpoint)",
    status_code=201,
    response_model=EndpointShape,
)
def create_endpoint(here: Here, caller: SignedIn, once: DoOnce, body: NewEndpoint) -> Response:
    """From now on every event that it wants is posted there, signed as Standard Webhooks says. The secret is
    shown in this answer only; a repeat with the same Idempotency-Key answers without it. 422 `bad_address`,
    `unknown_event`, `unknown_district`, `unknown_organisation`."""
    caller.require(*KEEPERS)
    body.check()
    secret = new_secret()
    with here.store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        code, path = _district(work, caller, body)
        endpoint = Endpoint(
            id=new_id(),
            version=1,
            name=body.name,
            url=body.url,
            kinds=sorted(set(body.kinds)),
            district_code=code,
            district_path=path,
            organisation_id=body.organisation_id,
            active=True,
            sealed=Vault(here.key).seal({"secret": secret}),
            disabled_code="",
            created_by=caller.person_id,
            created_at=work.now,
            changed_at=work.now,
        )
        work.add(endpoint)
        once.answer(work, endpoint_shape(endpoint), 201, etag(endpoint.version))
    return shown(endpoint_shape(endpoint, secret), etag(endpoint.version), 201)


@router.get(
    "/{endpoint_id}",
    operation_id="get_endpoint",
    summary="查看推送地址 (one endpoint)",
    response_model=EndpointShape,
)
def get_endpoint(store: StoreHere, caller: SignedIn, endpoint_id: UUID) -> Response:
    with store.read() as look:
        endpoint = look.get(Endpoint, endpoint_id, seen_by=caller)
    return shown(endpoint_shape(endpoint), etag(endpoint.version))


@router.put(
    "/{endpoint_id}",
    operation_id="change_endpoint",
    summary="修改、停用、启用推送地址 (change, switch off or on)",
    response_model=EndpointShape,
)
def change_endpoint(
    store: StoreHere, caller: SignedIn, expected: IfMatch, endpoint_id: UUID, body: ChangedEndpoint
) -> Response:
    """One that is switched off keeps what happens meanwhile, for 90 days; switched on again it goes on where
    it was."""
    body.check()
    with store.work(actor=caller.actor) as work:
        endpoint = work.get(Endpoint, endpoint_id, seen_by=caller)
        expected.check(etag(endpoint.version))
        what = {"name": body.name, "url": body.url, "kinds": sorted(set(body.kinds))}
        endpoint.change(work.now, active=body.active, **what)
        resume(work, endpoint)
    return shown(endpoint_shape(endpoint), etag(endpoint.version))


@router.delete(
    "/{endpoint_id}",
    operation_id="delete_endpoint",
    summary="删除推送地址 (delete one that is switched off)",
    status_code=204,
)
def delete_endpoint(store: StoreHere, caller: SignedIn, expected: IfMatch, endpoint_id: UUID) -> None:
    """With everything that was or was to be pushed there: its log is gone, too. 409 `still_active` unless it
    is switched off."""
    with store.work(actor=caller.actor) as work:
        endpoint = work.get(Endpoint, endpoint_id, seen_by=caller)
        endpoint.check_disabled()
        expected.check(etag(endpoint.version))
        forget_endpoint(work, endpoint)


@router.post(
    "/{endpoint_id}/secret",
    operation_id="renew_endpoint_secret",
    summary="更换签名密钥 (another secret)",
    response_model=EndpointShape,
)
def renew_endpoint_secret(
    here: Here, caller: SignedIn, once: DoOnce, expected: IfMatch, endpoint_id: UUID
) -> Response:
    """For 24 hours requests are signed by both secrets. The new one is shown in this answer only; a repeat
    with the same Idempotency-Key answers without it."""
    secret, vault = new_secret(), Vault(here.key)
    with here.store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        endpoint = work.get(Endpoint, endpoint_id, seen_by=caller)
        expected.check(etag(endpoint.version))
        endpoint.seal(vault.seal(renewed(vault.salvage(endpoint.sealed), secret, work.now)), work.now)
        resume(work, endpoint)
        once.answer(work, endpoint_shape(endpoint), 200, etag(endpoint.version))
    return shown(endpoint_shape(endpoint, secret), etag(endpoint.version))


@router.post("/{endpoint_id}/ping", operation_id="ping_endpoint", summary="测试推送地址 (ping)")
def ping_endpoint(here: Here, caller: SignedIn, endpoint_id: UUID) -> TrialAnswer:
    """Posts an event `endpoint.ping` at once, signed, and says what the endpoint has answered; nothing of it
    is kept."""
    with here.store.read() as look:
        endpoint = look.get(Endpoint, endpoint_id, seen_by=caller)
    return timed(lambda: _pinged(here, endpoint))[1]


def _pinged(here: Running, endpoint: Endpoint) -> Answer:
    if not Sandbox.of(here.settings.sandbox_receivers).allows(endpoint.url):
        return Answer(Outcome.FAILED, SANDBOX)
    event_id = new_id()
    body = _ping(event_id, endpoint, here.store.clock.now().isoformat())
    return Courier.of(here).post(endpoint.url, endpoint.sealed, event_id, body)


def _ping(event_id: UUID, endpoint: Endpoint, now: str) -> str:
    ping = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": "/notify",
        "type": "endpoint.ping",
        "subject": f"endpoint/{endpoint.id}",
        "time": now,
        "datacontenttype": "application/json",
        "data": {"name": endpoint.name},
    }
    return json.dumps(ping, ensure_ascii=False)


def _district(work: Work, caller: Caller, body: NewEndpoint) -> tuple[str, str]:
    """Code and path of the district whose events are heard; both empty for all of them. Raises `Invalid`."""
    everywhere = caller.has(Role.PLATFORM_ADMINISTRATOR)
    code, path = (body.district_code, "") if everywhere else (body.district_code or caller.district_code, "")
    if code:
        found = work.first(select(DistrictCopy.path).where(DistrictCopy.code == code))
        if found is None or not (everywhere or found.startswith(caller.district_path)):
            raise invalid([Problem("unknown_district", "没有这个区划", "/district_code", "no such district")])
        path = found
    if body.organisation_id is not None:
        of_unit = (OrganisationCopy.organisation_id == body.organisation_id) & (
            OrganisationCopy.district_code == DistrictCopy.code
        )
        unit = work.session.execute(
            select(DistrictCopy.code, DistrictCopy.path).join(OrganisationCopy, of_unit)
        ).first()
        if unit is None or not unit.path.startswith(path):
            text = "没有这个单位"
            raise invalid([Problem("unknown_organisation", text, "/organisation_id", "no such unit")])
        code, path = unit
    return code, path
