"""Sends a delivery: claim it (short transaction), send (none open), note the outcome (short transaction)."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from time import monotonic
from typing import Protocol
from uuid import UUID

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
        delivery = work.find(Delivery, delivery_id)
        if delivery is None or not delivery.is_due(attempt):
            return None
        message = work.get(Message, delivery.message_id)
        contact = work.session.get(Contact, delivery.person_id)
        if _is_stale(work, message):
            delivery.suppress("stale", work.now)
            message.finish(work.now)
            touch_inbox(work, message.person_id)
            return None
        if contact is None or not contact.email:
            delivery.suppress("no_address", work.now)
            return None
        delivery.start(work.now)
        return _mail(work, post, delivery, message, contact.email)


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


def _is_stale(work: Work, message: Message) -> bool:
    """Whether it tells of a to-do that this person has no longer."""
    if message.slot_id is None:
        return False
    slot = work.session.get(SlotCopy, message.slot_id)
    return message.done_at is not None or slot is None or not slot.waits_for(message.person_id)


def _mail(work: Work, post: Post, delivery: Delivery, message: Message, address: str) -> Mail:
    person = work.session.get(PersonCopy, delivery.person_id)
    return Mail(
        delivery_id=delivery.id,
        to=address,
        name=person.name if person else "",
        title=message.title,
        body=message.body,
        url=post.own_url + message.path,
        composed_at=message.created_at,
    )
