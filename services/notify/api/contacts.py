"""Where a person is reached: what directory knows, and what he has entered himself."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import ConfigDict, Field
from sqlalchemy import Select, select

from services.notify.channels import CHANNEL_LABELS, ROBOTS, Channel
from services.notify.contact import Account, Contact
from services.notify.providers.robots import names_everybody
from services.notify.providers.standard import renewed
from services.notify.providers.web import is_address
from services.notify.schemas import Action
from services.notify.vault import Vault
from shared.database import new_id
from shared.errors import NotFound, Problem, invalid
from shared.http import Body, Expected, Here, IfMatch, Shape, SignedIn, StoreHere, shown
from shared.people import Caller
from shared.store import Work

NOTHING_SET = '"none"'
NAME = re.compile(r"[A-Za-z0-9_.@+-]{1,64}")
OWN = ROBOTS | {Channel.WEBHOOK}
router = APIRouter(prefix="/contacts", tags=["contacts"])


class ContactShape(Shape):
    """Where the caller is reached on a channel."""

    channel: Channel
    channel_label: str = Field(examples=["钉钉"])
    address: str = Field(description="空则未设置 (empty: nowhere)")
    editable: bool = Field(description="邮箱和手机在个人信息中修改 (e-mail and phone are directory's)")
    changed_at: datetime | None = None
    secret: str | None = Field(None, description="Webhook 签名密钥，只显示一次 (shown once)")
    available_actions: list[Action]


class NewAddress(Body):
    """A mobile number, or what the provider calls the person (userid, open_id); for a webhook its URL."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"address": "zhangsan"}]})

    address: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[\x21-\x7e]+$")]

    def check(self, channel: Channel) -> None:
        """Raises `Invalid` for what is no address on this channel."""
        fits = is_address if channel is Channel.WEBHOOK else NAME.fullmatch
        if not fits(self.address):
            raise invalid(
                [Problem("bad_address", "不是有效的地址", "/address", "no address on this channel")]
            )
        if channel in ROBOTS and names_everybody(self.address):
            text = "只能填写本人，不能提及所有人"
            raise invalid([Problem("everybody", text, "/address", "only yourself, not everybody")])


@router.get("", operation_id="list_contacts", summary="我的联系方式 (where I am reached)")
def list_contacts(store: StoreHere, caller: SignedIn) -> list[ContactShape]:
    """One entry per channel. On a group robot's channel the address only decides who is mentioned."""
    with store.read() as look:
        known = look.find(Contact, caller.person_id)
        accounts = {row.channel: row for row in look.all(select(Account).where(Account.visible_to(caller)))}
    return [_shape(channel, known, accounts.get(channel)) for channel in Channel]


@router.get(
    "/{channel}",
    operation_id="get_contact",
    summary="一种渠道的联系方式 (where I am reached on a channel)",
    response_model=ContactShape,
)
def get_contact(store: StoreHere, caller: SignedIn, channel: Annotated[Channel, Path()]) -> Response:
    """With the ETag that changing it needs, also where nothing is set yet."""
    with store.read() as look:
        known, account = look.find(Contact, caller.person_id), look.first(own_account(caller, channel))
    return shown(_shape(channel, known, account), _etag(account))


@router.put(
    "/{channel}",
    operation_id="set_contact",
    summary="设置联系方式 (be reached there)",
    response_model=ContactShape,
)
def set_contact(
    here: Here,
    caller: SignedIn,
    expected: IfMatch,
    channel: Annotated[Channel, Path()],
    body: NewAddress,
) -> Response:
    """By what a robot shall mention me, or the URL of my webhook, whose secret is new each time and shown in
    this answer only; for 24 hours requests are signed by the one of before, too.
    404 `not_editable` for e-mail and SMS, 422 `everybody` for what mentions a group."""
    _check_editable(channel)
    body.check(channel)
    secret = secrets.token_urlsafe(32) if channel is Channel.WEBHOOK else ""
    vault = Vault(here.key)
    with here.store.work(actor=caller.actor) as work:
        account = _locked(work, caller, channel, expected)
        account.address, account.changed_at = body.address, work.now
        if secret:
            account.sealed = vault.seal(renewed(vault.salvage(account.sealed), secret, work.now))
    shape = _shape(channel, None, account).model_copy(update={"secret": secret or None})
    return shown(shape, _etag(account))


@router.delete(
    "/{channel}", operation_id="forget_contact", summary="删除联系方式 (forget it)", status_code=204
)
def forget_contact(
    store: StoreHere, caller: SignedIn, expected: IfMatch, channel: Annotated[Channel, Path()]
) -> None:
    """Nobody is mentioned or called any more; doing it again changes nothing."""
    _check_editable(channel)
    with store.work(actor=caller.actor) as work:
        for account in work.lock_all(own_account(caller, channel)):
            expected.check(_etag(account))
            work.session.delete(account)


def _check_editable(channel: Channel) -> None:
    if channel not in OWN:
        text = "邮箱和手机号由人员信息维护"
        raise NotFound("not_editable", text, "e-mail and phone are kept by the directory")


def own_account(caller: Caller, channel: Channel) -> Select[Account]:
    """Where he himself has said that he is reached."""
    return select(Account).where(Account.visible_to(caller), Account.channel == channel)


def _locked(work: Work, caller: Caller, channel: Channel, expected: Expected) -> Account:
    """The account as its owner has seen it, or a new one if he has seen none. Raises `Stale`."""
    row = {"person_id": caller.person_id, "channel": channel, "address": "", "changed_at": work.now}
    made = work.insert(Account).values(id=new_id(), **row).on_conflict_do_nothing().returning(Account.id)
    is_new = work.execute(made).first() is not None
    (account,) = work.lock_all(own_account(caller, channel))
    expected.check(_etag(None if is_new else account))
    return account


def _etag(account: Account | None) -> str:
    """The moment of its last change."""
    return f'"{account.changed_at:%Y%m%dT%H%M%S.%f}"' if account else NOTHING_SET


def _shape(channel: Channel, known: Contact | None, account: Account | None) -> ContactShape:
    address = account.address if account else known.address(channel) if known else ""
    return ContactShape(
        channel=channel,
        channel_label=CHANNEL_LABELS[channel],
        address=address,
        editable=channel in OWN,
        changed_at=account.changed_at if account else None,
        available_actions=_actions(channel, account),
    )


def _actions(channel: Channel, account: Account | None) -> list[Action]:
    """What he may do about it, and with his webhook."""
    if channel not in OWN:
        return []
    url, unset = f"/api/notify/contacts/{channel}", "" if account else "尚未设置"
    found = [Action(action="change", allowed=True, method="PUT", url=url)]
    found.append(Action(action="forget", allowed=not unset, reason=unset, method="DELETE", url=url))
    if channel is Channel.WEBHOOK:
        found.append(Action(action="try", allowed=not unset, reason=unset, method="POST", url=f"{url}/try"))
    return found
