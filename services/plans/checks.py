"""What a plan must satisfy to be submitted: small functions with stable codes; all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from services.plans import reference
from services.plans.budget_checks import BUDGET_POLICIES
from services.plans.imports.coverage import uncovered
from services.plans.plan import Plan
from services.plans.rules import Rules
from shared.errors import Problem
from shared.money import format_yuan

Policy = Callable[[Plan, Rules], Iterable[Problem]]
CONTENT_LIMIT = 256 * 1024
PPP_PREFIX = "C24"


@dataclass
class Verdict:
    """What stands in the way of a submission, and what people should know before it."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def judge(plan: Plan, rules: Rules) -> Verdict:
    """Applies every policy to a plan."""
    return Verdict(
        [problem for policy in POLICIES for problem in policy(plan, rules)],
        [warning for policy in WARNINGS for warning in policy(plan, rules)],
    )


def year_is_open(plan: Plan, rules: Rules) -> Iterator[Problem]:
    if plan.fiscal_year not in rules.policy.years(rules.today):
        yield year_not_open(plan.fiscal_year)


def year_not_open(year: int) -> Problem:
    return Problem("year_not_open", f"{year} 年度未开放申请", "/fiscal_year", f"{year} is not open")


def unit_is_active(plan: Plan, rules: Rules) -> Iterator[Problem]:
    if not rules.unit.active:
        yield Problem("unit_inactive", "本单位已停用", "", "the unit is not active")


