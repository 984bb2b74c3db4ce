"""Work that time brings: appointments that ended, and answers nobody asks for any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Date, func, or_, select
from structlog import get_logger

from services.approvals import alarms
from services.approvals.eligibility import LOOK_AGAIN, check_holder, check_unit
from services.approvals.evidence.seal import due_day, seal_day
from services.approvals.slot import PENDING, Slot
from shared.jobs import Jobs
from shared.people import AppointmentCopy
from shared.service import Running
from shared.upkeep import tidy

jobs = Jobs()
log = get_logger(__name__)
PER_PAGE = 200
SEALS_PER_TICK = 60


@jobs.task(LOOK_AGAIN)
def look_again(here: Running, person_id: str = "", organisation_id: str = "") -> None:
    """A second look at the slots of somebody who changed, or of a unit that was closed or is there again."""
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
    for holder in _whose_day_has_come(here):
        try:
            with here.store.work() as work:
                check_holder(work, holder)
        except Exception as error:  # one bad case must not keep the others' holders
            log.exception("holder_not_checked", person=str(holder), error=repr(error)[:300])


def _whose_day_has_come(here: Running) -> Iterator[UUID]:
    """Everybody with a pending slot for whom an appointment has ended or begun since it was opened, page by
    page."""
    opened = func.date(Slot.opened_at, type_=Date)  # by UTC: never later than the day here
    last: UUID | None = None
    while True:
        with here.store.read() as look:
            ended = AppointmentCopy.valid_until.between(opened, look.today - timedelta(days=1))
            begun = AppointmentCopy.valid_from.between(opened, look.today)
            asked = (
                select(Slot.holder_id)
                .join(AppointmentCopy, AppointmentCopy.person_id == Slot.holder_id)
                .where(Slot.state.in_(PENDING), Slot.holder_id.is_not(None), or_(ended, begun))
                .distinct()
                .order_by(Slot.holder_id)
                .limit(PER_PAGE)
            )
            page = look.all(asked if last is None else asked.where(Slot.holder_id > last))
        yield from (holder for holder in page if holder is not None)
        if len(page) < PER_PAGE:
            return
        last = page[-1]
