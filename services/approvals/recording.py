"""Writes the one case event of an act, bound to the one before it, and tells whose turn it is now."""

from __future__ import annotations

from typing import Any

from services.approvals import told
from services.approvals.actor import Actor
from services.approvals.case_event import CaseEvent
from services.approvals.case_file import CaseFile, Effects
from services.approvals.evidence.written import row_digest, written
from services.approvals.slot import Slot, SlotState

SYSTEM_NAME = "系统"


def record(  # noqa: PLR0913 - one event says everything about its act
    file: CaseFile,
    act: str,
    by: Actor | None,
    effects: Effects,
    *,
    slot: Slot | None = None,
    opinion: str = "",
    **facts: Any,
) -> None:
    """Ends an act: the case moves on by one version and one event; `by` nobody is the system.

    Slots that became open or are open no longer are told to their holders.
    """
    case, changed = file.case, (*effects.closed, *effects.opened)
    case.version, case.event_seq = case.version + 1, case.event_seq + 1
    entry = CaseEvent(
        case_id=case.id,
        seq=case.event_seq,
        at=file.at,
        actor_id=by.person_id if by else None,
        actor_name=by.name if by else SYSTEM_NAME,
        on_behalf_of=by.on_behalf_of if by else None,
        on_behalf_name=by.on_behalf_name if by else "",
        type=act,
        round=case.round,
        step_key=slot.step_key if slot else "",
        step_name=slot.step_name if slot else "",
        slot_id=slot.id if slot else None,
        opinion=opinion,
        doc_digest=case.digest,
        prev_hash=case.event_hash,
        data={
            **facts,
            "state": str(case.state),
            "step_index": case.step_index,
            "attention": case.attention,
            "slots": {
                str(one.id): {**one.trace, "was": file.before.get(one.id), "row": row_digest(written(one))}
                for one in changed
            },
            "case": row_digest(written(case), "event_hash"),
            "skipped": dict(effects.skipped),
        },
    )
    case.event_hash = entry.hash = entry.sealed(case.event_hash)
    file.added.append(entry)
    for one in changed:
        turned = (file.before.get(one.id) == SlotState.OPEN) != (one.state == SlotState.OPEN)
        if turned and one.holder_id is not None:
            by_message = one.state == SlotState.OPEN and file.route[one.step_index].by_message
            file.told.append(told.slot_told(case, one, entry, by_message))
    file.remember(changed)
