"""Telling somebody: the message, and the mail that is sent about it when it deserves one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from services.notify.delivery import Delivery
from services.notify.message import Message, touch_inbox
from services.notify.texts import CHINESE, ENGLISH, written
from shared.database import new_id
from shared.jobs import later
from shared.people import PersonCopy
from shared.store import Work

EMAIL = "email"
SEND = "notify.send"


@dataclass(frozen=True)
class Document:
    """The document that a message is about, and the unit whose it is where the event says so."""

    doc_type: str
    doc_id: UUID
    organisation_id: UUID | None = None


@dataclass(frozen=True)
class Notice:
    """What there is to tell about an event: the kind of text, its values, and the page that it leads to."""

    kind: str
    context: dict[str, Any]
    path: str
    document: Document
    slot_id: UUID | None = None
    by_mail: bool = True


def tell(work: Work, person_id: UUID, notice: Notice) -> bool:
    """Tells a person about the event at hand; false when he has been told of it before."""
    message = _insert(work, person_id, notice)
    if message is None:
        return False
    touch_inbox(work, person_id)
    channels = [EMAIL] if notice.by_mail else []
    for channel in channels:
        _queue(work, message, channel)
    work.publish(message.created(channels))
    return True


def _insert(work: Work, person_id: UUID, notice: Notice) -> Message | None:
    assert work.cause is not None, "people are told about events only"
    insert = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    person = work.session.get(PersonCopy, person_id)
    row = {
        "id": new_id(),
        "event_id": work.cause.id,
        "person_id": person_id,
        "person_name": person.name if person else "",
        "event_type": work.cause.type,
        "subject": work.cause.subject,
        "occurred_at": work.cause.time,
        "created_at": work.now,
        **_about(work, notice.document),
        **_content(notice),
    }
    fresh = insert(Message).values(**row).on_conflict_do_nothing(index_elements=["event_id", "person_id"])
    return work.session.scalars(fresh.returning(Message)).one_or_none()


def _content(notice: Notice) -> dict[str, Any]:
    chinese = written(notice.kind, CHINESE, notice.context)
    english = written(notice.kind, ENGLISH, notice.context)
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


def _about(work: Work, document: Document) -> dict[str, Any]:
    """The document with its unit; where the event does not name it, as messages about it before."""
    organisation_id = document.organisation_id
    if organisation_id is None:
        known = select(Message.organisation_id).where(
            Message.doc_id == document.doc_id,
            Message.doc_type == document.doc_type,
            Message.organisation_id.is_not(None),
        )
        organisation_id = work.first(known)
    return {
        "doc_type": document.doc_type,
        "doc_id": document.doc_id,
        "organisation_id": organisation_id,
    }


def _queue(work: Work, message: Message, channel: str) -> None:
    delivery = Delivery(
        id=new_id(),
        message_id=message.id,
        person_id=message.person_id,
        event_type=message.event_type,
        channel=channel,
        created_at=work.now,
        changed_at=work.now,
    )
    work.add(delivery)
    later(work, SEND, delivery_id=str(delivery.id), attempt=1)
