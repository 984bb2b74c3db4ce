"""An outside system in the storm: it hears of one unit's events, and they must come in order, each once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from services.notify.answer import Outcome
from services.notify.handlers import events
from services.notify.outside.endpoint import Endpoint
from services.notify.outside.push import CUT_OFF, Push, PushState, PushTry
from services.notify.providers.standard import new_secret
from services.notify.vault import Vault
from shared.database import new_id
from shared.events.directory import DistrictChanged, OrganisationChanged
from tests.chaos.mailroom import Mailroom
from tests.processes.audit import Books
from tests.processes.running import SERVICE_KEY

UNIT = new_id()
PATH = "/140000/140100/140105/"


def listens(books: Books, room: Mailroom) -> None:
    """A unit, and an endpoint that hears of it and of no other."""
    district = DistrictChanged(
        code="140105", version=1, name="小店区", level="county", parent_code="140100", path=PATH
    )
    unit = OrganisationChanged(
        organisation_id=UNIT,
        version=1,
        uscc="1214000000TEXT021N",
        name="小店区第一中学",
        kind="purchaser",
        district_code="140105",
    )
    with books.stores["notify"].work() as work:
        for event in (district, unit):
            events.apply(work, event.type, event.model_dump(mode="json"))
        about: dict[str, Any] = {"district_code": "140105", "district_path": PATH, "organisation_id": UNIT}
        when = {"created_at": work.now, "changed_at": work.now, "created_by": new_id()}
        sealed = Vault(SERVICE_KEY).seal({"secret": new_secret()})
        url = f"{room.http}/outside"
        work.add(Endpoint(id=new_id(), name="交易系统", url=url, kinds=[], sealed=sealed, **about, **when))


def time_passes_for_pushes(books: Books, at_work: timedelta) -> None:
    """What waits for its next try is due, and what was cut off longer ago than a request takes."""
    with books.stores["notify"].work() as work:
        waits = (Push.state == PushState.QUEUED) & Push.next_try_at.is_not(None)
        work.execute(update(Push).where(waits).values(next_try_at=work.now))
        cut_off = (Push.state == PushState.SENDING) & (Push.changed_at < work.now - at_work)
        work.execute(update(Push).where(cut_off).values(changed_at=work.now - CUT_OFF))


def check_outside(books: Books, room: Mailroom) -> None:
    """Everything of the unit was accepted once, and heard in the order in which it happened."""
    rows = [row for row in books.outbox("plans") if row.data.get("organisation_id") == str(UNIT)]
    pushes = books.all("notify", select(Push).order_by(Push.id))
    assert [push.event_id for push in pushes] == [row.event_id for row in rows]
    assert {push.state for push in pushes} == {PushState.ACCEPTED}
    accepted = select(PushTry.push_id).where(PushTry.outcome == Outcome.ACCEPTED).order_by(PushTry.push_id)
    assert books.all("notify", accepted) == [push.id for push in pushes]
    first_heard = list(dict.fromkeys(UUID(event_id) for event_id in room.outside))
    assert first_heard == [row.event_id for row in rows]
