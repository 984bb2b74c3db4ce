"""What notify looks up: inboxes with their numbers, and deliveries with their tries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import AwareDatetime, Field, field_validator
from sqlalchemy import ColumnElement, Select, func, select, update

from services.notify.attempt import Attempt
from services.notify.channels import Channel
from services.notify.delivery import Delivery, State
from services.notify.kinds import KINDS, LETTERS
from services.notify.message import Message
from services.notify.moments.digest import Digest
from shared.http import Body, PageAsked
from shared.people import Caller
from shared.store import Look, Work

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
Moment = Annotated[AwareDatetime, Field(ge=FIRST, lt=LAST, examples=["2026-11-23T09:00:00+08:00"])]
"""A time that somebody filters by; further away there is no calendar to convert it in."""


class Tab(StrEnum):
    """The lists of an inbox: all that is at hand, and what of it is unread or done; what is put off; what is
    archived; and to-dos, put off or not."""

    UNREAD = "unread"
    TODO = "todo"
    ALL = "all"
    DONE = "done"
    SNOOZED = "snoozed"
    ARCHIVED = "archived"

    @property
    def condition(self) -> ColumnElement[bool]:
        conditions = {
            Tab.UNREAD: Message.unread,
            Tab.TODO: Message.todo,
            Tab.DONE: Message.done,
            Tab.ALL: Message.at_hand,
            Tab.SNOOZED: Message.snoozed,
            Tab.ARCHIVED: Message.archived,
        }
        return conditions[self]()


def inbox(person_id: UUID, tab: Tab, search: str = "") -> Select[Message]:
    """A person's messages under a tab; `search` looks into titles in both languages. The letters that only
    list messages are not among them."""
    wanted = select(Message).where(
        Message.person_id == person_id, tab.condition, Message.kind.not_in(LETTERS)
    )
    if search:
        found = Message.title.icontains(search, autoescape=True)
        wanted = wanted.where(found | Message.title_en.icontains(search, autoescape=True))
    return wanted


class Numbers(NamedTuple):
    """The lengths of the lists of an inbox that somebody has to look at. The archive has none: it only grows,
    and so would the time to count it."""

    unread: int
    todo: int
    snoozed: int


def inbox_counts(look: Look, person_id: UUID) -> Numbers:
    counted = (
        select(func.count()).select_from(inbox(person_id, Tab(name)).subquery()).scalar_subquery()
        for name in Numbers._fields
    )
    return Numbers(*look.session.execute(select(*counted)).one())


def newest_message(look: Look, person_id: UUID) -> UUID | None:
    return look.first(inbox(person_id, Tab.ALL).with_only_columns(Message.id).order_by(Message.id.desc()))


def read_all(work: Work, person_id: UUID, up_to: UUID | None) -> None:
    """Marks a person's unread messages read, up to the newest one that he has seen."""
    seen = [Message.id <= up_to] if up_to is not None else []
    _mark(work, inbox(person_id, Tab.UNREAD).where(*seen), read_at=work.now)


def archive_read(work: Work, person_id: UUID) -> None:
    """Archives what of a person's messages at hand is read or done, but for to-dos that still wait."""
    over = Message.read_at.is_not(None) | Message.done_at.is_not(None)
    _mark(work, inbox(person_id, Tab.ALL).where(over, ~Message.todo()), archived_at=work.now)


def _mark(work: Work, which: Select[Message], **values: datetime) -> None:
    """Changes all of them, locked in their order as handlers lock them, so that nobody deadlocks."""
    locked = which.with_only_columns(Message.id).order_by(Message.id).with_for_update()
    marked = update(Message).where(Message.id.in_(locked)).values(**values)
    work.execute(marked.execution_options(synchronize_session=False))


class DeliveryFilter(Body):
    """Which deliveries. A name that is none of these is refused: what is found may be sent again."""

    channel: Channel | None = None
    code: str | None = Field(None, min_length=1, max_length=40, examples=["550"])
    kind: str | None = Field(None, max_length=80, examples=["plan.returned"])
    person_id: UUID | None = None
    provider_id: UUID | None = Field(None, description="最近一次使用的服务商 (the provider tried last)")
    since: Moment | None = Field(None, description="最近变化不早于 (changed at this moment or later)")
    until: Moment | None = Field(None, description="最近变化早于 (changed before this moment)")
    answer_lost: bool = Field(False, description="只看应答丢失过的 (only those with a lost answer)")

    @field_validator("kind")
    @classmethod
    def _is_known(cls, kind: str | None) -> str | None:
        if kind is not None and kind not in KINDS:
            raise ValueError("没有这种消息 (no such kind)")
        return kind

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a delivery has to be."""
        same = {name: getattr(self, name) for name in ("channel", "code", "person_id", "provider_id")}
        found = [getattr(Delivery, name) == value for name, value in same.items() if value is not None]
        if self.kind is not None:
            found.append(Delivery.message.has(Message.kind == self.kind))
        if self.since is not None:
            found.append(Delivery.changed_at >= self.since)
        if self.until is not None:
            found.append(Delivery.changed_at < self.until)
        return [*found, Delivery.lost > 0] if self.answer_lost else found


class DeliveriesAsked(DeliveryFilter, PageAsked):
    """Which deliveries, and which page of them."""

    state: State | None = None


def deliveries(caller: Caller, asked: DeliveriesAsked) -> Select[Delivery]:
    wanted = select(Delivery).where(Delivery.visible_to(caller), *asked.conditions())
    return wanted if asked.state is None else wanted.where(Delivery.state == asked.state)


class CodeCount(NamedTuple):
    """How many deliveries are in a state for a reason on a channel."""

    state: State
    channel: Channel
    code: str
    number: int


def code_counts(look: Look, *which: ColumnElement[bool]) -> list[CodeCount]:
    """By state, channel and code, the most frequent first."""
    by, count = (Delivery.state, Delivery.channel, Delivery.code), func.count()
    rows = look.session.execute(select(*by, count).where(*which).group_by(*by).order_by(count.desc(), *by))
    return [CodeCount(State(row[0]), Channel(row[1]), row[2], row[3]) for row in rows]


def tries_of(look: Look, found: Sequence[Delivery]) -> dict[UUID, list[Attempt]]:
    """The tries of some deliveries, oldest first; for what went out in a digest those of its letter, too."""
    letters = _letters_of(look, found)
    tried = [delivery.id for delivery in found] + list(letters.values())
    rows = select(Attempt).where(Attempt.delivery_id.in_(tried)).order_by(Attempt.number, Attempt.id)
    tries: dict[UUID | None, list[Attempt]] = defaultdict(list)
    for attempt in look.all(rows) if tried else ():
        tries[attempt.delivery_id].append(attempt)
    return {one.id: [*tries[letters.get(one.digest_id)], *tries[one.id]] for one in found}


def _letters_of(look: Look, found: Sequence[Delivery]) -> dict[UUID | None, UUID]:
    """The deliveries of the letters of digests, by digest."""
    digests = {delivery.digest_id for delivery in found if delivery.digest_id is not None}
    if not digests:
        return {}
    letters = select(Digest.id, Delivery.id).join(Delivery, Delivery.message_id == Digest.message_id)
    return {row[0]: row[1] for row in look.session.execute(letters.where(Digest.id.in_(digests)))}