def required_fields(plan: Plan, rules: Rules) -> Iterator[Problem]:
    for wanted in reference.fields():
        if wanted.required and not getattr(plan, wanted.name):
            yield Problem(
                "required", f"“{wanted.label_zh}”必填", f"/{wanted.name}", f"{wanted.label_en} is required"
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


def above_open_tender(plan: Plan, rules: Rules) -> bool:
    """Whether the amount reaches the open-tender amount; equal counts as reaching it."""
    limit = rules.threshold.open_tender_from_fen if rules.threshold else None
    return limit is not None and plan.amount_fen >= limit


def ground_for_other_method(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """At or above the open-tender amount another method needs one of its grounds and a reason (art. 27)."""
    method = reference.methods().get(plan.method or "")
    if method is None:
        return
    ground = reference.options("method_ground").get(plan.method_ground or "")
    if ground is not None and method.code not in ground.methods:
        text = "该适用情形不属于所选采购方式"
        yield Problem("ground_not_for_method", text, "/method_ground", "a ground of another method")
    if not (method.needs_approval and above_open_tender(plan, rules)):
        return
    if ground is None:
        text = "达到公开招标数额标准，采用其他方式须选择适用情形"
        yield Problem("method_ground_required", text, "/method_ground", "a ground is required")
    if not plan.method_reason:
        text = "达到公开招标数额标准，采用其他方式须说明理由"
        yield Problem("method_reason_required", text, "/method_reason", "a reason is required")


def form_for_amount(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Own purchase only below the limit (政府采购法 art. 2, regulation art. 4)."""
    limit = rules.threshold.decentralised_limit_fen if rules.threshold else None
    if limit is not None and plan.organisation_form == "outside_scope" and plan.amount_fen >= limit:
        text = f"达到采购限额标准 {format_yuan(limit)} 元，不能自行采购"
        yield Problem("form_not_for_amount", text, "/organisation_form", "at or above the limit")


def imported_products(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """Imported products need an approval first; exempt classes of units file them (财库〔2016〕194号)."""
    places = [place for place, item in enumerate(plan.items) if item.is_imported]
    if places and not plan.is_imported:
        text = "明细含进口产品，须勾选“进口产品”"
        yield Problem("imported_flag_missing", text, "/is_imported", "an item is imported")
    if plan.import_approval_id is not None:
        yield from uncovered(plan, rules.cover, rules.today)
        return
    if not (plan.is_imported or places):
        return
    if rules.unit.import_exempt_class is None:
        text = "采购进口产品须先取得进口产品核准"
        yield Problem("import_approval_required", text, "/is_imported", "an import approval is needed first")
    elif not plan.import_filing_note:
        text = "豁免单位采购进口产品须填写备案说明"
        yield Problem("import_filing_note_required", text, "/import_filing_note", "a filing note is required")


def ppp_code(plan: Plan, rules: Rules) -> Iterator[Problem]:
    if not plan.is_ppp and any(item.catalogue_code.startswith(PPP_PREFIX) for item in plan.items):
        text = "含政府和社会资本合作服务品目，须勾选“是否为PPP项目”"
        yield Problem("ppp_flag_missing", text, "/is_ppp", "an item is a PPP service")


def sme_amounts(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """micro ≤ reserved ≤ total (财库〔2020〕46号); no reservation needs a reason."""
    reserved, micro = plan.sme_reserved_fen or 0, plan.sme_micro_fen or 0
    if reserved > plan.amount_fen:
        text = "预留中小企业金额不能超过计划金额"
        yield Problem("sme_reserved_too_large", text, "/sme_reserved", "more than the amount")
    if micro > reserved:
        text = "预留小微企业金额不能超过预留中小企业金额"
        yield Problem("sme_micro_too_large", text, "/sme_micro", "more than is reserved for SMEs")
    if plan.sme_mode == "none" and not plan.sme_reason:
        yield Problem("sme_reason_required", "不预留须说明理由", "/sme_reason", "a reason is required")


def price_ceiling(plan: Plan, rules: Rules) -> Iterator[Problem]:
    if plan.price_ceiling_fen is not None and plan.price_ceiling_fen > plan.amount_fen:
        text = "最高限价不能超过计划金额"
        yield Problem("price_ceiling_too_large", text, "/price_ceiling", "more than the amount")


def required_attachments(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """What the district wants attached, always or in the cases it names."""
    holds = {
        "always": True,
        "imported": plan.is_imported,
        "single_source": plan.method == "single_source",
        "above_open_tender": above_open_tender(plan, rules),
        "not_open_tender": plan.method not in (None, "open_tender"),
    }
    kinds = {attachment.kind for attachment in rules.attachments}
    for wanted in rules.policy.required_attachments:
        if holds[wanted["when"]] and wanted["kind"] not in kinds:
            text = f"须上传附件：{wanted['label']}"
            yield Problem("attachment_required", text, "/attachments", f"attach: {wanted['label']}")


POLICIES: tuple[Policy, ...] = (
    year_is_open,
    unit_is_active,
    required_fields,
    items_complete,
    catalogue_codes,
    method_allowed,
    ground_for_other_method,
    form_for_amount,
    imported_products,
    ppp_code,
    sme_amounts,
    price_ceiling,
    required_attachments,
    *BUDGET_POLICIES,
)


def threshold_configured(plan: Plan, rules: Rules) -> Iterator[Problem]:
    if plan.kind and rules.threshold is None:
        text = "本区划尚未设置该项目类型的数额标准，未作核对"
        yield Problem("threshold_not_configured", text, "/kind", "no thresholds are set; nothing was checked")
    elif rules.threshold is not None and rules.threshold.is_sample:
        text = "数额标准为样例数值，请由区划管理员核实"
        yield Problem("threshold_is_sample", text, "/kind", "the thresholds are sample values")


def splitting(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """The same items of the same project, several times by other methods, together over the open-tender
    amount, may be taken for evasion (regulation art. 28)."""
    limit = rules.threshold.open_tender_from_fen if rules.threshold else None
    if limit is None or not rules.bought_before:
        return
    together = rules.bought_before + plan.amount_fen
    if together > limit:
        amount = f"同一预算项目、同一品目本年度合计 {format_yuan(together)} 元"
        text = f"{amount}，超过公开招标数额标准，请核对是否化整为零"
        yield Problem("splitting_suspected", text, "/items", "together above the open-tender amount")


def below_limit(plan: Plan, rules: Rules) -> Iterator[Problem]:
    limit = rules.threshold.decentralised_limit_fen if rules.threshold else None
    if limit is not None and plan.organisation_form == "decentralised" and plan.amount_fen < limit:
        text = f"分散采购限额标准为 {format_yuan(limit)} 元，限额以下可自行采购"
        yield Problem("below_decentralised_limit", text, "/organisation_form", "below the limit")


def intent_notice(plan: Plan, rules: Rules) -> Iterator[Problem]:
    """In principle the intent is public 30 days before procurement starts (财库〔2020〕10号)."""
    if plan.intent_notice_date is None:
        text = "尚未填写采购意向公开日期，原则上应提前至少30日公开"
        yield Problem("intent_notice_missing", text, "/intent_notice_date", "no intent notice is stated")


WARNINGS: tuple[Policy, ...] = (threshold_configured, splitting, below_limit, intent_notice)
