"""What can be done with a case as a whole: each verb with the rule that must let it pass."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.approvals.case_file import CaseFile
from services.approvals.judge import is_administrator, why_not_administer
from services.approvals.slot import HELD
from services.approvals.turn import in_hand
from shared.errors import Conflict, Forbidden, Refusal
from shared.people import Caller


@dataclass(frozen=True)
class Standing:
    """Somebody before a case. `holders` have or had a slot in it, `readers` a copy of it."""

    file: CaseFile
    caller: Caller
    holders: Collection[UUID | None]
    readers: Collection[UUID]

    @property
    def applied(self) -> bool:
        return self.file.case.applicant_id == self.caller.person_id

    @property
    def has_it_now(self) -> bool:
        return any(slot.state in HELD and in_hand(self.file, slot, self.caller) for slot in self.file.slots)


def why_not_withdraw(at: Standing) -> Refusal | None:
    if not at.applied:
        return Forbidden("applicant_only", "只有申请人可以撤回", "only the applicant can withdraw")
    if not at.file.withdrawable:
        return Conflict(
            "not_withdrawable", "已有审核意见或不在审核中", "decided already, or not under review"
        )
    return None


def why_not_terminate(at: Standing) -> Refusal | None:
    case = at.file.case
    refused = why_not_administer(case, None, at.caller, at.holders)
    if refused is None and case.final:
        return Conflict("case_closed", f"事项{case.label}", f"the case is {case.state}")
    return refused


def why_not_copy(at: Standing) -> Refusal | None:
    """The applicant, who has it now, and administrators let others read it, until the case is closed."""
    case = at.file.case
    if not (at.applied or at.has_it_now or is_administrator(case, None, at.caller)):
        text = "只有申请人、当前审核人和管理员可以抄送"
        return Forbidden("cc_not_allowed", text, "the applicant, who has it now, or an administrator")
    return Conflict("case_closed", f"事项{case.label}", f"the case is {case.state}") if case.final else None


def why_not_comment(at: Standing) -> Refusal | None:
    """Whoever has to do with the case, whatever its state."""
    involved = {at.file.case.applicant_id, *at.holders, *at.readers}
    if at.caller.person_id in involved or at.has_it_now or is_administrator(at.file.case, None, at.caller):
        return None
    return Forbidden("not_involved", "只有申请人、审核人、抄送人和管理员可以评论", "only those involved")


CASE_VERBS: Mapping[str, Callable[[Standing], Refusal | None]] = {
    "withdraw": why_not_withdraw,
    "terminate": why_not_terminate,
    "cc": why_not_copy,
    "comment": why_not_comment,
}
