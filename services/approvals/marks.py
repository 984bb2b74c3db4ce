"""Acts that change nobody's turn: seen, urged, copied, commented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.approvals import told
from services.approvals.actor import Actor
from services.approvals.case_file import CaseFile, Effects
from services.approvals.cc import Cc
from services.approvals.recording import record
from services.approvals.slot import Slot, SlotState
from services.approvals.staffing import Candidate

URGE_EVERY = timedelta(hours=4)
"""Working time between two urgings of one slot."""


def see(file: CaseFile, slot: Slot, by: Actor) -> None:
    """The holder has opened it; from now on what opened it cannot be taken back. Once is enough."""
    if slot.seen_at is not None:
        return
    slot.seen_at = file.at
    record(file, "seen", by, Effects(opened=[slot]), slot=slot)
    file.told.append(told.slot_seen(file.case, slot, by.person_id))


def urge(file: CaseFile, slot: Slot, by: Actor, note: str) -> None:
    """The applicant asks who has the document to be quick."""
    slot.urged_at = file.at
    record(file, "urged", by, Effects(opened=[slot]), slot=slot, opinion=note)
    file.told.append(told.slot_urged(file.case, slot, note))


def may_be_urged_at(file: CaseFile, slot: Slot) -> datetime:
    """The moment from which a slot may be urged (again)."""
    if slot.urged_at is None:
        return slot.opened_at
    return file.timetable().working_time.after(slot.urged_at, URGE_EVERY).at


def copy_to(file: CaseFile, people: Sequence[Candidate], by: Actor, note: str) -> list[Cc]:
    """People get to read the case, and are told."""
    copies = [Cc.given(file.case, person, by, note) for person in people]
    for one in copies:
        one.copied_at = file.at
    file.added += copies
    record(file, "cc_added", by, Effects(), opinion=note, to=[one.name for one in people])
    file.told.append(told.cc_added(file.case, by, [one.person_id for one in people], note))
    return copies


def comment(file: CaseFile, by: Actor, text: str, attachments: Sequence[Mapping[str, Any]]) -> None:
    """Something is said about the case: the applicant and those who have it now are told, but for who says
    it. The only act that a closed case still takes."""
    record(file, "commented", by, Effects(), opinion=text, attachments=list(attachments))
    holders = [slot.holder_id for slot in file.slots if slot.state == SlotState.OPEN and slot.holder_id]
    people = dict.fromkeys([file.case.applicant_id, *holders])
    file.told.append(told.commented(file.case, by, text, [one for one in people if one not in by.people]))
