"""Sends a delivery: claim it (short transaction), send (none open), note the outcome (short transaction)."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from time import monotonic
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Executable, select
from structlog import get_logger

from services.notify.contact import Contact
from services.notify.delivery import Answer, Attempt, Delivery, Outcome, State, redacted
from services.notify.mail import BadSender, Mail, compose
from services.notify.message import Message, touch_inbox
from services.notify.notice import SEND
from services.notify.slot import SlotCopy
from shared.jobs import later
from shared.people import PersonCopy
from shared.store import Store, Work

log = get_logger(__name__)


class Carrier(Protocol):
    """Takes an e-mail somewhere; `provider` names it in the attempts."""

    @property
    def provider(self) -> str: ...

    def send(self, message: EmailMessage) -> Answer: ...


@dataclass(frozen=True)
class Post:
    """How this process sends: the carrier, the sender's address, and where links lead."""

    carrier: Carrier
    sender: str
    own_url: str


def send(store: Store, post: Post, delivery_id: UUID, attempt: int) -> None:
    """Makes one try of a delivery. A try that is over already, or not yet due, is left alone."""
    mail = claim(store, post, delivery_id, attempt)
    if mail is None:
        return
    started = monotonic()
    answer = _carry(post, mail)
    tried = Attempt(
        delivery_id=delivery_id,
        number=attempt,
        provider=post.carrier.provider,
        outcome=answer.outcome,
        code=answer.code,
        answer=redacted(answer.text),
        milliseconds=round((monotonic() - started) * 1000),
    )
    note(store, tried, answer)


def claim(store: Store, post: Post, delivery_id: UUID, attempt: int) -> Mail | None:
    """Takes the delivery for this try, unless there is nobody to send to or nothing left to tell."""
    with store.work() as work:
        found: Any = work.execute(_with_all_it_needs(delivery_id)).one_or_none()
        if found is None or not found.Delivery.is_due(attempt):
            return None
        delivery, message, contact, person, slot = found
        if _is_stale(message, slot):
            delivery.suppress("stale", work.now)
            work.get(Message, message.id).finish(work.now)
            touch_inbox(work, message.person_id)
            return None
        if contact is None or not contact.email:
            delivery.suppress("no_address", work.now)
            return None
        delivery.start(work.now)
        return Mail(
            delivery_id=delivery.id,
            to=contact.email,
            name=person.name if person else "",
            title=message.title,
            body=message.body,
            url=post.own_url + message.path,
            composed_at=message.created_at,
        )


def _with_all_it_needs(delivery_id: UUID) -> Executable:
    """A delivery, locked, with its message, the address and name of its person, and its to-do."""
    return (
        select(Delivery, Message, Contact, PersonCopy, SlotCopy)
        .join(Message, Message.id == Delivery.message_id)
        .outerjoin(Contact, Contact.person_id == Delivery.person_id)
        .outerjoin(PersonCopy, PersonCopy.person_id == Delivery.person_id)
        .outerjoin(SlotCopy, SlotCopy.slot_id == Message.slot_id)
        .where(Delivery.id == delivery_id)
        .with_for_update(of=Delivery)
    )


def note(store: Store, attempt: Attempt, answer: Answer) -> None:
    """Keeps the try with its outcome; when another run was first with that, as a try only."""
    with store.work() as work:
        delivery = work.get(Delivery, attempt.delivery_id)
        attempt.at = work.now
        work.add(attempt)
        if delivery.state == State.SENDING and delivery.attempts == attempt.number:
            _conclude(work, delivery, answer)


def _conclude(work: Work, delivery: Delivery, answer: Answer) -> None:
    if answer.outcome is Outcome.ACCEPTED:
        return work.publish(delivery.accept(work.now))
    if answer.outcome is not Outcome.FAILED:
        again_at = delivery.put_off(answer.code, work.now)
        if again_at is not None:
            later(work, SEND, again_at, delivery_id=str(delivery.id), attempt=delivery.attempts + 1)
            return None
    return work.publish(delivery.fail(answer.code, redacted(answer.text), work.now))


def _carry(post: Post, mail: Mail) -> Answer:
    try:
        message = compose(mail, post.sender)
    except BadSender as error:
        return Answer(Outcome.CONFIG_ERROR, "bad_sender", str(error))
    except ValueError as error:
        return Answer(Outcome.FAILED, "bad_address", str(error))
    try:
        return post.carrier.send(message)
    except OSError as error:
        return Answer(Outcome.CONFIG_ERROR, "not_writable", str(error))
    except Exception as error:  # whatever else goes wrong must end in the dead list, where people look
        log.exception("mail_failed", delivery=str(mail.delivery_id))
        return Answer(Outcome.RETRY, "unexpected", repr(error))


def _is_stale(message: Message, slot: SlotCopy | None) -> bool:
    """Whether it tells of a to-do that this person has no longer."""
    if message.slot_id is None:
        return False
    return message.done_at is not None or slot is None or not slot.waits_for(message.person_id)
