"""The evidence of one case: every row that belongs to it, as a file that is checked without a database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from services.approvals.case import Case, CaseRound
from services.approvals.case_event import CaseEvent
from services.approvals.evidence.seal import seals_of
from services.approvals.evidence.written import written
from services.approvals.slot import Slot
from shared.digest import canonical, digest
from shared.store import Look

FORMAT = "case-evidence/1"


def evidence_of(look: Look, case: Case) -> dict[str, Any]:
    """All rounds with content, facts and route, all acts with their hashes, all slots, and the seals."""
    rounds = select(CaseRound).where(CaseRound.case_id == case.id).order_by(CaseRound.n)
    events = select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.seq)
    slots = select(Slot).where(Slot.case_id == case.id).order_by(Slot.id)
    return {
        "format": FORMAT,
        "case": written(case),
        "rounds": [written(row) for row in look.all(rounds.options(undefer(CaseRound.content)))],
        "events": [written(row) for row in look.all(events)],
        "slots": [written(row) for row in look.all(slots)],
        "seals": seals_of(look, case.id),
    }


def evidence_file(look: Look, case: Case, by: str) -> bytes:
    """The evidence as canonical JSON (RFC 8785), with a digest over the whole."""
    whole = {**evidence_of(look, case), "exported_at": look.now.isoformat(), "exported_by": by}
    return canonical({**whole, "digest": digest(whole)})
