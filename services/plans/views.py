"""How plans are shown: with labels, who has them now, and what may be done with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from services.plans import reference
from services.plans.budget import BudgetLine
from services.plans.catalogue import CatalogueItem, entries
from services.plans.form import header_json
from services.plans.plan import Action, Plan, Status
from services.plans.queries import Turn, turns
from services.plans.rules import budget_lines
from services.plans.schemas import (
    ActionShape,
    AllocationShape,
    AttachmentShape,
    ItemShape,
    PlanRow,
    PlanShape,
    ReturnedShape,
)
from shared.errors import Forbidden
from shared.money import format_yuan
from shared.people import Caller
from shared.store import Look

# action → method and address; a withdrawal is judged by approvals
ACTIONS: Mapping[Action, tuple[str, str]] = {
    Action.EDIT: ("PUT", "/api/plans/plans/{id}"),
    Action.SUBMIT: ("POST", "/api/plans/plans/{id}/submit"),
    Action.DELETE: ("DELETE", "/api/plans/plans/{id}"),
    Action.ABANDON: ("POST", "/api/plans/plans/{id}/abandon"),
    Action.WITHDRAW: ("POST", "/api/approvals/documents/plan/{id}/withdraw"),
}


def available_actions(plan: Plan, caller: Caller) -> list[ActionShape]:
    """Every action of an applicant, with the reason where it is refused now."""
    refusal = ""
    try:
        plan.must_be_own(caller)
    except Forbidden as forbidden:
        refusal = forbidden.text
    return [
        ActionShape(
            action=action,
            allowed=not refusal and plan.allows(action),
            reason=refusal or ("" if plan.allows(action) else f"计划当前为“{plan.status_label}”"),
            method=method,
            url=url.replace("{id}", str(plan.id)),
        )
        for action, (method, url) in ACTIONS.items()
    ]


def plan_row(plan: Plan, caller: Caller, turn: Turn | None) -> PlanRow:
    return PlanRow(**_common(plan, caller, turn))


def plan_rows(look: Look, plans: Iterable[Plan], caller: Caller) -> list[PlanRow]:
    listed = list(plans)
    now_with = turns(look, listed)
    return [plan_row(plan, caller, now_with.get(plan.id)) for plan in listed]


def plan_shape(
    look: Look,
    plan: Plan,
    caller: Caller,
    lines: Mapping[UUID, BudgetLine] | None = None,
    catalogue: Mapping[str, CatalogueItem] | None = None,
) -> PlanShape:
    """The whole plan. Lines and catalogue entries are at hand right after a submission, which nobody has yet;
    otherwise all that is looked up."""
    turn = None
    if lines is None:
        lines = budget_lines(look, plan)
        turn = turns(look, [plan]).get(plan.id)
    if catalogue is None:
        catalogue = entries(look, [item.catalogue_code for item in plan.items])
    header = header_json(plan)
    return PlanShape(
        **{**header, **_common(plan, caller, turn)},
        district_code=plan.district_code,
        items=[_item(item.to_json(), catalogue) for item in plan.items],
        allocations=[
            _allocation(part.to_json(), lines.get(part.budget_line_id)) for part in plan.allocations
        ],
        attachments=[AttachmentShape.model_validate(attachment) for attachment in plan.attachments],
    )


def _common(plan: Plan, caller: Caller, turn: Turn | None) -> dict[str, Any]:
    names = PlanRow.model_fields.keys() - {"amount", "current_step", "current_holders", "returned"}
    plain = {name: getattr(plan, name) for name in names if name != "available_actions"}
    returned = plan.returned_by and plan.status in (Status.RETURNED, Status.VOID)
    return {
        **plain,
        "amount": format_yuan(plan.amount_fen),
        "current_step": turn.step if turn else "",
        "current_holders": turn.holders if turn else [],
        "returned": _returned(plan) if returned else None,
        "available_actions": available_actions(plan, caller),
    }


def _returned(plan: Plan) -> ReturnedShape:
    return ReturnedShape(
        by=plan.returned_by,
        code=plan.returned_code,
        reason=plan.returned_reason,
        step=plan.returned_step,
        actor=plan.returned_actor,
    )


def _item(item: Mapping[str, object], catalogue: Mapping[str, CatalogueItem]) -> ItemShape:
    entry = catalogue.get(str(item["catalogue_code"]))
    return ItemShape.model_validate({**item, "catalogue_name": entry.name_zh if entry else None})


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
