"""Whether the holders of pending slots may still decide them, by the present copies of people and units."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from services.approvals import holders
from services.approvals.case import Case
from services.approvals.case_file import CaseFile
from services.approvals.choosing import successor
from services.approvals.filing import keep, take
from services.approvals.slot import PENDING, Slot, SlotState
from shared.jobs import later
from shared.people import OrganisationCopy
from shared.store import Work

SECOND_LOOK = timedelta(seconds=30)
"""Longer than any transaction lasts: by then every slot is there that was opened by what was known before."""
LOOK_AGAIN = "approvals.look_again"
Holding = InstrumentedAttribute[UUID | None]
"""A column of slots by which they belong to somebody."""


def check_holder(work: Work, person_id: UUID) -> None:
    """Compares a person's pending slots with the present copies."""
    _check(work, Slot.holder_id, person_id, PENDING)


def check_unit(work: Work, organisation_id: UUID) -> None:
    """The same for everybody who has a part in a unit that was closed, or has left one vacant in a unit that
    is there again."""
    asked = select(OrganisationCopy.active).where(OrganisationCopy.organisation_id == organisation_id)
    _check(work, Slot.holder_unit_id, organisation_id, {SlotState.VACANT} if work.first(asked) else PENDING)


def _check(work: Work, column: Holding, value: UUID, states: Collection[SlotState]) -> None:
    """Locks the cases in order of their ids."""
    concerned = work.all(select(Slot.case_id).where(column == value, Slot.state.in_(states)).distinct())
    for case_id in sorted(concerned):
        file = take(work, work.get(Case, case_id))
        check_slots(work, file, [slot for slot in file.slots if getattr(slot, column.key) == value])
        keep(work, file)


def look_again(work: Work, *, person_id: UUID | None = None, organisation_id: UUID | None = None) -> None:
    """Has them looked at once more: an act that goes on at the same time may open a slot for somebody whom it
    still takes to be there."""
    about = {"person_id": person_id, "organisation_id": organisation_id}
    arguments = {name: str(one) for name, one in about.items() if one}
    later(work, LOOK_AGAIN, work.now + SECOND_LOOK, **arguments)


def check_slots(work: Work, file: CaseFile, slots: list[Slot]) -> None:
    """Frees those of the slots whose holders have left, gives back those whose holders have returned."""
    for slot in slots:
        if not slot.pending or slot.holder_id is None:
            continue
        found = successor(work, file, slot, slot.holder_id)
        if slot.state != SlotState.VACANT and found is None:
            holders.lose_holder(file, slot)
        elif slot.state == SlotState.VACANT and found is not None and file.is_free(slot.holder_id):
            holders.resume_holder(file, slot, found)
