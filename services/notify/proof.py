"""Proof: who was told of what about a document, by what, when, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from services.notify.attempt import Attempt
from services.notify.delivery import Delivery
from services.notify.message import TURN, Message
from services.notify.moments.digest import Digest
from services.notify.queries import tries_of
from shared.clock import SHANGHAI
from shared.errors import NotFound, Problem, invalid
from shared.people import Caller, DistrictCopy, OrganisationCopy, Role, in_scope
from shared.store import Look, Store

REVIEWS_OF = {"import_approval": ("import_approval", "import_first_review", "import_final_review")}
"""Documents with several reviews, each of which is a document type of its own to whoever reviews."""
READERS = (TURN, "case.cc_added")
"""Who was told so may read the document ever after: it was his turn, or he got a copy."""
EXPORTERS = (Role.UNIT_ADMINISTRATOR, Role.AUDITOR, Role.DISTRICT_ADMINISTRATOR)
LONGEST = 366
"""Days that one export may cover."""
TOGETHER = 200
"""Messages that an export reads at a time."""


@dataclass(frozen=True)
class Told:
    """A message with its deliveries and their tries, oldest first."""

    message: Message
    ways: Sequence[tuple[Delivery, Sequence[Attempt]]]


@dataclass(frozen=True)
class Period:
    """Calendar days in Asia/Shanghai, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Raises `Invalid`: `period_invalid`, `period_too_long`."""
        if self.last < self.first:
            raise invalid([Problem("period_invalid", "结束日期早于开始日期", "/to", "ends before it begins")])
        if (self.last - self.first).days >= LONGEST:
            text = f"一次最多导出 {LONGEST} 天"
            raise invalid([Problem("period_too_long", text, "/to", f"{LONGEST} days at most")])

    def holds(self, moment: InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
        begin = datetime.combine(self.first, time(), SHANGHAI)
        return (moment >= begin) & (
            moment < datetime.combine(self.last, time(), SHANGHAI) + timedelta(days=1)
        )


def notices(look: Look, caller: Caller, doc_type: str, doc_id: UUID) -> Select[Message]:
    """What people were told about a document that the caller may see: his unit's, one below his district, one
    that he was ever asked to review or has a copy of.

    Raises `NotFound` for every other one, and while nobody has been told of it.
    """
    about = (Message.doc_id == doc_id) & Message.doc_type.in_(REVIEWS_OF.get(doc_type, (doc_type,)))
    reader = (Message.person_id == caller.person_id) & Message.kind.in_(READERS)
    seen = or_(Message.organisation_id.in_(_units_of(caller)), reader)
    if look.first(select(Message.id).where(about, seen)) is None:
        raise NotFound("not_found", "未找到，或不在您的查看范围内", "not found, or outside your scope")
    return select(Message).where(about)


def with_deliveries(look: Look, messages: Sequence[Message]) -> list[Told]:
    """Messages, each with what became of it."""
    ids = [message.id for message in messages]
    wanted = select(Delivery).where(Delivery.message_id.in_(ids)).order_by(Delivery.id)
    found = look.all(wanted) if ids else []
    letters = _letters_of(look, found)
    tries = tries_of(look, [*found, *letters.values()])
    ways: dict[UUID, list[tuple[Delivery, list[Attempt]]]] = {message_id: [] for message_id in ids}
    for delivery in found:
        letter = letters.get(delivery.digest_id) if delivery.attempts == 0 and delivery.digest_id else None
        ways[delivery.message_id].append((delivery, tries[(letter or delivery).id]))
    return [Told(message, ways[message.id]) for message in messages]


def told_in(store: Store, caller: Caller, period: Period, unit: UUID | None) -> Iterator[Told]:
    """Everything that people were told in a period about the documents of the caller's unit, or of those
    below his district, oldest first; of one of these units only when it is named. Read in pieces, so that no
    transaction lasts as long as the reader takes."""
    overseer = replace(caller, roles=caller.roles & set(EXPORTERS))
    wanted = select(Message).where(
        Message.organisation_id.in_(_units_of(overseer)), period.holds(Message.created_at)
    )
    if unit is not None:
        wanted = wanted.where(Message.organisation_id == unit)
    order = (Message.created_at, Message.id)
    ordered, after = wanted.order_by(*order).limit(TOGETHER), None
    while True:
        with store.read() as look:
            rows = look.all(ordered if after is None else ordered.where(tuple_(*order) > after))
            found = with_deliveries(look, rows)
        yield from found
        if len(rows) < TOGETHER:
            return
        types = [column.type for column in order]
        after = tuple_(rows[-1].created_at, rows[-1].id, types=types)


def begun(found: Iterator[Told]) -> Iterator[Told]:
    """The same, with its beginning read already: what goes wrong there can still be answered."""
    first = list(islice(found, 1))
    return chain(first, found)


def _letters_of(look: Look, found: Sequence[Delivery]) -> dict[UUID, Delivery]:
    """The letter of each digest that some of the deliveries were collected in: its tries are theirs."""
    digests = {delivery.digest_id for delivery in found if delivery.digest_id}
    if not digests:
        return {}
    of_digest = (Digest.message_id == Delivery.message_id) & (Digest.channel == Delivery.channel)
    rows = select(Digest.id, Delivery).join(Delivery, of_digest).where(Digest.id.in_(digests))
    return {row[0]: row[1] for row in look.session.execute(rows)}


def _units_of(caller: Caller) -> Select[UUID]:
    """The units whose documents the caller may see by his roles."""
    scope = in_scope(caller, OrganisationCopy.organisation_id, DistrictCopy.path)
    of_district = DistrictCopy.code == OrganisationCopy.district_code
    return select(OrganisationCopy.organisation_id).join(DistrictCopy, of_district).where(scope)
