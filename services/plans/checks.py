"""What a plan's own form must satisfy to be submitted: small functions that give a code and a reason."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from services.plans import reference
from services.plans.finding import Finding, basis_of, founded
from services.plans.form import header_json
from services.plans.imports.coverage import uncovered
from services.plans.plan import Plan
from services.plans.policy import Policy
from services.plans.rules import Rules
from services.plans.topics import Imports, IntentNotice, Required, When, Years
from shared.errors import Problem

PPP_PREFIX = "C24"


def year_is_open(plan: Plan, rules: Rules) -> Iterator[Problem]:
    years = rules.policy.get(Years)
    if plan.fiscal_year not in years.open_on(rules.today):
        yield year_not_open(plan.fiscal_year, years, rules.today)


def year_not_open(year: int, years: Years, today: date) -> Problem:
    """The refusal of a year that is not open, or not open any more."""
    closing = next((row.closes_on for row in years.listed(today) if row.year == year), None)
    if closing is not None and closing < today:
        text, english = f"{year} 年度已于 {closing} 截止申请", f"{year} was closed on {closing}"
        return Problem("year_not_open", text, "/fiscal_year", english)
    return Problem("year_not_open", f"{year} 年度未开放申请", "/fiscal_year", f"{year} is not open")


def not_open(policy: Policy, year: int, today: date) -> Finding:
    """The same with the rule that says so, for a plan that is not made at all."""
    return founded(year_not_open(year, policy.get(Years), today), basis_of(policy.version(Years.topic)))


def unit_is_active(plan: Plan, rules: Rules) -> Iterator[Problem]:
    if not rules.unit.active:
        yield Problem("unit_inactive", "本单位已停用", "", "the unit is not active")


def required_fields(plan: Plan, rules: Rules) -> Iterator[Problem]:
    for wanted in reference.fields():
        if wanted.required and not getattr(plan, wanted.name):
            yield Problem(
                "required", f"“{wanted.label_zh}”必填", f"/{wanted.name}", f"{wanted.label_en} is required"
            )


def fields_required_here(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """What the district wants filled in besides, always or in the cases it names."""
    filled, labels = header_json(plan), reference.field_labels()
    for wanted in rules.policy.get(Required).fields:
        if holds(wanted.when, plan, rules) and filled[wanted.field] in (None, ""):
            text = f"本区划要求填写“{labels[wanted.field]}”"
            yield Problem("required_here", text, f"/{wanted.field}", "the district requires this field")


def attachments_required_here(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """What the district wants attached, always or in the cases it names."""
    kinds = {attachment.kind for attachment in rules.attachments}
    for wanted in rules.policy.get(Required).attachments:
        if holds(wanted.when, plan, rules) and wanted.attachment_kind not in kinds:
            text = f"须上传附件：{wanted.label}"
            yield Problem("attachment_required", text, "/attachments", f"attach: {wanted.label}")


def holds(when: When, plan: Plan, rules: Rules) -> bool:
    """Whether a plan is one of the cases: every part that is given must hold."""
    return (
        (not when.kinds or plan.kind in when.kinds)
        and (not when.methods or plan.method in when.methods)
        and (when.amount_from is None or plan.amount_fen >= when.amount_from)
        and (not when.imported or plan.is_imported)
        and (not when.above_open_tender or above_open_tender(plan, rules))
    )


def items_complete(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Quantity above 0, price given (0 is allowed), a name; the sum above 0."""
    for place, item in enumerate(plan.items):
        for name, value in (("name", item.name), ("quantity", item.quantity_milli)):
            if not value:
                yield Problem("required", "明细的名称和数量必填", f"/items/{place}/{name}", "required")
        if item.unit_price_fen is None:
            yield Problem("required", "明细的单价必填", f"/items/{place}/unit_price", "required")
    if plan.items and plan.amount_fen <= 0:
        yield Problem(
            "amount_not_positive", "采购计划金额须大于零", "/items", "the amount must be above zero"
        )


def catalogue_codes(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Codes exist, may be chosen, and are of the plan's kind (财库〔2022〕31号)."""
    for place, item in enumerate(plan.items):
        pointer = f"/items/{place}/catalogue_code"
        entry = rules.catalogue.get(item.catalogue_code)
        if entry is None:
            yield Problem("catalogue_code_unknown", "品目编码不存在", pointer, "no such catalogue code")
        elif not entry.selectable:
            yield Problem("catalogue_code_not_selectable", "请选择下级品目", pointer, "choose a lower level")
        elif plan.kind and entry.kind != plan.kind:
            yield Problem("catalogue_kind_mismatch", "品目与项目类型不一致", pointer, "of another kind")


def above_open_tender(plan: Plan, rules: Rules) -> bool:
    """Whether the amount reaches the open-tender amount; equal counts as reaching it."""
    limit = rules.threshold.open_tender_from_fen if rules.threshold else None
    return limit is not None and plan.amount_fen >= limit


def imported_flag(plan: Plan, rules: Rules) -> Iterator[Problem]:
    if not plan.is_imported and any(item.is_imported for item in plan.items):
        text = "明细含进口产品，须勾选“进口产品”"
        yield Problem("imported_flag_missing", text, "/is_imported", "an item is imported")


def imported_products(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Imported products need an approval first; exempt classes of units file them (财库〔2016〕194号)."""
    if plan.import_approval_id is not None:
        yield from uncovered(plan, rules.cover, rules.today)
        return
    if not (plan.is_imported or any(item.is_imported for item in plan.items)):
        return
    if rules.unit.import_exempt_class not in rules.policy.get(Imports).exempt_classes:
        text = "采购进口产品须先取得进口产品核准"
        yield Problem("import_approval_required", text, "/is_imported", "an import approval is needed first")
    elif not plan.import_filing_note:
        text = "豁免单位采购进口产品须填写备案说明"
        yield Problem("import_filing_note_required", text, "/import_filing_note", "a filing note is required")


def ppp_code(plan: Plan, rules: Rules) -> Iterator[Problem]:
    if not plan.is_ppp and any(item.catalogue_code.startswith(PPP_PREFIX) for item in plan.items):
        text = "含政府和社会资本合作服务品目，须勾选“是否为PPP项目”"
        yield Problem("ppp_flag_missing", text, "/is_ppp", "an item is a PPP service")


def price_ceiling(plan: Plan, rules: Rules) -> Iterator[Problem]:
    if plan.price_ceiling_fen is not None and plan.price_ceiling_fen > plan.amount_fen:
        text = "最高限价不能超过计划金额"
        yield Problem("price_ceiling_too_large", text, "/price_ceiling", "more than the amount")


def intent_notice(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """In principle the intent is public 30 calendar days before procurement starts (财库〔2020〕10号); the
    last day of the expected month is the latest start."""
    days, noticed = rules.policy.get(IntentNotice).days, plan.intent_notice_date
    pointer = "/intent_notice_date"
    if noticed is None:
        text = f"尚未填写采购意向公开日期，原则上应提前至少{days}日公开"
        yield Problem("intent_notice_missing", text, pointer, "no intent notice is stated")
    elif plan.expected_month and _month_end(plan.expected_month) - noticed < timedelta(days=days):
        text = f"采购意向公开距预计采购时间不足 {days} 日"
        yield Problem("intent_notice_late", text, pointer, f"less than {days} days before the start")


def _month_end(month: str) -> date:
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, monthrange(year, number)[1])
