"""Deputies: notify's own copy of substitutions, by which it is judged whose turn a to-do is at a moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, Index, String, Uuid, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from services.notify.message import TURN, Base, Message
from services.notify.notice import Document, Notice, Occasion, tell
from services.notify.slot import SlotCopy, finish
from shared.clock import local_date
from shared.database import UtcDateTime
from shared.events.substitutions import SubstitutionEnded, SubstitutionGranted
from shared.jobs import later
from shared.people import AppointmentCopy
from shared.store import Work

FOLLOW = "notify.follow_substitution"


class SubstitutionCopy(Base):
    """Somebody decides for a principal in a unit, from `starts_at` until just before `ends_at`, which is
    brought forward when it is ended early. `doc_types` is kept as ",plan,revocation,", empty for all."""

    __tablename__ = "substitution_copy"
    __table_args__ = (Index("ix_substitution_copy_deputy_id", "deputy_id", "principal_id"),)

    substitution_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    principal_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    deputy_id: Mapped[UUID] = mapped_column(Uuid)
    organisation_id: Mapped[UUID | None] = mapped_column(Uuid)
    doc_types: Mapped[str] = mapped_column(String(1000))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def covers(cls, doc_type: str | InstrumentedAttribute[str], at: datetime) -> ColumnElement[bool]:
        """Those by which a slot (which is selected from) about such a document is the deputy's, too, at a
        moment, while he is still of the unit."""
        unit = SlotCopy.holder_unit_id
        is_there = exists().where(
            AppointmentCopy.person_id == cls.deputy_id,
            AppointmentCopy.organisation_id == cls.organisation_id,
            AppointmentCopy.on(local_date(at)),
        )
        return and_(
            cls.principal_id == SlotCopy.holder_id,
            or_(unit.is_(None), cls.organisation_id == unit),
            or_(cls.doc_types == "", cls.doc_types.contains("," + doc_type + ",")),
            cls.starts_at <= at,
            at < cls.ends_at,
            is_there,
        )


def is_his(at: datetime) -> ColumnElement[bool]:
    """Messages about slots (both are selected from) whose person has the slot at a moment: as its holder, or
    as a deputy by a substitution that is in force. Where none was ever heard of between the two, whoever made
    him a deputy is believed."""
    by_him = SubstitutionCopy.deputy_id == Message.person_id
    heard_of = exists().where(by_him, SubstitutionCopy.principal_id == SlotCopy.holder_id)
    stands_in = exists().where(by_him, SubstitutionCopy.covers(Message.doc_type, at))
    return or_(Message.person_id == SlotCopy.holder_id, stands_in, ~heard_of)


def has_it(work: Work, message: Message, slot: SlotCopy) -> bool:
    """Whether a to-do is in the hand of the person of a message now."""
    if message.person_id == slot.holder_id:
        return True
    both = select(Message.id).join(SlotCopy, SlotCopy.slot_id == Message.slot_id)
    return work.first(both.where(Message.id == message.id, is_his(work.now))) is not None


def deputies_now(work: Work, slot: SlotCopy, doc_type: str, named: Iterable[UUID]) -> set[UUID]:
    """Who decides a slot for its holder now: those who stand in for him, and those whom an event has named
    and of whom nothing else is known."""
    stands_in = SubstitutionCopy.covers(doc_type, work.now).label("stands_in")
    of_holder = select(SubstitutionCopy.deputy_id, stands_in).join(
        SlotCopy, SlotCopy.holder_id == SubstitutionCopy.principal_id
    )
    known = work.execute(of_holder.where(SlotCopy.slot_id == slot.slot_id)).all()
    now = {row.deputy_id for row in known if row.stands_in}
    return now | (set(named) - {row.deputy_id for row in known})


def keep_granted(work: Work, event: SubstitutionGranted) -> None:
    """Keeps it, and has what it changes done when it begins and when it ends."""
    work.put_newest(
        SubstitutionCopy,
        {
            "substitution_id": event.substitution_id,
            "version": event.version,
            "principal_id": event.principal_id,
            "deputy_id": event.deputy_id,
            "organisation_id": event.organisation_id,
            "doc_types": f",{','.join(event.doc_types)}," if event.doc_types else "",
            "starts_at": event.starts_at,
            "ends_at": event.ends_at,
        },
    )
    for moment in (max(event.starts_at, work.now), event.ends_at):
        later(work, FOLLOW, moment, substitution_id=str(event.substitution_id))


def keep_ended(work: Work, event: SubstitutionEnded) -> None:
    """It is over now; one that began before notify kept any, too."""
    known = work.find(SubstitutionCopy, event.substitution_id)
    if known is None:
        both = {"principal_id": event.principal_id, "deputy_id": event.deputy_id, "doc_types": ""}
        about = {"substitution_id": event.substitution_id, "organisation_id": event.organisation_id}
        known = SubstitutionCopy(**about, **both, version=0, starts_at=work.now, ends_at=work.now)
        work.add(known)
    if known.version < event.version:
        known.version, known.ends_at = event.version, min(known.ends_at, work.now)
    work.session.flush()
    _finish_over(work, known)


def follow(work: Work, substitution_id: UUID) -> None:
    """Does what a substitution brings about by itself: when it has begun, its deputy hears of what waits;
    when it is over, his to-dos are done. Late, and again, it does what is left to do."""
    found = work.get(SubstitutionCopy, substitution_id)
    if found.starts_at <= work.now < found.ends_at:
        _tell_of_waiting(work, found)
    _finish_over(work, found)


def _tell_of_waiting(work: Work, found: SubstitutionCopy) -> None:
    """It is the deputy's turn, too, wherever it is the principal's; each is told once."""
    turns = select(Message).join(SlotCopy, SlotCopy.slot_id == Message.slot_id)
    mine = (Message.person_id == found.principal_id, SlotCopy.holder_id == found.principal_id)
    told = select(Message.slot_id).where(Message.person_id == found.deputy_id, Message.todo())
    his = exists().where(
        SubstitutionCopy.deputy_id == found.deputy_id, SubstitutionCopy.covers(Message.doc_type, work.now)
    )
    waiting = turns.where(*mine, Message.todo(), SlotCopy.is_open, his, Message.slot_id.not_in(told))
    for turn in work.all(waiting.order_by(Message.id)):
        tell(work, found.deputy_id, _turn_of_deputy(work, turn, found))


def _turn_of_deputy(work: Work, turn: Message, found: SubstitutionCopy) -> Notice:
    """What a deputy is told of a turn of his principal."""
    assert turn.doc_id is not None, "a turn is about a document"
    occasion = Occasion(uuid5(found.substitution_id, str(turn.slot_id)), TURN, turn.subject, work.now)
    context = turn.context | {"deputy_for": turn.context.get("holder_name", "")}
    document = Document(turn.doc_type, turn.doc_id, turn.organisation_id)
    return Notice(TURN, context, turn.path, document, turn.slot_id, occasion=occasion)


def _finish_over(work: Work, found: SubstitutionCopy) -> None:
    """What its deputy has of its principal's, and by no other substitution, is done for him."""
    of_both = (Message.person_id == found.deputy_id, SlotCopy.holder_id == found.principal_id)
    over = select(Message.id).join(SlotCopy, SlotCopy.slot_id == Message.slot_id)
    finish(work, Message.id.in_(over.where(*of_both, Message.done_at.is_(None), ~is_his(work.now))))
