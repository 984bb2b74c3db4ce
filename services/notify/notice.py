"""Telling somebody: the message, and a delivery on each channel on which he gets it, too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.notify.channels import Channel
from services.notify.delivery import Delivery, State
from services.notify.kinds import KINDS
from services.notify.message import Message, touch_inbox
from services.notify.moments.departure import depart
from services.notify.moments.timing import Timing
from services.notify.outside.events import unit_of_document
from services.notify.preferences import Mode
from services.notify.reasons import UNWANTED
from services.notify.texts import CHINESE, ENGLISH
from services.notify.wishes import Way, Wishes, wishes_of
from services.notify.wording import inbox_words
from shared.database import new_id
from shared.jobs import later
from shared.people import PersonCopy
from shared.store import Work

SEND = "notify.send"


@dataclass(frozen=True)
class Occasion:
    """What people are told about: an event that was heard, or something that notify itself has noticed.

    A person is told once of an `id`.
    """

    id: UUID
    type: str
    subject: str
    time: datetime


@dataclass(frozen=True)
class Document:
    """The document that a message is about, and the unit whose it is where the event says so."""

    doc_type: str
    doc_id: UUID
    organisation_id: UUID | None = None


@dataclass(frozen=True)
class Notice:
    """What there is to tell about an event: the kind of text, its values, and the page that it leads to; the
    document that it is about, or only the unit whose matter it is (`organisation_id`), if any. It goes out as
    people have chosen, but not on the channels of `not_by`, or on the channel of `by` only."""

    kind: str
    context: dict[str, Any]
    path: str
    document: Document | None = None
    slot_id: UUID | None = None
    not_by: frozenset[Channel] = frozenset()
    by: Channel | None = None
    occasion: Occasion | None = None
    organisation_id: UUID | None = None


def tell(work: Work, person_id: UUID, notice: Notice) -> Message | None:
    """Tells a person; nothing when he has been told of this occasion before."""
    message = _insert(work, person_id, notice)
    if message is None:
        return None
    touch_inbox(work, person_id)
    wishes = wishes_of(work, person_id)
    ways = _ways(wishes, notice)
    work.publish(message.created([way.channel for way in ways if way.mode is not Mode.OFF]))
    for way in ways:
        send_by(work, message, way, wishes.timing)
    return message


def _ways(wishes: Wishes, notice: Notice) -> list[Way]:
    if notice.by is not None:
        return [Way(notice.by, Mode.NOW)]
    return [way for way in wishes.ways(KINDS[notice.kind]) if way.channel not in notice.not_by]


def send_by(work: Work, message: Message, way: Way, timing: Timing) -> None:
    """A delivery on a channel; on one that was switched off it only says so."""
    delivery = Delivery(
        id=new_id(),
        message_id=message.id,
        message=message,
        person_id=message.person_id,
        event_type=message.event_type,
        channel=way.channel,
        state=State.QUEUED,
        turn=1,
        attempts=0,
        created_at=work.now,
        changed_at=work.now,
    )
    work.add(delivery)
    if way.mode is Mode.OFF:
        work.publish(delivery.suppress(UNWANTED, work.now))
    elif (moment := depart(work, delivery, KINDS[message.kind], way.mode, timing)) is not None:
        later(work, SEND, moment.at, delivery_id=str(delivery.id), turn=delivery.turn)


def _insert(work: Work, person_id: UUID, notice: Notice) -> Message | None:
    person = work.session.get(PersonCopy, person_id)
    row = {
        "id": new_id(),
        "person_id": person_id,
        "person_name": person.name if person else "",
        "created_at": work.now,
        # a letter stands for messages that are in the inbox themselves
        "read_at": work.now if KINDS[notice.kind].letter else None,
        **_about(work, notice),
        **_content(work, notice),
    }
    once = ["event_id", "person_id"]
    fresh = work.insert(Message).values(**row).on_conflict_do_nothing(index_elements=once)
    return work.session.scalars(fresh.returning(Message)).one_or_none()


def _about(work: Work, notice: Notice) -> dict[str, Any]:
    """The occasion and the document that it concerns."""
    occasion, document = notice.occasion or _at_hand(work), notice.document
    found: dict[str, Any] = {
        "event_id": occasion.id,
        "event_type": occasion.type,
        "subject": occasion.subject,
        "occurred_at": occasion.time,
    }
    if document is None:
        return found | {"organisation_id": notice.organisation_id}
    unit = document.organisation_id or unit_of_document(work, document.doc_id)
    unit = unit or _told_before(work, document)
    return found | {"doc_type": document.doc_type, "doc_id": document.doc_id, "organisation_id": unit}


def _at_hand(work: Work) -> Occasion:
    assert work.cause is not None, "there is no event at hand"
    return Occasion(work.cause.id, work.cause.type, work.cause.subject, work.cause.time)


def _told_before(work: Work, document: Document) -> UUID | None:
    """The unit of a document that was submitted before units were kept, from messages about it."""
    same = (Message.doc_id == document.doc_id) & (Message.doc_type == document.doc_type)
    return work.first(select(Message.organisation_id).where(same, Message.organisation_id.is_not(None)))


def _content(work: Work, notice: Notice) -> dict[str, Any]:
    words = inbox_words(work, notice.kind, notice.context)
    chinese, english = words[CHINESE], words[ENGLISH]
    return {
        "kind": notice.kind,
        "title": chinese.title,
        "body": chinese.body,
        "title_en": english.title,
        "body_en": english.body,
        "context": notice.context,
        "path": notice.path,
        "slot_id": notice.slot_id,
    }
