"""Messages that somebody puts off until a time: then they are back, and unread."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.notify.message import Message, touch_inbox
from shared.jobs import later
from shared.store import Store, Work

WAKE = "notify.wake_message"


def snooze(work: Work, message: Message, until: datetime) -> bool:
    """Puts it off, as `Message.snooze` does, and has it brought back then."""
    is_new = message.snooze(until, work.now)
    if is_new:
        later(work, WAKE, until, message_id=str(message.id))
    return is_new


def wake(store: Store, message_id: UUID) -> None:
    """Brings it back when its time has come. Left alone: what is done or back by now, or put off anew."""
    with store.work() as work:
        message = work.find(Message, message_id)
        if message is not None and message.wake(work.now):
            touch_inbox(work, message.person_id)
