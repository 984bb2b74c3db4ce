"""Telling somebody: the message, and the mail that is sent about it when it deserves one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite

from services.notify.delivery import Delivery
from services.notify.message import Message, touch_inbox
from services.notify.texts import CHINESE, ENGLISH, written
from shared.database import new_id
from shared.jobs import later
from shared.store import Work

EMAIL = "email"
SEND = "notify.send"


@dataclass(frozen=True)
class Notice:
    """What there is to tell about an event: the kind of text, its values, and the page that it leads to."""

    kind: str
    context: dict[str, Any]
    path: str
    slot_id: UUID | None = None
    by_mail: bool = True


def tell(work: Work, person_id: UUID, notice: Notice) -> bool:
    """Tells a person about the event at hand; false when he has been told of it before."""
    message_id = _insert(work, person_id, notice)
    if message_id is None:
        return False
    touch_inbox(work, person_id)
    if notice.by_mail:
        _queue_mail(work, message_id, person_id)
    return True


def _insert(work: Work, person_id: UUID, notice: Notice) -> UUID | None:
    assert work.cause is not None, "people are told about events only"
    insert = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    chinese = written(notice.kind, CHINESE, notice.context)
    english = written(notice.kind, ENGLISH, notice.context)
    row = {
        "id": new_id(),
        "event_id": work.cause.id,
        "person_id": person_id,
        "event_type": work.cause.type,
        "kind": notice.kind,
        "subject": work.cause.subject,
        "title": chinese.title,
        "body": chinese.body,
        "title_en": english.title,
        "body_en": english.body,
        "path": notice.path,
        "slot_id": notice.slot_id,
        "occurred_at": work.cause.time,
        "created_at": work.now,
    }
    fresh = insert(Message).values(**row).on_conflict_do_nothing(index_elements=["event_id", "person_id"])
    found: UUID | None = work.execute(fresh.returning(Message.id)).scalar_one_or_none()
    return found


def _queue_mail(work: Work, message_id: UUID, person_id: UUID) -> None:
    assert work.cause is not None
    delivery = Delivery(
        id=new_id(),
        message_id=message_id,
        person_id=person_id,
        event_type=work.cause.type,
        channel=EMAIL,
        created_at=work.now,
        changed_at=work.now,
    )
    work.add(delivery)
    later(work, SEND, delivery_id=str(delivery.id), attempt=1)
