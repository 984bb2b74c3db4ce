"""Providers: whom the platform administrator sends by, and the robots of a unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from services.notify.alarm import note_health
from services.notify.api.trials import retry_after, timed, trial_letter
from services.notify.channels import ROBOTS, Channel
from services.notify.jobs import post_of
from services.notify.limit import Limit
from services.notify.pacing import Full, first_full
from services.notify.provider import Provider
from services.notify.provider_shapes import (
    ChangedProvider,
    KindShape,
    NewProvider,
    ProviderShape,
    TrialAnswer,
    TrialLetter,
    kind_shape,
    provider_shape,
)
from services.notify.providers.kinds import KINDS, Kind, sender_of
from services.notify.sandbox import Sandbox
from services.notify.sending import carry, receiver
from services.notify.vault import Vault
from shared.database import new_id
from shared.errors import Conflict, Forbidden, Problem, TooMany, invalid
from shared.http import DoOnce, Here, IfMatch, Page, Paged, SignedIn, etag, page_of, shown
from shared.people import Caller, Role
from shared.service import Running

router = APIRouter(prefix="/providers", tags=["providers"])
KEEPERS = (Role.PLATFORM_ADMINISTRATOR, Role.UNIT_ADMINISTRATOR)


@router.get("/kinds", operation_id="list_provider_kinds", summary="服务商类型 (kinds of providers)")
def list_provider_kinds(caller: SignedIn) -> list[KindShape]:
    """What can be configured, with a JSON schema of the settings and the secrets of each kind."""
    caller.require(*KEEPERS)
    return [kind_shape(kind) for kind in KINDS.values() if not kind.built_in]


@router.get("", operation_id="list_providers", summary="服务商列表 (providers, newest first)")
def list_providers(
    here: Here, caller: SignedIn, asked: Paged, channel: Channel | None = None
) -> Page[ProviderShape]:
    """All of them for the platform administrator, the unit's robots for a unit administrator."""
    caller.require(*KEEPERS)
    wanted = select(Provider).where(Provider.visible_to(caller))
    if channel is not None:
        wanted = wanted.where(Provider.channel == channel)
    with here.store.read() as look:
        rows, following = page_of(look, wanted, [Provider.id], asked)
    return Page(items=[_shape(here, row) for row in rows], next=following)


@router.post(
    "",
    operation_id="create_provider",
    summary="新增服务商 (add a provider)",
    status_code=201,
    response_model=ProviderShape,
)
def create_provider(here: Here, caller: SignedIn, once: DoOnce, body: NewProvider) -> Response:
    """A unit administrator registers the robot of his unit's group; everything else is the platform
    administrator's."""
    caller.require(*KEEPERS)
    with here.store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        kind = _kind_for(body)
        provider = Provider(
            id=new_id(),
            version=1,
            channel=body.channel,
            kind=kind.name,
            name=body.name,
            organisation_id=_owner(caller, body.channel),
            priority=body.priority,
            active=True,
            limits=_limits(body.limits),
            settings=_checked(kind.settings, body.settings, "/settings"),
            sealed=Vault(here.key).seal(_checked(kind.secrets, body.secrets, "/secrets")),
            created_at=work.now,
            changed_at=work.now,
        )
        work.add(provider)
        return once.answer(work, _shape(here, provider), 201, etag(provider.version))


@router.get(
    "/{provider_id}",
    operation_id="get_provider",
    summary="查看服务商 (one provider)",
    response_model=ProviderShape,
)
def get_provider(here: Here, caller: SignedIn, provider_id: UUID) -> Response:
    with here.store.read() as look:
        provider = look.get(Provider, provider_id, seen_by=caller)
    return shown(_shape(here, provider), etag(provider.version))


@router.put(
    "/{provider_id}",
    operation_id="change_provider",
    summary="修改、停用服务商 (change or disable)",
    response_model=ProviderShape,
)
def change_provider(
    here: Here, caller: SignedIn, expected: IfMatch, provider_id: UUID, body: ChangedProvider
) -> Response:
    """Secrets that are not given stay. A broken provider is taken for repaired: what waits goes on."""
    with here.store.work(actor=caller.actor) as work:
        provider = work.get(Provider, provider_id, seen_by=caller)
        expected.check(etag(provider.version))
        kind, vault = KINDS[provider.kind], Vault(here.key)
        secrets = {**vault.salvage(provider.sealed), **body.secrets}
        provider.settings = _checked(kind.settings, body.settings, "/settings")
        provider.sealed = vault.seal(_checked(kind.secrets, secrets, "/secrets"))
        provider.limits = _limits(body.limits)
        provider.change(body.name, body.priority, body.active, work.now)
    return shown(_shape(here, provider), etag(provider.version))


@router.post(
    "/{provider_id}/try",
    operation_id="try_provider",
    summary="发送测试消息 (send a test message)",
)
def try_provider(
    here: Here, caller: SignedIn, provider_id: UUID, body: TrialLetter = TrialLetter()
) -> TrialAnswer:
    """Sends a message at once and answers what the provider said; its breaker follows that answer. It counts
    against the limits of the provider: 429 `limit_reached` when one is reached, with `until`."""
    with here.store.read() as look:
        provider = look.get(Provider, provider_id, seen_by=caller)
        letter = trial_letter(here, caller, Channel(provider.channel), body.to)
    if not Sandbox.of(here.settings.sandbox_receivers).allows(receiver(body.to, provider)):
        raise Conflict("sandbox", "试用环境只能发送给名单内的接收人", "outside the list of this sandbox")
    now = here.store.clock.now()
    if (full := first_full(post_of(here), (provider, body.to), now, waits=False)) is not None:
        raise _too_many(full, now)
    answer, shape = timed(lambda: carry(sender_of(here, provider), letter))
    with here.store.work(actor=caller.actor) as work:
        note_health(work, provider, answer)
    return shape


def _kind_for(body: NewProvider) -> Kind:
    kind = KINDS.get(body.kind)
    if kind is None or kind.built_in or body.channel not in kind.channels:
        raise invalid([Problem("unknown_kind", "该渠道没有此类型", "/kind", "no such kind for this channel")])
    return kind


def _limits(given: Sequence[Limit] | None) -> list[dict[str, Any]] | None:
    return None if given is None else [limit.model_dump() for limit in given]


def _owner(caller: Caller, channel: Channel) -> UUID | None:
    """Whose provider it becomes. Raises `Forbidden`."""
    if caller.has(Role.PLATFORM_ADMINISTRATOR):
        return None
    if channel not in ROBOTS:
        raise Forbidden("role_required", "单位管理员只能登记本单位的群机器人", "a unit registers robots only")
    return caller.organisation_id


def _checked(model: type[BaseModel], given: object, pointer: str) -> dict[str, str]:
    """What was given, with every problem told at once. Raises `Invalid`."""
    try:
        checked = model.model_validate(given).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        problems = [
            Problem(item["type"], item["msg"], pointer + "".join(f"/{part}" for part in item["loc"]))
            for item in error.errors()
        ]
        raise invalid(problems) from None
    return checked


def _shape(here: Running, provider: Provider) -> ProviderShape:
    return provider_shape(provider, sorted(Vault(here.key).salvage(provider.sealed)))


def _too_many(full: Full, now: datetime) -> TooMany:
    text = "已达到该服务商或该接收人的限额，请稍后再试"
    facts = {"limit": full.code, "until": full.until.isoformat()}
    return TooMany("limit_reached", text, "a limit is reached", facts, retry_after(full.until, now))
