"""The in-app inbox: a person's own messages, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
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
from shared.people import Caller, Role
from shared.service import Running
from shared.store import Work

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


@dataclass(frozen=True)
class Asked:
    """Which of his messages somebody asks for, and in what language."""

    here: Running
    caller: Caller
    message_id: UUID
    english: bool

    def changed(self, act: Callable[[Work, Message], bool]) -> MessageShape:
        """What an act has made of it; his open pages hear of it when the act says that something changed."""
        with self.here.store.work(actor=self.caller.actor) as work:
            message = work.get(Message, self.message_id, seen_by=self.caller)
            if act(work, message):
                touch_inbox(work, self.caller.person_id)
        return self.shape(message)

    def shape(self, message: Message) -> MessageShape:
        return message_shape(message, self.here.settings.own_url(), self.english)


def asked_for(here: Here, caller: SignedIn, message_id: UUID, accept_language: Language = "") -> Asked:
    return Asked(here, caller, message_id, is_english(accept_language))


Mine = Annotated[Asked, Depends(asked_for)]


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
    return Counts.model_validate(numbers)


@router.post("/read-all", operation_id="read_all_messages", summary="全部标为已读 (mark all as read)")
def read_all_messages(store: StoreHere, caller: SignedIn, body: ReadAll = ReadAll()) -> Counts:
    """Marks all unread messages read; with `up_to` only those up to the newest one that was seen.
    Doing it again changes nothing."""
    with store.work(actor=caller.actor) as work:
        read_all(work, caller.person_id, body.up_to)
        touch_inbox(work, caller.person_id)
        numbers = inbox_counts(work, caller.person_id)
    return Counts.model_validate(numbers)


@router.post("/archive-read", operation_id="archive_read_messages", summary="归档全部已读 (archive all read)")
def archive_read_messages(store: StoreHere, caller: SignedIn) -> Counts:
    """Archives what is read or done, but for to-dos that still wait. Doing it again changes nothing."""
    with store.work(actor=caller.actor) as work:
        archive_read(work, caller.person_id)
        touch_inbox(work, caller.person_id)
        numbers = inbox_counts(work, caller.person_id)
    return Counts.model_validate(numbers)


@router.get("/{message_id}", operation_id="get_message", summary="查看一条消息 (one message)")
def get_message(mine: Mine) -> MessageShape:
    with mine.here.store.read() as look:
        message = look.get(Message, mine.message_id, seen_by=mine.caller)
    return mine.shape(message)


@router.post("/{message_id}/read", operation_id="read_message", summary="标为已读 (mark as read)")
def read_message(mine: Mine) -> MessageShape:
    """Marks one message read; doing it again changes nothing."""
    return mine.changed(lambda work, message: message.read(work.now))


@router.post("/{message_id}/unread", operation_id="unread_message", summary="标为未读 (mark as unread)")
def unread_message(mine: Mine) -> MessageShape:
    """Marks one message unread again; doing it again changes nothing. 409 `already_done` for what is done."""
    return mine.changed(lambda work, message: message.unread_again())


@router.post("/{message_id}/archive", operation_id="archive_message", summary="归档 (archive)")
def archive_message(mine: Mine) -> MessageShape:
    """Puts one message away, out of every other list; doing it again changes nothing. 409 `still_to_do` for a
    to-do that waits."""
    return mine.changed(lambda work, message: message.archive(work.now))


@router.post(
    "/{message_id}/unarchive", operation_id="unarchive_message", summary="移出归档 (from the archive)"
)
def unarchive_message(mine: Mine) -> MessageShape:
    """Takes one message back, read or unread as it was; doing it again changes nothing."""
    return mine.changed(lambda work, message: message.unarchive())


@router.post("/{message_id}/unsnooze", operation_id="unsnooze_message", summary="取消稍后提醒 (back at once)")
def unsnooze_message(mine: Mine) -> MessageShape:
    """Takes one message back that was put off; doing it again changes nothing."""
    return mine.changed(lambda work, message: message.unsnooze())


@router.post("/{message_id}/snooze", operation_id="snooze_message", summary="稍后提醒 (put off until a time)")
def snooze_message(mine: Mine, body: Snooze) -> MessageShape:
    """Puts one message off: it leaves the list and is back, unread, at that time. A to-do still counts as
    one, and is not brought back once it is done. 409 `already_done` for what is done."""
    return mine.changed(lambda work, message: snooze(work, message, body.until))


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
