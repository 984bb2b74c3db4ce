"""Who may do what to a case now: each rule raises a refusal that tells why, or lets it pass."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from services.approvals.case import Case
from services.approvals.case_event import CaseEvent
from services.approvals.quorum import needed
from services.approvals.slot import HELD, Slot
from services.approvals.staffing import Candidate
from services.approvals.step import RouteStep, Segment
from shared.errors import Conflict, Forbidden, Problem, Refusal, invalid
from shared.people import Caller, Role


def chosen(
    step: RouteStep | None, found: Sequence[Candidate], picks: Sequence[UUID], agreed: int = 0
) -> list[Candidate]:
    """Those of the candidates who get slots, beside so many who have `agreed` already. Raises `Invalid`:
    `pick_required`, `pick_not_candidate`, `too_few_picks`, `pick_not_asked`. A step that nobody is left for
    asks no pick."""
    if step is None or step.pick == "none" or not found:
        if picks and (step is None or step.pick == "none"):
            raise _pick("pick_not_asked", "下一环节无需选择审核人", "the next step asks no pick")
        return list(found)
    if not picks:
        raise _pick("pick_required", "请选择下一环节的审核人", "pick who reviews next")
    by_id = {person.person_id: person for person in found}
    outside = [index for index, person in enumerate(picks) if person not in by_id]
    if outside:
        text = "所选人员不是该环节的候选审核人"
        raise _pick("pick_not_candidate", text, "not a candidate of the step", f"/picks/{outside[0]}")
    wanted = min(needed(step, 1) - agreed, len(found))
    if len(set(picks)) < wanted:
        raise _pick("too_few_picks", f"请至少选择 {wanted} 名审核人", f"pick at least {wanted}")
    return [person for person in found if person.person_id in picks]


def no_pick_yet(picks: Sequence[UUID]) -> None:
    """Raises `Invalid` (`pick_not_asked`) where somebody picks whose agreement does not close the step."""
    if picks:
        text = "本次同意尚不结束本环节，无需选择审核人"
        raise _pick("pick_not_asked", text, "the step goes on after this agreement")


def _pick(code: str, text: str, text_en: str, pointer: str = "/picks") -> Refusal:
    refusal = invalid([Problem(code, text, pointer, text_en)])
    refusal.code, refusal.text, refusal.text_en = code, text, text_en
    return refusal


def require_opinion(opinion: str) -> None:
    """Raises `Invalid` (`opinion_required`)."""
    if not opinion.strip():
        raise invalid([Problem("opinion_required", "不同意时必须填写意见", "/opinion", "say why")])


COMES_FIRST = {
    "agreed": ("already_decided", "该事项已由 {} 同意"),
    "disagreed": ("already_decided", "该事项已由 {} 退回"),
    "withdrawn": ("already_withdrawn", "该事项已由申请人撤回"),
    "superseded": ("already_withdrawn", "该事项已由新的提交取代"),
    "terminated": ("already_terminated", "该事项已终止"),
    "reassigned": ("already_reassigned", "该环节已由 {} 改派"),
    "transferred": ("already_transferred", "该环节已由 {} 转办"),
    "removed": ("already_removed", "该环节已由 {} 减签"),
    "taken_back": ("taken_back", "上一环节的同意意见已由 {} 收回"),
    "escalated": ("already_escalated", "该环节已因超期转办"),
    "migrated": ("route_changed", "该环节已因改用新版审核流程取消"),
    "released": ("already_reassigned", "该环节已由其他审核人办理"),
}


def came_first(case: Case, winner: CaseEvent | None) -> Conflict:
    """A refusal that tells which act came first: who, when, with which outcome."""
    facts = facts_of(case, winner)
    if winner is None:
        return Conflict("wrong_state", f"当前状态：{case.label}", f"the case is {case.state}", facts)
    code, text = COMES_FIRST.get(winner.type, ("wrong_state", f"当前状态：{case.label}"))
    return Conflict(code, text.format(winner.actor_name), f"{winner.type} by {winner.actor_name}", facts)


def facts_of(case: Case, winner: CaseEvent | None) -> dict[str, Any]:
    """What a refusal tells of the case, and of the act that came first."""
    facts: dict[str, Any] = {"case_id": str(case.id), "case_state": str(case.state), "round": case.round}
    if winner is None:
        return facts
    facts["winner"] = {
        "outcome": winner.type,
        "label": winner.label,
        "actor_id": str(winner.actor_id) if winner.actor_id else None,
        "actor_name": winner.actor_name,
        "at": winner.at.isoformat().replace("+00:00", "Z"),
        "step_name": winner.step_name,
        "opinion": winner.opinion,
    }
    return facts


def cannot_take_over(
    excluded: set[UUID], step_slots: Sequence[Slot], to: UUID, found: Candidate | None
) -> list[Problem]:
    """Why a person cannot take over a slot: `excluded`, `already_holder`, `not_eligible`."""
    if to in excluded:
        text = "申请人、本轮已表态的人和以管理员身份处理过此环节的人不能审核"
        text_en = "the applicant, who has decided in this round, or an administrator of this step"
        return [Problem("excluded", text, "/to", text_en)]
    if any(slot.holder_id == to and slot.state in HELD for slot in step_slots):
        return [Problem("already_holder", "该人员已在办理此环节", "/to", "holds a slot of this step already")]
    if found is None:
        return [
            Problem(
                "not_eligible", "该人员不在环节所属单位任职", "/to", "not appointed where the step belongs"
            )
        ]
    return []


def is_administrator(case: Case, step: RouteStep | None, caller: Caller) -> bool:
    """Unit administrators for steps of their unit; district administrators of the chain's district or above
    for district steps, and of every district above the unit for the rest."""
    path = step.owner_path if step and step.segment == Segment.DISTRICT else case.district_path
    if caller.has(Role.DISTRICT_ADMINISTRATOR) and path.startswith(caller.district_path):
        return True
    of_unit = caller.has(Role.UNIT_ADMINISTRATOR) and caller.organisation_id == case.organisation_id
    return of_unit and (step is None or step.segment == Segment.UNIT)


def why_not_administer(
    case: Case, step: RouteStep | None, caller: Caller, holders: Collection[UUID | None]
) -> Refusal | None:
    """`not_case_administrator`; `party_of_case` for the applicant and `holders`, who have or had slots."""
    if not is_administrator(case, step, caller):
        return Forbidden("not_case_administrator", "需要该级管理员权限", "administrators of its level only")
    if caller.person_id == case.applicant_id or caller.person_id in holders:
        text = "申请人和审核人不能以管理员身份处理该事项"
        return Forbidden("party_of_case", text, "a party of the case does not administer it")
    return None
