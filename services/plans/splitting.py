"""What a unit's other plans buy of the same classes of items: what the check for splitting adds up."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, case, exists, func, or_, select

from services.plans import reference
from services.plans.budget import BudgetLine
from services.plans.catalogue import CatalogueItem
from services.plans.form import Allocation, PlanItem
from services.plans.plan import RESERVED, Plan, Status
from shared.store import Look

_COST = func.sum((PlanItem.unit_price_fen * PlanItem.quantity_milli + 500) // 1000)
"""`PlanItem.amount_fen` of several items, in fen."""


def bought_before(
    look: Look, plan: Plan, catalogue: Mapping[str, CatalogueItem], projects: set[str], limit: int
) -> dict[str, int]:
    """Per class of the plan's items (the level right above them), in fen: what other plans of the unit and
    year want by methods other than open tendering, from the same budget projects or, like it, without a
    budget (regulation art. 28).

    What reaches the open-tender amount (`limit`) in one plan is not split: its method is approved by itself.
    """
    classes = {entry.parent_code for entry in catalogue.values()}
    if not classes or (plan.allocations and not projects):
        return {}
    approved = [method.code for method in reference.methods().values() if method.needs_approval]
    per_plan = (
        select(CatalogueItem.parent_code, Plan.status, Plan.consumed_fen, _COST.label("cost"))
        .join(PlanItem, PlanItem.catalogue_code == CatalogueItem.code)
        .join(Plan, Plan.id == PlanItem.plan_id)
        .where(
            CatalogueItem.parent_code.in_(classes),
            Plan.organisation_id == plan.organisation_id,
            Plan.fiscal_year == plan.fiscal_year,
            Plan.id != plan.id,
            Plan.status.in_((*RESERVED, Status.CLOSED)),
            Plan.method != "open_tender",
            or_(Plan.amount_fen < limit, Plan.method.not_in(approved)),
            _from(projects),
        )
        .group_by(CatalogueItem.parent_code, Plan.id, Plan.status, Plan.consumed_fen)
        .subquery()
    )
    cost, consumed = per_plan.c.cost, per_plan.c.consumed_fen
    # of a closed plan only what was bought counts
    only_consumed = (per_plan.c.status == Status.CLOSED) & (consumed < cost)
    wanted = func.sum(case((only_consumed, consumed), else_=cost)).label("fen")
    rows = look.execute(select(per_plan.c.parent_code, wanted).group_by(per_plan.c.parent_code))
    return {row.parent_code: int(row.fen) for row in rows}


def _from(projects: set[str]) -> ColumnElement[bool]:
    """Plans that draw on these budget projects; without any, those that draw on none."""
    if not projects:
        return ~exists().where(Allocation.plan_id == Plan.id)
    drawing = (
        select(Allocation.plan_id)
        .join(BudgetLine, BudgetLine.id == Allocation.budget_line_id)
        .where(BudgetLine.project_code.in_(projects))
    )
    return Plan.id.in_(drawing)
