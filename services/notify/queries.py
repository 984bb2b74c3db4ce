"""What notify looks up: inboxes with their numbers, and deliveries with their tries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, Select, func, select, true, update

from services.notify.channels import Channel
from services.notify.delivery import Attempt, Delivery, State
from services.notify.kinds import LETTERS
from services.notify.message import Message
from services.notify.moments.digest import Digest
from shared.http import PageAsked
from shared.people import Caller
from shared.store import Look, Work


class Tab(StrEnum):
    """The lists of an inbox."""

    UNREAD = "unread"
    TODO = "todo"
    ALL = "all"
    DONE = "done"

    @property
    def condition(self) -> ColumnElement[bool]:
        conditions = {
            Tab.UNREAD: Message.unread,
            Tab.TODO: Message.todo,
            Tab.DONE: Message.done,
            Tab.ALL: true,
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


def inbox_counts(look: Look, person_id: UUID) -> tuple[int, int]:
    """How many unread messages and how many open to-dos a person has: the lengths of those lists."""
    unread, todo = (
        select(func.count()).select_from(inbox(person_id, tab).subquery()).scalar_subquery()
        for tab in (Tab.UNREAD, Tab.TODO)
    )
    row = look.session.execute(select(unread, todo)).one()
    return row[0], row[1]


def newest_message(look: Look, person_id: UUID) -> UUID | None:
    return look.first(inbox(person_id, Tab.ALL).with_only_columns(Message.id).order_by(Message.id.desc()))


def read_all(work: Work, person_id: UUID, up_to: UUID | None) -> None:
    """Marks a person's unread messages read, up to the newest one that he has seen."""
    wanted = update(Message).where(Message.person_id == person_id, Message.unread())
    if up_to is not None:
        wanted = wanted.where(Message.id <= up_to)
    work.execute(wanted.values(read_at=work.now).execution_options(synchronize_session=False))


class DeliveriesAsked(PageAsked):
    """Which deliveries, and which page of them."""

    state: State | None = None
    channel: Channel | None = None
    answer_lost: bool = Field(False, description="只看应答丢失过的 (only those with a lost answer)")


def deliveries(caller: Caller, asked: DeliveriesAsked) -> Select[Delivery]:
    wanted = select(Delivery).where(Delivery.visible_to(caller))
    if asked.state is not None:
        wanted = wanted.where(Delivery.state == asked.state)
    if asked.channel is not None:
        wanted = wanted.where(Delivery.channel == asked.channel)
    return wanted.where(Delivery.lost > 0) if asked.answer_lost else wanted


def delivery_counts(look: Look, caller: Caller) -> dict[str, int]:
    seen = select(Delivery.state, func.count()).where(Delivery.visible_to(caller))
    return {str(State(row[0])): row[1] for row in look.session.execute(seen.group_by(Delivery.state))}


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
