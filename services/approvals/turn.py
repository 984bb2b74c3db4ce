"""As whom somebody decides a slot: for himself, or for the holder he stands in for (代理)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select

from services.approvals.case import Case
from services.approvals.case_file import CaseFile
from services.approvals.slot import DECIDED, Slot
from services.approvals.standing_in import is_under
from shared.errors import Problem
from shared.people import Caller
from shared.store import Look

APPLICANT = Problem(
    "applicant_never_decides",
    "申请人不能代理审核本人的申请",
    "",
    "an applicant never decides his document",
)
DECIDED_ALREADY = Problem(
    "decided_already", "您在本轮已表态，不能再代理审核", "", "you have decided in this round already"
)
ADMINISTERED = Problem(
    "administered_step",
    "您以管理员身份处理过此环节，不能审核",
    "",
    "you have acted on this step as its administrator",
)
OWN_FIRST = Problem(
    "own_slot_first", "您本人也办理此环节，不能再代理", "", "you hold a slot of this step yourself"
)


def in_hand(file: CaseFile, slot: Slot, caller: Caller) -> bool:
    """Whether the caller holds a slot, or stands in for its holder."""
    return slot.holder_id == caller.person_id or is_under(file.standing_in, slot)


def cannot_represent(file: CaseFile, slot: Slot, caller: Caller) -> Problem | None:
    """Why a deputy may not decide a slot for its holder: duties are kept apart for both people."""
    if caller.person_id == file.case.applicant_id:
        return APPLICANT
    if caller.person_id in file.excluded:
        return DECIDED_ALREADY
    if caller.person_id in file.barred(file.step):
        return ADMINISTERED
    own = [one for one in file.slots if one.pending and one.holder_id == caller.person_id]
    return OWN_FIRST if any(one.step_index == slot.step_index for one in own) else None


def refusals(look: Look, rows: Sequence[Slot], person_id: UUID) -> dict[UUID, Problem]:
    """The same for the rows of a list, by their ids, in two statements; in none when all are his own."""
    cases = {row.case_id for row in rows if row.holder_id != person_id and row.pending}
    if not cases:
        return {}
    applied = set(look.all(select(Case.id).where(Case.id.in_(cases), Case.applicant_id == person_id)))
    columns = (Slot.holder_id, Slot.acted_by, Slot.on_behalf_of, Slot.administered_by)
    mine = or_(*(column == person_id for column in columns))
    parts = look.all(select(Slot).where(Slot.case_id.in_(cases), mine))
    found: dict[UUID, Problem] = {}
    for row in rows:
        of_round = [one for one in parts if (one.case_id, one.round) == (row.case_id, row.round)]
        own = [one for one in of_round if person_id in (one.holder_id, one.acted_by, one.on_behalf_of)]
        given = [one for one in of_round if one.administered_by == person_id]
        if row.case_id in applied:
            found[row.id] = APPLICANT
        elif any(one.state in DECIDED for one in own):
            found[row.id] = DECIDED_ALREADY
        elif any(one.step_key == row.step_key for one in given):
            found[row.id] = ADMINISTERED
        elif any(one.pending and one.step_index == row.step_index for one in own):
            found[row.id] = OWN_FIRST
    return {row.id: found[row.id] for row in rows if row.holder_id != person_id and row.id in found}
