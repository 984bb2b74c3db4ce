"""How plans are shown: with labels, who has them now, and what may be done with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.plans import reference
from services.plans.actions import available_actions
from services.plans.budget import BudgetLine, Reservation
from services.plans.catalogue import CatalogueItem, entries
from services.plans.document import Document
from services.plans.form import Allocation, header_json
from services.plans.leaving import look_for_leavers
from services.plans.outside import as_asked
from services.plans.plan import Plan
from services.plans.queries import Turn, turns
from services.plans.reservation import reservations
from services.plans.review import judgement
from services.plans.rules import budget_lines
from services.plans.schemas import (
    AllocationShape,
    AttachmentShape,
    ItemShape,
    PlanRow,
    PlanShape,
    ReturnedShape,
)
from services.plans.sending import Sent
from shared.money import format_yuan
from shared.people import Caller
from shared.store import Look


def plan_rows(look: Look, plans: Iterable[Plan], caller: Caller) -> list[PlanRow]:
    listed = list(plans)
    now_with = turns(look, listed)
    look_for_leavers(look, listed)
    rows = [PlanRow(**_common(plan, caller, now_with.get(plan.id))) for plan in listed]
    return as_asked(look, listed, rows, caller)


def plan_shape(
    look: Look,
    plan: Plan,
    caller: Caller,
    sent: Sent | None = None,
) -> PlanShape:
    """The whole plan. What was looked up for a submission is at hand right after it, when nobody has the plan
    yet; otherwise it is looked up."""
    turn = None
    if sent is None:
        turn = turns(look, [plan]).get(plan.id)
        lines, judged = budget_lines(look, plan), judgement(look, plan)
        catalogue: Mapping[str, CatalogueItem] = entries(look, [item.catalogue_code for item in plan.items])
    else:
        lines, catalogue = dict(sent.rules.lines), sent.rules.catalogue
        judged = sent.verdict.to_json(sent.rules)
    header, used = header_json(plan), reservations(look, plan)
    look_for_leavers(look, [plan])
    shape = PlanShape(
        **{**header, **_common(plan, caller, turn)},
        district_code=plan.district_code,
        items=[_item(item.to_json(), catalogue) for item in plan.items],
        allocations=[
            _allocation(
                {**part.to_json(), **_used(plan, part, used.get(part.budget_line_id))},
                lines.get(part.budget_line_id),
            )
            for part in plan.allocations
        ],
        attachments=[AttachmentShape.model_validate(attachment) for attachment in plan.attachments],
        judged_by=judged.get("versions", []),
        warnings=judged.get("warnings", []),
    )
    return as_asked(look, [plan], [shape], caller)[0]


AMOUNTS = ("amount", "remaining", "committed", "consumed")
_MADE = {
    *AMOUNTS,
    *("current_step", "current_holders", "returned", "available_actions"),
    *("assignment_label", "applicant_note", "holder_note"),
}


def _common(plan: Plan, caller: Caller, turn: Turn | None) -> dict[str, Any]:
    names = PlanRow.model_fields.keys() - _MADE
    plain = {name: getattr(plan, name) for name in names}
    return {
        **plain,
        **{name: format_yuan(getattr(plan, f"{name}_fen")) for name in AMOUNTS},
        "applicant_note": plan.applicant_gone,
        "holder_note": plan.holder_gone,
        "assignment_label": reference.labels("assignment")[plan.assignment],
        "current_step": turn.step if turn else "",
        "current_holders": turn.holders if turn else [],
        "returned": returned_shape(plan),
        "available_actions": available_actions(plan, caller),
    }


def returned_shape(document: Document) -> ReturnedShape | None:
    """Why it came back last, until it is submitted again."""
    if not document.returned_by:
        return None
    return ReturnedShape(
        by=document.returned_by,
        code=document.returned_code,
        reason=document.returned_reason,
        step=document.returned_step,
        actor=document.returned_actor,
    )


def _item(item: Mapping[str, object], catalogue: Mapping[str, CatalogueItem]) -> ItemShape:
    entry = catalogue.get(str(item["catalogue_code"]))
    return ItemShape.model_validate({**item, "catalogue_name": entry.name_zh if entry else None})


def _used(plan: Plan, part: Allocation, reservation: Reservation | None) -> dict[str, str]:
    """What trades have of a line's part; before its first use the whole of a reserved part remains."""
    if reservation is None:
        return {"remaining": format_yuan(part.amount_fen if plan.remaining_fen else 0)}
    return {
        "remaining": format_yuan(reservation.reserved_fen),
        "committed": format_yuan(reservation.committed_fen),
        "consumed": format_yuan(reservation.consumed_fen),
    }


def _allocation(allocation: Mapping[str, object], line: BudgetLine | None) -> AllocationShape:
    if line is None:
        return AllocationShape.model_validate(allocation)
    about = {
        "project_code": line.project_code,
        "project_name": line.project_name,
        "fund_nature": line.fund_nature,
        "fund_nature_name": reference.fund_natures()[line.fund_nature].name_zh,
    }
    return AllocationShape.model_validate({**allocation, **about})
