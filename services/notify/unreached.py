"""What is mandatory and has come through on none of its channels: it goes out on another one that leads to
its person; where there is none, those who look after him are told."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy import select

from services.notify.administrators import administrators
from services.notify.channels import Channel
from services.notify.delivery import Delivery, State
from services.notify.kinds import KINDS, Kind
from services.notify.message import Message
from services.notify.notice import SEND, Notice, Occasion, send_by, tell
from services.notify.preferences import Mode
from services.notify.reach import reaching
from services.notify.reasons import UNWANTED
from services.notify.wishes import Way, units_of, wishes_of
from shared.jobs import later
from shared.people import PersonCopy
from shared.store import Work

REACH = "notify.reach"
KIND = "person.unreachable"
NOWHERE = frozenset({"no_address", "no_robot"})
"""Why a delivery was suppressed that leads nowhere."""


def look_for_another_way(work: Work, delivery: Delivery) -> None:
    """After a delivery has come to its end: has another way looked for, if it has reached nobody and must."""
    nobody = delivery.state == State.FAILED or (
        delivery.state == State.SUPPRESSED and delivery.code in NOWHERE
    )
    if nobody and KINDS[delivery.message.kind].mandatory:
        later(work, REACH, message_id=str(delivery.message_id))


def reach(work: Work, message_id: UUID) -> None:
    """Sends a message on the first further channel that leads to its person, or tells of him. Left alone is
    one that is done, may still come through, or may stay in the inbox. Doing it again changes nothing."""
    message = work.get(Message, message_id)
    person, wishes = work.session.get(PersonCopy, message.person_id), wishes_of(work, message.person_id)
    if message.done_at is not None or person is None or not person.active or wishes.inbox_suffices:
        return
    found = work.all(select(Delivery).where(Delivery.message_id == message_id))
    if any(delivery.state not in (State.FAILED, State.SUPPRESSED) for delivery in found):
        return
    by = {Channel(delivery.channel): delivery for delivery in found}
    tried = {channel for channel, delivery in by.items() if delivery.code != UNWANTED}
    way = next((channel for channel in reaching(work, message.person_id) if channel not in tried), None)
    if way is None:
        _tell_of(work, message, KINDS[message.kind])
    elif way in by:
        later(work, SEND, delivery_id=str(by[way].id), turn=by[way].wake(work.now))
    else:
        send_by(work, message, Way(way, Mode.NOW), wishes.timing)


def _tell_of(work: Work, message: Message, kind: Kind) -> None:
    """Once a week of each person, however many messages have not come through to him."""
    person_id, (year, week, _) = message.person_id, work.today.isocalendar()
    occasion = Occasion(uuid5(person_id, f"{KIND} {year}-{week}"), KIND, f"person/{person_id}", work.now)
    context = {"name": message.person_name, "kind": kind.label, "kind_en": kind.label_en}
    notice = Notice(KIND, context, "/notifications", occasion=occasion)
    for administrator in _who_look_after(work, person_id):
        tell(work, administrator, notice)


def _who_look_after(work: Work, person_id: UUID) -> Sequence[UUID]:
    """The administrators of his units but himself, else those of the platform."""
    units = work.all(units_of(person_id, work.today))
    others = [one for one in administrators(work, *units) if one != person_id]
    return others or administrators(work)
