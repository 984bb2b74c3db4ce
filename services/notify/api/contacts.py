"""Where a person is reached: what directory knows, and what he has entered himself."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field
from sqlalchemy import select

from services.notify.channels import CHANNEL_LABELS, ROBOTS, Channel
from services.notify.contact import Account, Contact
from services.notify.providers.robots import names_everybody
from services.notify.providers.web import is_address
from services.notify.vault import Vault
from shared.database import new_id
from shared.errors import NotFound, Problem, invalid
from shared.http import Body, Here, Shape, SignedIn, StoreHere
from shared.people import Caller
from shared.store import Look, Work

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


@router.put("/{channel}", operation_id="set_contact", summary="设置联系方式 (be reached there)")
def set_contact(
    here: Here, caller: SignedIn, channel: Annotated[Channel, Path()], body: NewAddress
) -> ContactShape:
    """By what a robot shall mention me, or the URL of my webhook, whose secret is new each time and shown in
    this answer only. 404 `not_editable` for e-mail and SMS, 422 `everybody` for what mentions a group."""
    _check_editable(channel)
    body.check(channel)
    secret = secrets.token_urlsafe(32) if channel is Channel.WEBHOOK else ""
    with here.store.work(actor=caller.actor) as work:
        account = _own(work, caller, channel)
        if account is None:
            account = Account(id=new_id(), person_id=caller.person_id, channel=channel)
            work.add(account)
        account.address, account.changed_at = body.address, work.now
        account.sealed = Vault(here.key).seal({"secret": secret})
    return _shape(channel, None, account).model_copy(update={"secret": secret or None})


@router.delete(
    "/{channel}", operation_id="forget_contact", summary="删除联系方式 (forget it)", status_code=204
)
def forget_contact(store: StoreHere, caller: SignedIn, channel: Annotated[Channel, Path()]) -> None:
    """Nobody is mentioned or called any more; doing it again changes nothing."""
    _check_editable(channel)
    with store.work(actor=caller.actor) as work:
        account = _own(work, caller, channel)
        if account is not None:
            work.session.delete(account)


def _check_editable(channel: Channel) -> None:
    if channel not in OWN:
        text = "邮箱和手机号由人员信息维护"
        raise NotFound("not_editable", text, "e-mail and phone are kept by the directory")


def _own(look: Look | Work, caller: Caller, channel: Channel) -> Account | None:
    return look.first(select(Account).where(Account.visible_to(caller), Account.channel == channel))


def _shape(channel: Channel, known: Contact | None, account: Account | None) -> ContactShape:
    address = account.address if account else known.address(channel) if known else ""
    return ContactShape(
        channel=channel,
        channel_label=CHANNEL_LABELS[channel],
        address=address,
        editable=channel in OWN,
        changed_at=account.changed_at if account else None,
    )
