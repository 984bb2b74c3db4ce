"""A plan as JSON for its history: what differs between two of these is what people are told has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.plans.form import header_json
from shared.money import format_yuan

if TYPE_CHECKING:
    from services.plans.plan import Plan


def record_of(plan: Plan) -> dict[str, Any]:
    """Every field whose changes the history tells."""
    return {
        "fiscal_year": plan.fiscal_year,
        **header_json(plan),
        "amount": format_yuan(plan.amount_fen),
        "items": [item.to_json() for item in plan.items],
        "allocations": [allocation.to_json() for allocation in plan.allocations],
        "attachments": [attachment.to_json() for attachment in plan.attachments],
        "status": plan.status,
        "application_number": plan.application_number,
        "plan_number": plan.plan_number,
        "holder": plan.holder_name,
        "committed": format_yuan(plan.committed_fen),
        "consumed": format_yuan(plan.consumed_fen),
    }
