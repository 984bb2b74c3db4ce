"""A person's own webhook: what was posted there, posting it again, trying it out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import Select, select

from services.notify.answer import Outcome
from services.notify.api.contacts import own_account
from services.notify.api.trials import retry_after, timed, trial_letter
from services.notify.attempt import Attempt
from services.notify.channels import Channel
from services.notify.contact import Account
from services.notify.delivery import Delivery, State
from services.notify.letter import Letter, Sender
from services.notify.limit import Limit
from services.notify.masked import masked
from services.notify.message import Message
from services.notify.moments.letter import take_along
from services.notify.provider import Provider
from services.notify.provider_shapes import TrialAnswer
from services.notify.providers.counting import limits_of
from services.notify.providers.kinds import sender_of
from services.notify.queries import tries_of
from services.notify.sandbox import Sandbox
from services.notify.schemas import Action, DeliveryShape, delivery_shape
from services.notify.sending import carry
from services.notify.texts import CHINESE
from services.notify.wishes import wishes_of
from shared.errors import Conflict, NotFound, TooMany
from shared.http import Here, Page, PageAsked, SignedIn, StoreHere, page_of
from shared.people import Caller
from shared.service import Running
from shared.store import Look

router = APIRouter(prefix="/contacts/webhook", tags=["contacts"])
WAS_POSTED = (State.ACCEPTED, State.DELIVERED, State.FAILED)
BY_HAND = [Limit(count=10, seconds=60)]
"""How often a person may have something posted while he waits: each request holds a thread for a while."""


class PostedAsked(PageAsked):
    """Which of the messages that were posted, and which page of them."""

    state: State | None = None


@router.get(
    "/deliveries",
    operation_id="list_own_webhook_deliveries",
    summary="我的 Webhook 发送记录 (what went to my webhook, newest first)",
)
def list_own_webhook_deliveries(
    store: StoreHere, caller: SignedIn, asked: Annotated[PostedAsked, Query()]
) -> Page[DeliveryShape]:
    """Every message that was posted to the caller's webhook, or is to be, with every try and what was
    answered; `message_id` is that of his inbox."""
    with store.read() as look:
        wanted = _own(caller)
        if asked.state is not None:
            wanted = wanted.where(Delivery.state == asked.state)
        rows, following = page_of(look, wanted, [Delivery.id], asked)
        tries = tries_of(look, rows)
    return Page(items=[_shape(row, tries[row.id]) for row in rows], next=following)


@router.post(
    "/deliveries/{delivery_id}/resend",
    operation_id="resend_own_webhook_delivery",
    summary="重新推送到我的 Webhook (post it again)",
)
def resend_own_webhook_delivery(here: Here, caller: SignedIn, delivery_id: UUID) -> TrialAnswer:
    """Posts at once what was accepted before or has failed, with the same `X-Plans-Delivery` and content, to
    the address as it is now, and says what was answered; the try is kept. One that had failed and is taken
    now is accepted. 409 `not_posted` for what is still on its way or was not to be sent, 404 `no_webhook`,
    429 `too_many_requests`."""
    with here.store.read() as look:
        delivery = look.first(_own(caller).where(Delivery.id == delivery_id))
        if delivery is None:
            raise NotFound("not_found", "未找到，或不在您的查看范围内", "not found, or outside your scope")
        _check_posted(delivery)
        account, provider = _account(look, caller), _provider(look)
        letter = _letter(look, here, caller, delivery, account)
    sender = _sender(here, caller, provider, account)
    answer, shape = timed(lambda: carry(sender, letter))
    with here.store.work(actor=caller.actor) as work:
        delivery = work.get(Delivery, delivery_id)
        if delivery.state in WAS_POSTED:  # else somebody else has sent it back to work meanwhile
            delivery.attempts += 1
        if delivery.state == State.FAILED and answer.outcome is Outcome.ACCEPTED:
            work.publish(delivery.accept(answer, work.now))
            take_along(work, delivery)
        tried = Attempt.of(delivery_id, delivery.attempts, sender.provider, answer)
        tried.provider_id, tried.milliseconds, tried.at = provider.id, shape.milliseconds, work.now
        tried.to = masked(Channel.WEBHOOK, account.address, provider.name)
        work.add(tried)
    return shape


@router.post(
    "/try", operation_id="try_own_webhook", summary="测试我的 Webhook (post a test message to my webhook)"
)
def try_own_webhook(here: Here, caller: SignedIn) -> TrialAnswer:
    """Posts a message of the kind `trial` at once, signed, and says what was answered; nothing of it is kept.
    404 `no_webhook`, 429 `too_many_requests`."""
    with here.store.read() as look:
        account, provider = _account(look, caller), _provider(look)
    sender = _sender(here, caller, provider, account)
    letter = trial_letter(here, caller, Channel.WEBHOOK, account.address, account.sealed)
    return timed(lambda: carry(sender, letter))[1]


def _own(caller: Caller) -> Select[Delivery]:
    of_person = (Message.id == Delivery.message_id) & (Message.person_id == caller.person_id)
    return select(Delivery).join(Message, of_person).where(Delivery.channel == Channel.WEBHOOK)


def _check_posted(delivery: Delivery) -> None:
    if delivery.state not in WAS_POSTED:
        text = f"当前为“{delivery.status_label}”，没有可重新推送的内容"
        raise Conflict("not_posted", text, f"it is {delivery.state}", facts={"state": delivery.state})


def _account(look: Look, caller: Caller) -> Account:
    account = look.first(own_account(caller, Channel.WEBHOOK))
    if account is None:
        raise NotFound("no_webhook", "尚未设置 Webhook 地址", "you have no webhook")
    return account


def _provider(look: Look) -> Provider:
    provider = look.first(select(Provider).where(Provider.channel == Channel.WEBHOOK, Provider.active))
    if provider is None:
        raise Conflict("no_provider", "Webhook 渠道已停用", "webhooks are switched off")
    return provider


def _sender(here: Running, caller: Caller, provider: Provider, account: Account) -> Sender:
    """Whoever posts for this person now. Raises `Conflict` (`sandbox`), `TooMany`."""
    if not Sandbox.of(here.settings.sandbox_receivers).allows(account.address):
        raise Conflict("sandbox", "试用环境只能发送给名单内的接收人", "outside the list of this sandbox")
    now = here.store.clock.now()
    until = limits_of(here).take(f"by_hand.{caller.person_id}", BY_HAND, now, waits=False)
    if until > now:
        text = "操作过于频繁，请稍后再试"
        raise TooMany("too_many_requests", text, "too many", headers=retry_after(until, now))
    return sender_of(here, provider)


def _letter(look: Look, here: Running, caller: Caller, delivery: Delivery, account: Account) -> Letter:
    """What was posted, as it was."""
    message, locale = look.get(Message, delivery.message_id), wishes_of(look, caller.person_id).locale
    chinese = locale == CHINESE
    return Letter(
        delivery_id=delivery.id,
        channel=Channel.WEBHOOK,
        to=account.address,
        name=caller.name,
        title=message.title if chinese else message.title_en,
        body=message.body if chinese else message.body_en,
        url=here.settings.own_url() + message.path,
        composed_at=message.created_at,
        kind=message.kind,
        sealed=account.sealed,
        locale=locale,
    )


def _shape(delivery: Delivery, tries: list[Attempt]) -> DeliveryShape:
    posted = delivery.state in WAS_POSTED
    resend = Action(
        action="resend",
        allowed=posted,
        reason="" if posted else f"当前为“{delivery.status_label}”",
        method="POST",
        url=f"/api/notify/contacts/webhook/deliveries/{delivery.id}/resend",
    )
    shape = delivery_shape(delivery, tries, may_resend=False)
    return shape.model_copy(update={"available_actions": [resend]})
