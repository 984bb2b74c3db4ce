"""The daily to-do digest: who has to-dos gets a list of them on the morning of each working day."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select

from services.notify.event_words import local_text
from services.notify.kinds import TODO_DIGEST
from services.notify.message import Message
from services.notify.moments.digest import EVERY_CHANNEL, Digest, DigestState, Key, begin, drop_open
from services.notify.moments.moment import mornings
from services.notify.notice import Notice, Occasion
from services.notify.preferences import Mode
from services.notify.slot import SlotCopy
from services.notify.standing_in import is_his
from services.notify.wishes import wishes_of
from shared.clock import local_date
from shared.people import PersonCopy
from shared.store import Look, Store, Work
from shared.working_days import calendar_of

MOST_PLANNED = 200
"""People planned for in one transaction."""
MOST_LISTED = 30
LINE_LENGTH = 60


def plan_all(store: Store) -> None:
    """Plans the next digest of everybody who has to-dos and none planned."""
    with store.read() as look:
        people = look.all(_unplanned())
    if people:
        with store.work() as work:
            for person_id in people:
                plan(work, person_id)


def plan(work: Work, person_id: UUID) -> None:
    """Plans a person's next digest; never a second one for a day."""
    timing = wishes_of(work, person_id).timing
    for window in mornings(timing, calendar_of(work), work.now):
        if begin(work, person_id, EVERY_CHANNEL, Key.TODO, window) is not None:
            return


def plan_anew(work: Work, person_id: UUID) -> None:
    """Moves a digest that is planned already to where the person wants it now."""
    if drop_open(work, person_id, Key.TODO):
        plan(work, person_id)


def todo_notice(work: Work, digest: Digest) -> Notice | None:
    """What a person has to do now; nothing when that is nothing, he does not want to hear it, or its day is
    over."""
    todos = [_line(message, work.now) for message in work.all(_open_todos(digest.person_id, work.now))]
    if not todos or local_date(digest.due_at) < work.today or not _is_wanted(work, digest.person_id):
        return None
    context = {
        "count": len(todos),
        "overdue": sum(todo["overdue"] for todo in todos),
        "more": max(0, len(todos) - MOST_LISTED),
        "todos": todos[:MOST_LISTED],
    }
    occasion = Occasion(digest.id, TODO_DIGEST.name, f"digest/{digest.id}", work.now)
    return Notice(TODO_DIGEST.name, context, "/todo", occasion=occasion)


def _is_wanted(look: Look, person_id: UUID) -> bool:
    person = look.session.get(PersonCopy, person_id)
    ways = wishes_of(look, person_id).ways(TODO_DIGEST)
    return person is not None and person.active and any(way.mode is not Mode.OFF for way in ways)


def _unplanned() -> Select[UUID]:
    planned = exists().where(
        Digest.person_id == Message.person_id, Digest.key == Key.TODO, Digest.state == DigestState.OPEN
    )
    people = select(Message.person_id).where(Message.todo(), ~planned).distinct()
    return people.order_by(Message.person_id).limit(MOST_PLANNED)


def _open_todos(person_id: UUID, now: datetime) -> Select[Message]:
    """By notify's own copies of slots and substitutions, the oldest first."""
    mine = select(Message).join(SlotCopy, SlotCopy.slot_id == Message.slot_id)
    todo = (Message.person_id == person_id, Message.todo(), SlotCopy.is_open, is_his(now))
    return mine.where(*todo).order_by(Message.id)


def _line(message: Message, now: datetime) -> dict[str, Any]:
    """A to-do as the list shows it."""
    said, due = message.context, _due(message)
    return {
        "title": said["title"][:LINE_LENGTH],
        "organisation_name": said["organisation_name"][:LINE_LENGTH],
        "step_name": said["step_name"][:LINE_LENGTH],
        "deputy_for": said["deputy_for"],
        "due": local_text(due) if due else "",
        "overdue": due is not None and due <= now,
    }


def _due(message: Message) -> datetime | None:
    due = message.context.get("due_at")
    return datetime.fromisoformat(due) if due else None
