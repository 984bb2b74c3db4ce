"""Acts that change nobody's turn: a holder has seen his slot."""

from __future__ import annotations

from services.approvals import told
from services.approvals.actor import Actor
from services.approvals.case_file import CaseFile, Effects
from services.approvals.recording import record
from services.approvals.slot import Slot


def see(file: CaseFile, slot: Slot, by: Actor) -> None:
    """The holder has opened it; from now on what opened it cannot be taken back. Once is enough."""
    if slot.seen_at is not None:
        return
    slot.seen_at = file.at
    record(file, "seen", by, Effects(opened=[slot]), slot=slot)
    file.told.append(told.slot_seen(file.case, slot, by.person_id))
