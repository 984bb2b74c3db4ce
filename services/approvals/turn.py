"""As whom somebody decides a slot: for himself, or for the holder he stands in for (代理)."""

from __future__ import annotations

from services.approvals import judge
from services.approvals.case_file import Actor, CaseFile
from services.approvals.filing import came_first
from services.approvals.slot import Slot
from services.approvals.standing_in import stands_in
from shared.errors import Problem
from shared.people import Caller
from shared.store import Work


def take_turn(work: Work, file: CaseFile, slot: Slot, caller: Caller) -> Actor:
    """Who decides, and for whom. Raises `Forbidden` (`not_your_turn`, and for deputies what
    `judge.cannot_represent` says), or `Conflict` with the facts of what came first.

    The state comes before the version: a late decision hears who was first.
    """
    own = slot.holder_id == caller.person_id
    represents = not own and stands_in(work, caller.person_id, slot)
    late = None if slot.pending else came_first(work, file.case, slot)
    judge.require_turn(file.case, slot, own or represents, late)
    if own:
        return Actor(caller.person_id, caller.name)
    judge.require_distinct(cannot_represent(file, slot, caller))
    return Actor(caller.person_id, caller.name, slot.holder_id, slot.holder_name)


def cannot_represent(file: CaseFile, slot: Slot, caller: Caller) -> Problem | None:
    """Why a deputy may not decide a slot for its holder: duties are kept apart for both people."""
    if caller.person_id == file.case.applicant_id:
        return Problem("applicant_never_decides", "申请人不能代理审核本人的申请", "", "the applicant never decides")
    if caller.person_id in file.excluded:
        return Problem("decided_already", "您在本轮已表态，不能再代理审核", "", "decided in this round already")
    mine = [one for one in file.step_slots if one.pending and one.holder_id == caller.person_id]
    if mine and file.step.key == slot.step_key:
        text_en = "you hold a slot of this step yourself"
        return Problem("own_slot_first", "您本人也办理此环节，不能再代理", "", text_en)
    return None
