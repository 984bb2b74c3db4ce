"""Work that time brings: appointments that ended, and answers nobody asks for any more."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from services.approvals import alarms
from services.approvals.eligibility import LOOK_AGAIN, check_holder, check_unit
from services.approvals.evidence.seal import due_day, seal_day
from services.approvals.slot import PENDING, Slot
from shared.jobs import Jobs
from shared.people import AppointmentCopy
from shared.service import Running
from shared.upkeep import tidy

jobs = Jobs()
PER_TICK = 200
SEALS_PER_TICK = 60


@jobs.task(LOOK_AGAIN)
def look_again(here: Running, person_id: str = "", organisation_id: str = "") -> None:
    """A second look at the slots of somebody who changed, or of a unit that was closed."""
    with here.store.work() as work:
        if person_id:
            check_holder(work, UUID(person_id))
        if organisation_id:
            check_unit(work, UUID(organisation_id))


@jobs.every(seconds=3600)
def tidy_up(here: Running) -> None:
    tidy(here)


@jobs.every(seconds=30)
def watch_deadlines(here: Running) -> None:
    alarms.ring(here.store)


@jobs.every(seconds=600)
def seal_days(here: Running) -> None:
    """Seals the days that are over; one of several that do so at once is first."""
    for _ in range(SEALS_PER_TICK):
        with here.store.work() as work:
            day = due_day(work)
            told = seal_day(work, day) if day else None
            if told is None:
                return
            work.publish(told)


@jobs.every(seconds=900)
def check_ended_appointments(here: Running) -> None:
    """An appointment ends or begins by its date, without an event: its holder's slots are looked at again."""
    with here.store.read() as look:
        bounded = select(AppointmentCopy.person_id).where(
            (AppointmentCopy.valid_until < look.today) | AppointmentCopy.valid_from.is_not(None)
        )
        holders = look.all(
            select(Slot.holder_id)
            .where(Slot.state.in_(PENDING), Slot.holder_id.in_(bounded))
            .distinct()
            .order_by(Slot.holder_id)
            .limit(PER_TICK)
        )
    for holder in holders:
        if holder is not None:
            with here.store.work() as work:
                check_holder(work, holder)
