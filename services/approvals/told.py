"""The events that tell other services about a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.approvals.actor import Actor
from services.approvals.case import Case
from services.approvals.case_event import CaseEvent
from services.approvals.slot import Slot, SlotState
from shared.events.approvals import (
    CaseApproved,
    CaseAttentionCleared,
    CaseAttentionRaised,
    CaseReturned,
    SlotClosed,
    SlotDueSoon,
    SlotEscalated,
    SlotOpened,
    SlotOverdue,
    SlotSeen,
    SlotUrged,
)
from shared.events.case_talk import CaseCcAdded, CaseCommented, CaseMigrated


def about(case: Case) -> dict[str, Any]:
    """What every event of a case says."""
    return {
        "case_id": case.id,
        "case_version": case.version,
        "doc_type": case.doc_type,
        "doc_id": case.doc_id,
        "round": case.round,
        "revision": case.revision,
        "digest": case.digest,
    }


def slot_told(case: Case, slot: Slot, entry: CaseEvent, by_message: bool) -> SlotOpened | SlotClosed:
    """That it is the turn of its holder, or is no longer, and by whose act; `by_message`: whether his letters
    may hold links that decide it."""
    common = {
        **about(case),
        "slot_id": slot.id,
        "step_key": slot.step_key,
        "step_name": slot.step_name,
        "holder_id": slot.holder_id,
    }
    if slot.state != SlotState.OPEN:
        return SlotClosed(
            **common,
            outcome=str(slot.state),
            opinion=slot.opinion,
            actor_id=entry.actor_id,
            actor_name=entry.actor_name,
            on_behalf_of=slot.on_behalf_of,
        )
    etag = slot.etag if by_message else ""
    shown = _shown(case, slot)
    return SlotOpened(**common, **shown, due_at=slot.due_at, origin=slot.origin, decision_etag=etag)


def time_told(case: Case, slot: Slot, is_overdue: bool) -> SlotDueSoon | SlotOverdue:
    """That the time of an open slot is nearly, or quite, used up."""
    kind = SlotOverdue if is_overdue else SlotDueSoon
    fields = ("step_key", "step_name", "holder_id", "due_at", "budget_hours")
    return kind(
        **about(case),
        **_shown(case, slot),
        slot_id=slot.id,
        **{name: getattr(slot, name) for name in fields},
    )


def slot_urged(case: Case, slot: Slot, note: str) -> SlotUrged:
    """That the applicant asks its holder to be quick."""
    of_slot = {name: getattr(slot, name) for name in ("step_key", "step_name", "holder_id")}
    return SlotUrged(**about(case), **_shown(case, slot), **of_slot, slot_id=slot.id, note=note)


def cc_added(case: Case, by: Actor, people: Sequence[UUID], note: str) -> CaseCcAdded:
    """That people may read the case now."""
    return CaseCcAdded(**_said(case, by), people=list(people), note=note)


def commented(case: Case, by: Actor, text: str, people: Sequence[UUID]) -> CaseCommented:
    """What somebody has said about the case, and whom it concerns."""
    return CaseCommented(**_said(case, by), text=text, people=list(people))


def _said(case: Case, by: Actor) -> dict[str, Any]:
    """Who says something about a case, and what a message about it shows."""
    return {
        **about(case),
        "actor_id": by.person_id,
        "actor_name": by.name,
        "organisation_id": case.organisation_id,
        "organisation_name": case.organisation_name,
        "applicant_name": case.applicant_name,
        "title": case.title,
        "number": case.number,
    }


def slot_seen(case: Case, slot: Slot, by: UUID) -> SlotSeen:
    """That its holder has opened it."""
    return SlotSeen(
        **about(case), slot_id=slot.id, step_key=slot.step_key, step_name=slot.step_name, seen_by=by
    )


def escalated(case: Case, slot: Slot, new: Slot) -> SlotEscalated:
    """That an overdue slot went on to somebody else."""
    said = {**about(case), **_shown(case, slot), "holder_id": slot.holder_id, "new_holder_id": new.holder_id}
    return SlotEscalated(
        **said,
        slot_id=slot.id,
        step_key=slot.step_key,
        step_name=slot.step_name,
        level=new.escalations,
        new_slot_id=new.id,
    )


def migrated(case: Case, by: Actor, reason: str, step_name: str, steps: Sequence[str]) -> CaseMigrated:
    """That the round goes by another version of a chain from now on."""
    return CaseMigrated(
        **_said(case, by),
        people=[case.applicant_id],
        reason=reason,
        step_name=step_name,
        steps=list(steps),
    )


def attention_cleared(case: Case) -> CaseAttentionCleared:
    """The case needs no administrator any more."""
    return CaseAttentionCleared(**about(case))


def _shown(case: Case, slot: Slot) -> dict[str, Any]:
    """What a message about a to-do shows of its case."""
    return {
        "applicant_id": case.applicant_id,
        "applicant_name": case.applicant_name,
        "organisation_id": case.organisation_id,
        "organisation_name": case.organisation_name,
        "title": case.title,
        "number": case.number,
        "opened_at": slot.opened_at,
        "holder_name": slot.holder_name,
        "holder_unit_id": slot.holder_unit_id,
    }


def decided(case: Case, slot: Slot, by: Actor) -> CaseApproved | CaseReturned:
    """The outcome of the round: approved by its last decision, or returned."""
    common = {
        **about(case),
        "step_name": slot.step_name,
        "actor_id": by.person_id,
        "actor_name": by.name,
        "on_behalf_of": by.on_behalf_of,
        "on_behalf_name": by.on_behalf_name,
    }
    if slot.state == SlotState.AGREED:
        return CaseApproved(**common, opinion=slot.opinion)
    return CaseReturned(**common, step_key=slot.step_key, opinion=slot.opinion)


def attention_raised(case: Case, step_name: str, administrators: Sequence[UUID]) -> CaseAttentionRaised:
    """Nobody can go on with the step; these can help."""
    return CaseAttentionRaised(
        **about(case),
        reason=case.attention,
        step_name=step_name,
        title=case.title,
        number=case.number,
        administrator_ids=list(administrators),
    )
