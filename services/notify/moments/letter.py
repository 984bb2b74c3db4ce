"""The letter of a digest: written when its time has come, and what becomes of it holds for what it lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.notify.answer import Answer, Outcome
from services.notify.channels import Channel
from services.notify.delivery import Delivery, State
from services.notify.event_words import local_text
from services.notify.gates import LEFT, STALE, STANDS_IN_NO_MORE
from services.notify.kinds import COLLECTED, KINDS
from services.notify.message import Message
from services.notify.moments.digest import Digest, DigestState, Key, claim
from services.notify.moments.todo import todo_notice
from services.notify.notice import Notice, Occasion, tell
from services.notify.preferences import Mode
from services.notify.reasons import UNWANTED
from services.notify.slot import SlotCopy
from services.notify.standing_in import has_it
from services.notify.unreached import look_for_another_way
from services.notify.wishes import Wishes, wishes_of
from shared.people import PersonCopy
from shared.store import Work

MOST_LISTED = 60
LINE_LENGTH = 100
"""Characters of a title in the list; with these a whole letter has its room in the body of a text."""


def close_digest(work: Work, digest_id: UUID) -> None:
    """Sends the letter of a digest that is due, once, however often this is done. Without anything to tell
    there is none."""
    digest = claim(work, digest_id)
    if digest is None:
        return
    notice = todo_notice(work, digest) if digest.key == Key.TODO else _collected_notice(work, digest)
    message = tell(work, digest.person_id, notice) if notice else None
    if message is None:
        digest.state = DigestState.EMPTY
    else:
        digest.message_id = message.id


def _collected_notice(work: Work, digest: Digest) -> Notice | None:
    """Lists what was collected, without what nobody needs to be told any more."""
    waiting = select(Delivery).where(Delivery.digest_id == digest.id, Delivery.state == State.HELD)
    person, wishes = work.session.get(PersonCopy, digest.person_id), wishes_of(work, digest.person_id)
    is_here = person is None or person.active
    live = []
    for delivery in work.lock_all(waiting.order_by(Delivery.id)):
        if code := LEFT if not is_here else _dropped(work, delivery, wishes):
            work.publish(delivery.suppress(code, work.now))
        else:
            live.append(delivery.message)
    if not live:
        return None
    occasion = Occasion(digest.id, COLLECTED.name, f"digest/{digest.id}", work.now)
    return Notice(
        COLLECTED.name, _listed(digest, live), "/notifications", by=Channel(digest.channel), occasion=occasion
    )


def _dropped(work: Work, delivery: Delivery, wishes: Wishes) -> str:
    """Why it is left out, if it is: its to-do has vanished, or the person has switched it off."""
    message, kind = delivery.message, KINDS[delivery.message.kind]
    if message.slot_id is not None:
        slot = work.session.get(SlotCopy, message.slot_id)
        if message.done_at is not None or slot is None or not slot.is_open:
            return STALE
        if not has_it(work, message, slot):
            return STANDS_IN_NO_MORE
    off = not kind.mandatory and wishes.about(kind, Channel(delivery.channel)).mode is Mode.OFF
    return UNWANTED if off else ""


def _listed(digest: Digest, messages: Sequence[Message]) -> dict[str, Any]:
    return {
        "since": local_text(digest.window_start),
        "count": len(messages),
        "kinds": sorted({message.kind for message in messages}),
        "more": max(0, len(messages) - MOST_LISTED),
        "messages": [
            {
                "title": message.title[:LINE_LENGTH],
                "title_en": message.title_en[:LINE_LENGTH],
                "at": local_text(message.occurred_at),
            }
            for message in messages[:MOST_LISTED]
        ],
    }


def take_along(work: Work, letter: Delivery) -> None:
    """What has become of the letter of a digest becomes of everything that it lists."""
    if letter.event_type != COLLECTED.name:
        return
    of_letter = select(Digest.id).where(Digest.message_id == letter.message_id)
    for delivery in work.lock_all(
        select(Delivery).where(Delivery.digest_id.in_(of_letter)).order_by(Delivery.id)
    ):
        _follow(work, delivery, letter)


def _follow(work: Work, delivery: Delivery, letter: Delivery) -> None:
    """One that an administrator has sent again by itself goes its own way."""
    if letter.state in (State.ACCEPTED, State.DELIVERED):
        if delivery.state == State.FAILED and delivery.attempts == 0:  # the letter was sent again after all
            delivery.resend(work.now)
        if delivery.waits and delivery.attempts == 0:
            delivery.provider_id = letter.provider_id
            work.publish(delivery.accept(Answer(Outcome.ACCEPTED, letter.code), work.now))
        if letter.state == State.DELIVERED and delivery.state == State.ACCEPTED:
            work.publish(delivery.confirm(work.now))
    elif delivery.state != State.HELD:
        return
    elif letter.state == State.FAILED:
        work.publish(delivery.fail(letter.code, "", work.now))
        look_for_another_way(work, delivery)
    elif letter.state == State.SUPPRESSED:
        work.publish(delivery.suppress(letter.code, work.now))
        look_for_another_way(work, delivery)
