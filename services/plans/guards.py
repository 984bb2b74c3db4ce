"""What stands in the way of an action besides the status of a document: each guard says what must come
first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from shared.errors import Conflict
from shared.money import format_yuan

if TYPE_CHECKING:
    from services.plans.document import Document
    from services.plans.plan import Plan


def never_submitted(document: Document) -> None:
    """What somebody was asked about is kept; its applicant may abandon it."""
    if document.round:
        raise document.wrong_state()


def applicant_is_gone(document: Document) -> None:
    """Nobody takes a document out of the hands of an applicant who can go on with it."""
    if not document.applicant_gone:
        text = f"申请人{document.applicant_name}在岗，不能移交"
        raise Conflict("applicant_there", text, "its applicant can go on with it", facts=document.facts)


def held_by_applicant(plan: Plan) -> None:
    """A plan that is with another is recalled before it is assigned anew: two assignments never cross."""
    not_in_use(plan)
    if plan.is_assigned:
        facts = {**plan.held, "changed_at": plan.changed_at.isoformat()}
        text = f"计划已分派给{plan.holder_name}，请先收回"
        raise Conflict("held_by_another", text, "assigned to another; recall it first", facts=facts)


def held_by_another(plan: Plan) -> None:
    not_in_use(plan)
    if not plan.is_assigned:
        text = "计划在申请人手中，无需收回"
        raise Conflict("held_by_applicant", text, "the applicant holds it", facts=plan.held)


def not_in_use(plan: Plan) -> None:
    """A plan in use changes hands only when its holder is gone: nobody else could go on with it."""
    if plan.status == "in_use" and not plan.holder_gone:
        raise plan.wrong_state()


def something_remains(plan: Plan) -> None:
    if plan.remaining_fen == 0:
        raise insufficient_remaining(plan)


def no_live_trade(plan: Plan) -> None:
    if plan.committed_fen:
        facts = {"plan_status": plan.status, "committed": format_yuan(plan.committed_fen)}
        raise Conflict("live_trade", "计划有进行中的交易，不能结束", "a trade is running", facts=facts)


def insufficient_remaining(plan: Plan) -> Conflict:
    remaining = format_yuan(plan.remaining_fen)
    return Conflict(
        "insufficient_remaining",
        f"计划剩余金额不足，剩余 {remaining} 元",
        "not enough of the plan remains",
        facts={"remaining": remaining, "plan_status": plan.status, "version": plan.version},
    )


# by the value of the action: the actions themselves stand beside the moves
OF_ALL: Mapping[str, Callable[[Document], None]] = {
    "delete": never_submitted,
    "hand_over": applicant_is_gone,
}
OF_PLANS: Mapping[str, Callable[[Plan], None]] = {
    **OF_ALL,
    "assign": held_by_applicant,
    "recall": held_by_another,
    "start_trade": something_remains,
    "close": no_live_trade,
}
