"""What the law and the district say of a plan's method and organisation form, and of amounts."""

from __future__ import annotations

from collections.abc import Iterator

from services.plans import reference
from services.plans.checks import above_open_tender
from services.plans.form import PlanItem
from services.plans.plan import Plan
from services.plans.rules import Rules
from services.plans.topics import Choices, SingleSource
from shared.errors import Conflict, Problem
from shared.money import format_yuan

ONLY_SUPPLIER = "only_supplier"


def method_allowed(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """The method is in force, and meant for this kind and organisation form (政府采购法 art. 26)."""
    method = reference.methods().get(plan.method or "")
    if method is None:
        return
    if not method.in_force(rules.today):
        yield Problem("method_not_in_force", f"{method.name_zh}目前不可使用", "/method", "not in force")
    if plan.kind and plan.kind not in method.kinds:
        text = f"{method.name_zh}不适用于该项目类型"
        yield Problem("method_not_for_kind", text, "/method", "not for this kind")
    if plan.organisation_form and plan.organisation_form not in method.forms:
        text = f"{method.name_zh}不适用于该组织形式"
        yield Problem("method_not_for_form", text, "/method", "not for this organisation form")


def method_allowed_here(plan: Plan, rules: Rules) -> Iterator[Problem]:
    allowed = rules.policy.get(Choices).methods
    if plan.method and allowed is not None and plan.method not in allowed:
        text = f"本区划不使用{reference.choices('method')[plan.method]}"
        yield Problem("method_not_allowed_here", text, "/method", "not used in this district")


def ground_of_method(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """The grounds of each method are a closed list (政府采购法 art. 29 to 32)."""
    ground = reference.options("method_ground").get(plan.method_ground or "")
    if plan.method and ground is not None and plan.method not in ground.methods:
        text = "该适用情形不属于所选采购方式"
        yield Problem("ground_not_for_method", text, "/method_ground", "a ground of another method")


def ground_for_other_method(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """At or above the open-tender amount another method needs one of its grounds and a reason (art. 27)."""
    if not _is_approved_by_itself(plan, rules):
        return
    if plan.method_ground not in reference.options("method_ground"):
        text = "达到公开招标数额标准，采用其他方式须选择适用情形"
        yield Problem("method_ground_required", text, "/method_ground", "a ground is required")
    if not plan.method_reason:
        text = "达到公开招标数额标准，采用其他方式须说明理由"
        yield Problem("method_reason_required", text, "/method_reason", "a reason is required")


def _is_approved_by_itself(plan: Plan, rules: Rules) -> bool:
    """Whether the finance office has to agree to the method for the plan's own amount (art. 27)."""
    method = reference.methods().get(plan.method or "")
    return method is not None and method.needs_approval and above_open_tender(plan, rules)


def notice_is_over(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """From the only supplier, at or above the open-tender amount: named in a public notice of some working
    days first, five at least (regulation art. 38)."""
    asked = plan.method == "single_source" and plan.method_ground == ONLY_SUPPLIER
    if not asked or not above_open_tender(plan, rules):
        return
    for name, label in (("notice_number", "公示编号"), ("notice_supplier", "拟定供应商")):
        if not getattr(plan, name):
            text = f"单一来源须先公示，请填写{label}"
            yield Problem("notice_required", text, f"/{name}", "state the notice")
    if plan.notice_date is None:
        text = "单一来源须先公示，请填写公示日期"
        yield Problem("notice_required", text, "/notice_date", "state the day of the notice")
        return
    days = rules.policy.get(SingleSource).notice_days
    try:
        period = rules.calendar.add_working_days(plan.notice_date, days)
    except Conflict as missing:
        yield Problem(missing.code, missing.text, "/notice_date", missing.text_en)
        return
    if rules.today <= period.end:
        text = f"单一来源公示尚未期满：{period.explain()}"
        yield Problem("notice_not_over", text, "/notice_date", f"the notice runs until {period.end}")


def form_for_amount(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Own purchase only below the limit (政府采购法 art. 2, regulation art. 4)."""
    limit = rules.threshold.decentralised_limit_fen if rules.threshold else None
    if limit is not None and plan.organisation_form == "outside_scope" and plan.amount_fen >= limit:
        text = f"达到采购限额标准 {format_yuan(limit)} 元，不能自行采购"
        yield Problem("form_not_for_amount", text, "/organisation_form", "at or above the limit")


def splitting(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Items of one class, of one project (or without a budget), several times by other methods, together over
    the open-tender amount, may be taken for evasion, unless the method is approved (regulation art. 28)."""
    limit = rules.threshold.open_tender_from_fen if rules.threshold else None
    if limit is None or _is_approved_by_itself(plan, rules):
        return
    for code, before in rules.bought_before.items():
        of_class = [item for item in plan.items if _class_of(item, rules) == code]
        together = before + sum(item.amount_fen for item in of_class)
        if before and of_class and together > limit:
            scope = "同一预算项目" if plan.allocations else "无预算直接申请"
            name = rules.catalogue[of_class[0].catalogue_code].name_zh
            amount = f"{scope}、与“{name}”同一类别的品目本年度合计 {format_yuan(together)} 元"
            text = f"{amount}，超过公开招标数额标准，请核对是否化整为零"
            yield Problem("splitting_suspected", text, "/items", "together above the open-tender amount")


def _class_of(item: PlanItem, rules: Rules) -> str | None:
    """The level of the catalogue right above an item (类别)."""
    entry = rules.catalogue.get(item.catalogue_code)
    return None if entry is None else entry.parent_code


def threshold_configured(plan: Plan, rules: Rules) -> Iterator[Problem]:
    if plan.kind and rules.threshold is None:
        text = "本区划尚未设置该项目类型的数额标准，未作核对"
        yield Problem("threshold_not_configured", text, "/kind", "no thresholds are set; nothing was checked")
    elif rules.threshold is not None and rules.threshold.version.is_sample:
        text = "数额标准为样例数值，请由区划管理员核实"
        yield Problem("threshold_is_sample", text, "/kind", "the thresholds are sample values")


def below_limit(plan: Plan, rules: Rules) -> Iterator[Problem]:
    limit = rules.threshold.decentralised_limit_fen if rules.threshold else None
    if limit is not None and plan.organisation_form == "decentralised" and plan.amount_fen < limit:
        text = f"分散采购限额标准为 {format_yuan(limit)} 元，限额以下可自行采购"
        yield Problem("below_decentralised_limit", text, "/organisation_form", "below the limit")
