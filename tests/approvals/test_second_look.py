"""A turn that opens while its holder leaves is found: no slot stays with somebody who is gone (I33)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.approvals.eligibility import SECOND_LOOK
from services.approvals.slot import Slot, SlotState
from shared.people import OrganisationCopy, PersonCopy
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_races import at_once


def open_with(office: Office, name: str) -> int:
    """How many turns somebody has."""
    with office.store.read() as look:
        mine = select(Slot.id).where(Slot.holder_id == office.id(name), Slot.state == SlotState.OPEN)
        return len(look.all(mine))


def wait(office: Office) -> None:
    office.clock.move(seconds=SECOND_LOOK.total_seconds())
    office.run_jobs()


def known_as(office: Office, kind: Any, key: UUID, **values: Any) -> None:
    """What an act that began before the change still sees, or sees again after it."""
    with office.store.work() as work:
        row = work.session.get_one(kind, key)
        for name, value in values.items():
            setattr(row, name, value)


def test_i33_a_turn_opened_by_what_was_known_before_goes_to_an_administrator(office: Office) -> None:
    office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("zhou", "district", [finance_step(quorum="all")])
    doc_id, _ = office.submit(["wang"])
    office.change("qian", 2, "reviewer", active=False)
    known_as(office, PersonCopy, office.id("qian"), active=True)
    office.agree("wang")
    known_as(office, PersonCopy, office.id("qian"), active=False)
    assert open_with(office, "qian") == 1
    office.run_jobs()
    assert open_with(office, "qian") == 1, "not due yet"
    wait(office)
    assert open_with(office, "qian") == 0
    assert office.case("zhou", doc_id)["attention"] == "holder_left"
    assert office.case("zhou", doc_id)["history_intact"]


def test_i33_the_same_for_a_unit_that_is_closed(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    office.organisation(
        "示例区财政局", "140105", "finance", organisation_id=office.finance, version=2, active=False
    )
    known_as(office, OrganisationCopy, office.finance, active=True)
    office.agree("wang")
    known_as(office, OrganisationCopy, office.finance, active=False)
    assert open_with(office, "qian") + open_with(office, "sun") == 2
    wait(office)
    assert open_with(office, "qian") + open_with(office, "sun") == 0
    assert office.case("wu", doc_id)["attention"]


def test_i33_whoever_is_there_keeps_his_turn(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    office.change("wang", 2, "reviewer", positions=["another"])
    told = len(office.published())
    wait(office)
    assert open_with(office, "wang") == 1
    assert len(office.published()) == told


def test_i33_leaving_at_the_same_moment(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    for n in range(4):
        name = f"leaver {office.beginnings} {n}"  # everybody else is there for other tests, too
        office.add(name, office.finance, "reviewer")
        doc_id, _ = office.submit(["wang"])
        acts: list[Callable[[], Any]] = [
            partial(office.agree, "wang", office.slot("wang")),
            partial(office.change, name, 2, active=False),
        ]
        assert at_once(acts)[0].status_code == 200
        wait(office)
        assert open_with(office, name) == 0
        holders = office.case("zhou", doc_id)["route"][1]["holders"]
        assert {one["name"] for one in holders if one["state"] == "open"} == {"qian", "sun"}
