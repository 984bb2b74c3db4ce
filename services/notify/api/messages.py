"""The in-app inbox: a person's own messages, and nobody else's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query
from pydantic import Field
from sqlalchemy import select

from services.notify.delivery import Delivery
from services.notify.message import Message, touch_inbox
from services.notify.queries import Tab, inbox, inbox_counts, read_all, tries_of
from services.notify.schemas import (
    Counts,
    DeliveryShape,
    MessageShape,
    ReadAll,
    delivery_shape,
    message_shape,
)
from shared.http import Here, Page, PageAsked, SignedIn, StoreHere, page_of
from shared.people import Role

router = APIRouter(prefix="/messages", tags=["messages"])
Language = Annotated[
    str, Header(max_length=500, description="en 开头则为英文 (English when it begins with en)")
]


class InboxAsked(PageAsked):
    """Which list of the inbox, and which page of it."""

    tab: Tab = Tab.ALL
    q: str = Field("", max_length=100, description="在标题中查找 (search in titles)")


def is_english(language: str) -> bool:
    return language.strip().lower().startswith("en")


@router.get("", operation_id="list_messages", summary="消息列表 (inbox)")
def list_messages(
    here: Here, caller: SignedIn, asked: Annotated[InboxAsked, Query()], accept_language: Language = ""
) -> Page[MessageShape]:
    """The caller's messages, newest first."""
    with here.store.read() as look:
        wanted = inbox(caller.person_id, asked.tab, asked.q.strip())
        rows, following = page_of(look, wanted, [Message.id], asked)
    own_url, english = here.settings.own_url(), is_english(accept_language)
    return Page(items=[message_shape(row, own_url, english) for row in rows], next=following)


@router.get("/counts", operation_id="count_messages", summary="未读与待办数量 (unread and to-do numbers)")
def count_messages(store: StoreHere, caller: SignedIn) -> Counts:
    """The number of unread messages and of open to-dos; always those of the lists."""
    with store.read() as look:
        unread, todo = inbox_counts(look, caller.person_id)
    return Counts(unread=unread, todo=todo)


@router.post("/read-all", operation_id="read_all_messages", summary="全部标为已读 (mark all as read)")
def read_all_messages(store: StoreHere, caller: SignedIn, body: ReadAll = ReadAll()) -> Counts:
    """Marks all unread messages read; with `up_to` only those up to the newest one that was seen.
    Doing it again changes nothing."""
    with store.work(actor=caller.actor) as work:
        read_all(work, caller.person_id, body.up_to)
        touch_inbox(work, caller.person_id)
        unread, todo = inbox_counts(work, caller.person_id)
    return Counts(unread=unread, todo=todo)


@router.get("/{message_id}", operation_id="get_message", summary="查看一条消息 (one message)")
def get_message(
    here: Here, caller: SignedIn, message_id: UUID, accept_language: Language = ""
) -> MessageShape:
    with here.store.read() as look:
        message = look.get(Message, message_id, seen_by=caller)
    return message_shape(message, here.settings.own_url(), is_english(accept_language))


@router.post("/{message_id}/read", operation_id="read_message", summary="标为已读 (mark as read)")
def read_message(
    here: Here, caller: SignedIn, message_id: UUID, accept_language: Language = ""
) -> MessageShape:
    """Marks one message read; doing it again changes nothing."""
    with here.store.work(actor=caller.actor) as work:
        message = work.get(Message, message_id, seen_by=caller)
        if message.read(work.now):
            touch_inbox(work, caller.person_id)
    return message_shape(message, here.settings.own_url(), is_english(accept_language))


@router.get(
    "/{message_id}/deliveries",
    operation_id="list_message_deliveries",
    summary="一条消息的发送情况 (how a message was delivered)",
)
def list_message_deliveries(store: StoreHere, caller: SignedIn, message_id: UUID) -> list[DeliveryShape]:
    """What became of a message outside the inbox, with every try."""
    with store.read() as look:
        message = look.get(Message, message_id, seen_by=caller)
        found = look.all(select(Delivery).where(Delivery.message_id == message.id).order_by(Delivery.id))
        tries = tries_of(look, found)
    may_resend = caller.has(Role.PLATFORM_ADMINISTRATOR)
    return [delivery_shape(delivery, tries[delivery.id], may_resend) for delivery in found]
