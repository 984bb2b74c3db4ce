"""The in-app inbox: a person's own messages, and nobody else's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query
from pydantic import Field
from sqlalchemy import select

from services.notify.delivery import Delivery
from services.notify.message import Message, touch_inbox
from services.notify.queries import Tab, archive_read, inbox, inbox_counts, read_all, tries_of
from services.notify.schemas import (
    Counts,
    DeliveryShape,
    MessageShape,
    ReadAll,
    Snooze,
    delivery_shape,
    message_shape,
)
from services.notify.snoozing import snooze
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


@router.get("/counts", operation_id="count_messages", summary="未读、待办等数量 (numbers of the lists)")
def count_messages(store: StoreHere, caller: SignedIn) -> Counts:
    """How many messages are unread, to-dos or put off; always the lengths of those lists."""
    with store.read() as look:
        numbers = inbox_counts(look, caller.person_id)
    return Counts(**numbers._asdict())


@router.post("/read-all", operation_id="read_all_messages", summary="全部标为已读 (mark all as read)")
def read_all_messages(store: StoreHere, caller: SignedIn, body: ReadAll = ReadAll()) -> Counts:
    """Marks all unread messages read; with `up_to` only those up to the newest one that was seen.
    Doing it again changes nothing."""
    with store.work(actor=caller.actor) as work:
        read_all(work, caller.person_id, body.up_to)
        touch_inbox(work, caller.person_id)
        numbers = inbox_counts(work, caller.person_id)
    return Counts(**numbers._asdict())


@router.post("/archive-read", operation_id="archive_read_messages", summary="归档全部已读 (archive all read)")
def archive_read_messages(store: StoreHere, caller: SignedIn) -> Counts:
    """Archives what is read or done, but for to-dos that still wait. Doing it again changes nothing."""
    with store.work(actor=caller.actor) as work:
        archive_read(work, caller.person_id)
        touch_inbox(work, caller.person_id)
        numbers = inbox_counts(work, caller.person_id)
    return Counts(**numbers._asdict())


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


@router.post("/{message_id}/unread", operation_id="unread_message", summary="标为未读 (mark as unread)")
def unread_message(
    here: Here, caller: SignedIn, message_id: UUID, accept_language: Language = ""
) -> MessageShape:
    """Marks one message unread again; doing it again changes nothing. 409 `already_done` for what is done."""
    with here.store.work(actor=caller.actor) as work:
        message = work.get(Message, message_id, seen_by=caller)
        if message.unread_again():
            touch_inbox(work, caller.person_id)
    return message_shape(message, here.settings.own_url(), is_english(accept_language))


@router.post("/{message_id}/archive", operation_id="archive_message", summary="归档 (archive)")
def archive_message(
    here: Here, caller: SignedIn, message_id: UUID, accept_language: Language = ""
) -> MessageShape:
    """Puts one message away, out of every other list; doing it again changes nothing. 409 `still_to_do` for a
    to-do that waits."""
    with here.store.work(actor=caller.actor) as work:
        message = work.get(Message, message_id, seen_by=caller)
        if message.archive(work.now):
            touch_inbox(work, caller.person_id)
    return message_shape(message, here.settings.own_url(), is_english(accept_language))


@router.post(
    "/{message_id}/unarchive", operation_id="unarchive_message", summary="移出归档 (from the archive)"
)
def unarchive_message(
    here: Here, caller: SignedIn, message_id: UUID, accept_language: Language = ""
) -> MessageShape:
    """Takes one message back, read or unread as it was; doing it again changes nothing."""
    with here.store.work(actor=caller.actor) as work:
        message = work.get(Message, message_id, seen_by=caller)
        if message.unarchive():
            touch_inbox(work, caller.person_id)
    return message_shape(message, here.settings.own_url(), is_english(accept_language))


@router.post("/{message_id}/unsnooze", operation_id="unsnooze_message", summary="取消稍后提醒 (back at once)")
def unsnooze_message(
    here: Here, caller: SignedIn, message_id: UUID, accept_language: Language = ""
) -> MessageShape:
    """Takes one message back that was put off; doing it again changes nothing."""
    with here.store.work(actor=caller.actor) as work:
        message = work.get(Message, message_id, seen_by=caller)
        if message.unsnooze():
            touch_inbox(work, caller.person_id)
    return message_shape(message, here.settings.own_url(), is_english(accept_language))


@router.post("/{message_id}/snooze", operation_id="snooze_message", summary="稍后提醒 (put off until a time)")
def snooze_message(
    here: Here, caller: SignedIn, message_id: UUID, body: Snooze, accept_language: Language = ""
) -> MessageShape:
    """Puts one message off: it leaves the list and is back, unread, at that time. A to-do still counts as
    one, and is not brought back once it is done. 409 `already_done` for what is done."""
    with here.store.work(actor=caller.actor) as work:
        message = work.get(Message, message_id, seen_by=caller)
        snooze(work, message, body.until)
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
