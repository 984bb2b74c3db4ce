"""Telling somebody: the message, and a delivery on each channel that he is told on beside his inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite

from services.notify.channels import channels_for
from services.notify.delivery import Delivery
from services.notify.message import Message, touch_inbox
from services.notify.texts import CHINESE, ENGLISH, written
from shared.database import new_id
from shared.jobs import later
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
class Notice:
    """What there is to tell: the kind of text, its values, and the page that it leads to.

    Without an `occasion` of its own it is about the event at hand.
    """

    kind: str
    context: dict[str, Any]
    path: str
    slot_id: UUID | None = None
    by_mail: bool = True
    occasion: Occasion | None = None


def tell(work: Work, person_id: UUID, notice: Notice) -> bool:
    """Tells a person; false when he has been told of this occasion before."""
    occasion = notice.occasion or _at_hand(work)
    message_id = _insert(work, person_id, notice, occasion)
    if message_id is None:
        return False
    touch_inbox(work, person_id)
    for channel in channels_for(work, person_id, notice):
        delivery = Delivery(
            id=new_id(),
            message_id=message_id,
            person_id=person_id,
            event_type=occasion.type,
            channel=channel,
            created_at=work.now,
            changed_at=work.now,
        )
        work.add(delivery)
        later(work, SEND, delivery_id=str(delivery.id), attempt=1)
    return True


def _at_hand(work: Work) -> Occasion:
    assert work.cause is not None, "there is no event at hand"
    return Occasion(work.cause.id, work.cause.type, work.cause.subject, work.cause.time)


def _insert(work: Work, person_id: UUID, notice: Notice, occasion: Occasion) -> UUID | None:
    insert = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    chinese = written(notice.kind, CHINESE, notice.context)
    english = written(notice.kind, ENGLISH, notice.context)
    row = {
        "id": new_id(),
        "event_id": occasion.id,
        "person_id": person_id,
        "event_type": occasion.type,
        "kind": notice.kind,
        "subject": occasion.subject,
        "title": chinese.title,
        "body": chinese.body,
        "title_en": english.title,
        "body_en": english.body,
        "path": notice.path,
        "slot_id": notice.slot_id,
        "occurred_at": occasion.time,
        "created_at": work.now,
    }
    fresh = insert(Message).values(**row).on_conflict_do_nothing(index_elements=["event_id", "person_id"])
    found: UUID | None = work.execute(fresh.returning(Message.id)).scalar_one_or_none()
    return found
