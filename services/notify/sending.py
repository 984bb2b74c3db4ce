"""Sends a delivery: claim it (short transaction), send (none open), note the outcome (short transaction)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, select
from structlog import get_logger

from services.notify.channels import Channel
from services.notify.contact import Contact
from services.notify.delivery import Answer, Attempt, Delivery, Outcome, State, redacted
from services.notify.gates import STALE, Going, Hold, Verdict, judge
from services.notify.letter import Letter, Sender
from services.notify.message import Message, touch_inbox
from services.notify.notice import SEND
from services.notify.slot import SlotCopy
from services.notify.template import medium_of
from services.notify.texts import CHINESE
from services.notify.wording import channel_words
from shared.jobs import later
from shared.people import PersonCopy
from shared.store import Store, Work

log = get_logger(__name__)


@dataclass(frozen=True)
class Post:
    """How this process sends: who takes the letters of a channel, and where links lead."""

    senders: Mapping[Channel, Sender]
    own_url: str


def send(store: Store, post: Post, delivery_id: UUID, attempt: int) -> None:
    """Makes one try of a delivery. A try that is over already, or not yet due, is left alone."""
    claimed = claim(store, post, delivery_id, attempt)
    if claimed is None:
        return
    sender, letter = claimed
    started = monotonic()
    answer = _carry(sender, letter)
    tried = Attempt(
        delivery_id=delivery_id,
        number=attempt,
        provider=sender.provider,
        outcome=answer.outcome,
        code=answer.code,
        answer=redacted(answer.text),
        milliseconds=round((monotonic() - started) * 1000),
    )
    note(store, tried, answer)


def claim(store: Store, post: Post, delivery_id: UUID, attempt: int) -> tuple[Sender, Letter] | None:
    """Takes the delivery for this try and answers who takes the letter; nothing when a gate is closed."""
    with store.work() as work:
        found: Any = work.execute(_with_all_it_needs(delivery_id)).one_or_none()
        if found is None or not found.Delivery.is_due(attempt):
            return None
        going = Going(*found)
        if (verdict := judge(work, going)) is not None:
            _stop(work, going, verdict)
            return None
        sender = post.senders.get(going.channel)
        if sender is None:
            text = f"no provider for {going.channel}"
            work.publish(going.delivery.fail("no_provider", text, work.now))
            return None
        going.delivery.start(work.now)
        return sender, _letter(work, going, post.own_url)


def _stop(work: Work, going: Going, verdict: Verdict) -> None:
    """Does what a gate has said."""
    delivery = going.delivery
    if isinstance(verdict, Hold):
        attempt = delivery.hold(verdict.code, verdict.until, work.now)
        later(work, SEND, verdict.until, delivery_id=str(delivery.id), attempt=attempt)
        return
    delivery.suppress(verdict.code, work.now)
    if verdict.code == STALE:
        work.get(Message, going.message.id).finish(work.now)
        touch_inbox(work, going.message.person_id)


def _letter(work: Work, going: Going, own_url: str) -> Letter:
    words = channel_words(work, going.message, medium_of(going.channel), CHINESE)
    return Letter(
        delivery_id=going.delivery.id,
        to=going.address,
        name=going.person.name if going.person else "",
        title=words.title,
        body=words.body,
        url=own_url + going.message.path,
        composed_at=going.message.created_at,
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


def _carry(sender: Sender, letter: Letter) -> Answer:
    try:
        return sender.send(letter)
    except Exception as error:  # whatever else goes wrong must end in the dead list, where people look
        log.exception("sending_failed", delivery=str(letter.delivery_id))
        return Answer(Outcome.RETRY, "unexpected", repr(error))
