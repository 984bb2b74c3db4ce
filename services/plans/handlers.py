"""What plans does when others tell it something: copies of people and units, outcomes of review."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.plans.announcement import status_changed
from services.plans.assignment import open_assignment
from services.plans.district import District, next_number, policy_of
from services.plans.plan import Plan, Status
from services.plans.reservation import confirm, release
from services.plans.review import PlanSlot, note
from services.plans.submission import DOC_TYPE
from shared.events.approvals import (
    CaseApproved,
    CaseOpened,
    CaseRefused,
    CaseReturned,
    CaseTerminated,
    CaseWithdrawn,
    SlotClosed,
    SlotOpened,
)
from shared.inbox import Handlers
from shared.people import DistrictCopy, PersonCopy, keep_copies
from shared.store import Work
from shared.working_days import keep_calendar

events = Handlers()
keep_copies(events)
keep_calendar(events)

OutcomeEvent = CaseApproved | CaseReturned | CaseWithdrawn | CaseTerminated | CaseRefused


def _under_review(work: Work, event: OutcomeEvent) -> Plan | None:
    """The plan that an outcome is about, locked; nothing for older rounds, duplicates and other documents."""
    if event.doc_type != DOC_TYPE:
        return None
    plan = work.find(Plan, event.doc_id)
    if plan is None or plan.round != event.round or plan.status != Status.UNDER_REVIEW:
        return None
    if not isinstance(event, CaseRefused):
        plan.case_id = event.case_id
    return plan


@events.on(CaseOpened)
def keep_case(work: Work, event: CaseOpened) -> None:
    plan = work.find(Plan, event.doc_id) if event.doc_type == DOC_TYPE else None
    if plan is not None and plan.round == event.round:
        plan.case_id = event.case_id


@events.on(CaseApproved)
def make_usable(work: Work, event: CaseApproved) -> None:
    """The last step agreed: the reservation is confirmed and the plan gets its number."""
    plan = _under_review(work, event)
    if plan is None:
        return
    before = plan.to_record()
    district = District.of(work.session.get_one(DistrictCopy, plan.district_code))
    pattern = policy_of(work, district).plan_number_pattern
    confirm(work, plan)
    plan.become_usable(next_number(work, district.code, plan.fiscal_year, "plan", pattern), work.now)
    open_assignment(work, plan)
    _tell(work, plan, before, f"审核通过，采购计划编号 {plan.plan_number}", event.actor_id)


@events.on(CaseReturned)
def give_back(work: Work, event: CaseReturned) -> None:
    """A reviewer disagreed: the applicant sees his opinion, and the money is free again."""
    plan = _under_review(work, event)
    if plan is None:
        return
    before = plan.to_record()
    release(work, plan)
    plan.give_back("reviewer", event.opinion, work.now, step=event.step_name, actor=event.actor_name, code="")
    text = f"{event.step_name}：{event.actor_name} 不同意，意见：{event.opinion}"
    _tell(work, plan, before, text, event.actor_id)


@events.on(CaseWithdrawn)
def take_back(work: Work, event: CaseWithdrawn) -> None:
    plan = _under_review(work, event)
    if plan is None:
        return
    before = plan.to_record()
    release(work, plan)
    plan.withdraw(work.now)
    _tell(work, plan, before, "申请人撤回", event.actor_id)


@events.on(CaseRefused)
def return_refused(work: Work, event: CaseRefused) -> None:
    """It could not be routed; the round is spent."""
    _return_by_system(work, event)


@events.on(CaseTerminated)
def return_terminated(work: Work, event: CaseTerminated) -> None:
    _return_by_system(work, event)


def _return_by_system(work: Work, event: CaseRefused | CaseTerminated) -> None:
    plan = _under_review(work, event)
    if plan is None:
        return
    before = plan.to_record()
    release(work, plan)
    plan.give_back("system", event.text, work.now, code=event.code)
    actor = event.actor_id if isinstance(event, CaseTerminated) else None
    _tell(work, plan, before, f"系统退回：{event.text}", actor)


def _tell(work: Work, plan: Plan, before: dict[str, Any], text: str, actor_id: UUID | None) -> None:
    person = work.session.get(PersonCopy, actor_id) if actor_id else None
    name = person.name if person else ""
    note(work, plan, plan.status, text, before=before, actor_id=actor_id, actor_name=name, round=plan.round)
    work.publish(status_changed(plan, str(before["status"])))


@events.on(SlotOpened)
def let_read(work: Work, event: SlotOpened) -> None:
    """Whoever is asked to review may read the plan from now on."""
    if event.doc_type == DOC_TYPE and work.session.get(PlanSlot, event.slot_id) is None:
        work.add(_slot(event, event.step_name, is_open=True))


@events.on(SlotClosed)
def close_slot(work: Work, event: SlotClosed) -> None:
    if event.doc_type != DOC_TYPE:
        return
    slot = work.session.get(PlanSlot, event.slot_id)
    if slot is None:  # told out of order: an opening that comes later must not open it again
        work.add(_slot(event, "", is_open=False))
    else:
        slot.open = False


def _slot(event: SlotOpened | SlotClosed, step_name: str, is_open: bool) -> PlanSlot:
    return PlanSlot(
        slot_id=event.slot_id,
        plan_id=event.doc_id,
        round=event.round,
        holder_id=event.holder_id,
        step_name=step_name,
        open=is_open,
    )
