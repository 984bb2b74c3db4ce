"""As whom somebody decides a slot: for himself, or for the holder he stands in for (代理)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select

from services.approvals import judge
from services.approvals.actor import Actor
from services.approvals.case import Case
from services.approvals.case_file import CaseFile
from services.approvals.filing import came_first
from services.approvals.slot import DECIDED, Slot
from services.approvals.standing_in import in_force_for, is_under
from shared.errors import Forbidden, Problem
from shared.people import Caller
from shared.store import Look, Work

APPLICANT = Problem(
    "applicant_never_decides",
    "申请人不能代理审核本人的申请",
    "",
    "an applicant never decides his document",
)
DECIDED_ALREADY = Problem(
    "decided_already", "您在本轮已表态，不能再代理审核", "", "you have decided in this round already"
)
OWN_FIRST = Problem(
    "own_slot_first", "您本人也办理此环节，不能再代理", "", "you hold a slot of this step yourself"
)


def take_turn(work: Work, file: CaseFile, slot: Slot, caller: Caller) -> Actor:
    """Who decides, and for whom. Raises `Forbidden` (`not_your_turn`, and for deputies what
    `cannot_represent` says), or `Conflict` with the facts of what came first.

    The state comes before the version: a late decision hears who was first.
    """
    own = slot.holder_id == caller.person_id
    file.standing_in = [] if own else in_force_for(work, caller.person_id)
    late = None if slot.pending else came_first(work, file.case, slot)
    judge.require_turn(file.case, slot, in_hand(file, slot, caller), late)
    if own:
        return Actor(caller.person_id, caller.name)
    if (problem := cannot_represent(file, slot, caller)) is not None:
        raise Forbidden(problem.code, problem.text, problem.text_en)
    return Actor(caller.person_id, caller.name, slot.holder_id, slot.holder_name)


def in_hand(file: CaseFile, slot: Slot, caller: Caller) -> bool:
    """Whether the caller holds a slot, or stands in for its holder."""
    return slot.holder_id == caller.person_id or is_under(file.standing_in, slot)


def cannot_represent(file: CaseFile, slot: Slot, caller: Caller) -> Problem | None:
    """Why a deputy may not decide a slot for its holder: duties are kept apart for both people."""
    if caller.person_id == file.case.applicant_id:
        return APPLICANT
    if caller.person_id in file.excluded:
        return DECIDED_ALREADY
    own = [one for one in file.slots if one.pending and one.holder_id == caller.person_id]
    return OWN_FIRST if any(one.step_index == slot.step_index for one in own) else None


def refusals(look: Look, rows: Sequence[Slot], person_id: UUID) -> dict[UUID, Problem]:
    """The same for the rows of a list, by their ids, in two statements; in none when all are his own."""
    cases = {row.case_id for row in rows if row.holder_id != person_id and row.pending}
    if not cases:
        return {}
    applied = set(look.all(select(Case.id).where(Case.id.in_(cases), Case.applicant_id == person_id)))
    mine = or_(Slot.holder_id == person_id, Slot.acted_by == person_id, Slot.on_behalf_of == person_id)
    parts = look.all(select(Slot).where(Slot.case_id.in_(cases), mine))
    found: dict[UUID, Problem] = {}
    for row in rows:
        of_round = [one for one in parts if (one.case_id, one.round) == (row.case_id, row.round)]
        if row.case_id in applied:
            found[row.id] = APPLICANT
        elif any(one.state in DECIDED for one in of_round):
            found[row.id] = DECIDED_ALREADY
        elif any(one.pending and one.step_index == row.step_index for one in of_round):
            found[row.id] = OWN_FIRST
    return {row.id: found[row.id] for row in rows if row.holder_id != person_id and row.id in found}
