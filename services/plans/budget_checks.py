"""What a plan's budget lines must satisfy at submit; the direct application without them included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.plans import reference
from services.plans.catalogue import covers
from services.plans.plan import Plan
from services.plans.rules import Rules
from services.plans.topics import Choices, DirectApplication
from shared.errors import Problem
from shared.money import format_yuan


def direct_application(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Nothing outside the approved budget (预算法 art. 13), unless the district allows it for other money."""
    if not plan.allocations and not rules.policy.get(DirectApplication).allowed:
        text = "所在区划不允许无预算直接申请，请选择采购预算"
        yield Problem("budget_required", text, "/allocations", "the district wants budget lines")


def lines_known(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Lines of the same unit (the rules hold no others) and year, each once, each with an amount."""
    times = Counter(part.budget_line_id for part in plan.allocations)
    for place, part in enumerate(plan.allocations):
        pointer = f"/allocations/{place}"
        line = rules.lines.get(part.budget_line_id)
        if line is None:
            yield Problem(
                "budget_line_unknown", "采购预算不存在", f"{pointer}/budget_line_id", "no such line"
            )
            continue
        if line.fiscal_year != plan.fiscal_year:
            text = "采购预算不属于所选年度"
            yield Problem("budget_line_of_other_year", text, f"{pointer}/budget_line_id", "of another year")
        if times[part.budget_line_id] > 1:
            text = "同一采购预算只能选择一次"
            yield Problem("budget_line_repeated", text, f"{pointer}/budget_line_id", "chosen twice")
        if part.amount_fen <= 0:
            yield Problem(
                "amount_not_positive", "使用金额须大于零", f"{pointer}/amount", "must be above zero"
            )


def line_for_items(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Lines bound to a catalogue code pay only for items of that code and below it: together not more than
    those items cost. Codes below one another share their items, so each code is asked for all lines in it."""
    bound = [
        (place, line, part.amount_fen)
        for place, part in enumerate(plan.allocations)
        if (line := rules.lines.get(part.budget_line_id)) is not None and line.catalogue_code
    ]
    for place, line, _ in bound:
        code = line.catalogue_code
        costs = [item.amount_fen for item in plan.items if covers(code, item.catalogue_code)]
        paid = sum(amount for _, other, amount in bound if covers(code, other.catalogue_code))
        name = f"采购预算“{line.project_name}”限定品目 {code}"
        if not costs:
            text, pointer = f"{name}，明细中没有该品目", f"/allocations/{place}/budget_line_id"
            yield Problem("budget_line_for_other_items", text, pointer, "bound to other items")
        elif paid > sum(costs):
            amounts = f"使用 {format_yuan(paid)} 元，超过该品目明细金额 {format_yuan(sum(costs))} 元"
            text, pointer = f"{name}，该品目预算合计{amounts}", f"/allocations/{place}/amount"
            yield Problem("budget_line_exceeds_items", text, pointer, "more than the items of its code cost")


def fund_nature_allowed_here(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Lines of a kind of money that the district does not use (any more) pay for nothing new."""
    allowed = rules.policy.get(Choices).fund_natures
    for place, part in enumerate(plan.allocations):
        line = rules.lines.get(part.budget_line_id)
        if line is not None and allowed is not None and line.fund_nature not in allowed:
            name = reference.fund_natures()[line.fund_nature].name_zh
            text = f"本区划的采购计划不使用{name}"
            pointer = f"/allocations/{place}/budget_line_id"
            yield Problem("fund_nature_not_allowed", text, pointer, "not used in this district")


def allocations_cover_amount(plan: Plan, rules: Rules) -> Iterator[Problem]:
    allocated = sum(part.amount_fen for part in plan.allocations)
    if plan.allocations and allocated != plan.amount_fen:
        amounts = f"合计 {format_yuan(allocated)} 元，计划金额 {format_yuan(plan.amount_fen)} 元"
        text = f"各预算使用金额与计划金额不一致：{amounts}"
        yield Problem("allocations_differ_from_amount", text, "/allocations", "must add up to the amount")


def enough_available(plan: Plan, rules: Rules) -> Iterator[Problem]:
    for place, part in enumerate(plan.allocations):
        line = rules.lines.get(part.budget_line_id)
        if line is not None and line.available_fen < part.amount_fen:
            available = format_yuan(line.available_fen)
            text = f"预算“{line.project_name}”可用余额不足，可用 {available} 元"
            pointer = f"/allocations/{place}/amount"
            yield Problem("insufficient_budget", text, pointer, f"only {available} yuan are available")
