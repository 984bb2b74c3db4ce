"""A unit has changed what it sets for its people: what waits for them goes by that at once."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import Select, or_, select

from services.notify.delivery import Delivery
from services.notify.moments.digest import Digest, DigestState, Key
from services.notify.moments.todo import plan_anew
from services.notify.waking import HELD_FOR_QUIET, wake_quiet
from shared.people import AppointmentCopy
from shared.store import Store

FOLLOW = "notify.follow_unit"


def follow_unit(store: Store, organisation_id: UUID) -> None:
    """Judges anew what is held for the quiet time of its people, and moves their planned to-do digests.
    Whoever has chosen for himself stays as he was; doing it again changes nothing."""
    with store.read() as look:
        people = look.all(_waiting(organisation_id, look.today))
    for person_id in people:
        with store.work() as work:
            plan_anew(work, person_id)
            wake_quiet(work, person_id)


def _waiting(organisation_id: UUID, today: date) -> Select[UUID]:
    """Those of the unit for whom something waits that a unit may have set."""
    held = select(Delivery.person_id).where(*HELD_FOR_QUIET)
    planned = select(Digest.person_id).where(Digest.key == Key.TODO, Digest.state == DigestState.OPEN)
    person_id = AppointmentCopy.person_id
    of_unit = select(person_id).where(AppointmentCopy.organisation_id == organisation_id)
    wanted = of_unit.where(AppointmentCopy.on(today), or_(person_id.in_(held), person_id.in_(planned)))
    return wanted.distinct().order_by(person_id)
