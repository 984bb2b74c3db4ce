"""Which checks a plan goes through, what each stands on, and whether it warns or refuses: one table."""

from __future__ import annotations

from services.plans import budget_checks, checks, method_checks, sme_checks
from services.plans.judging import Check, Verdict, apply
from services.plans.plan import Plan
from services.plans.rules import Rules
from services.plans.topics import (
    Choices,
    DirectApplication,
    Imports,
    IntentNotice,
    Required,
    SingleSource,
    Sme,
    Splitting,
    Thresholds,
    Years,
)

PLANNING = "政府采购法实施条例 第二十九条"
BUDGET = "政府采购法 第六条、第三十三条；预算法 第十三条"
CHECKS = (
    Check(checks.year_is_open, Years),
    Check(checks.unit_is_active, "政府采购法 第十五条"),
    Check(checks.required_fields, PLANNING),
    Check(checks.fields_required_here, Required),
    Check(checks.items_complete, PLANNING),
    Check(checks.catalogue_codes, "财库〔2022〕31号"),
    Check(method_checks.method_allowed, "政府采购法 第二十六条"),
    Check(method_checks.method_allowed_here, Choices),
    Check(method_checks.ground_of_method, "政府采购法 第二十九条至第三十二条"),
    Check(method_checks.ground_for_other_method, Thresholds),
    Check(method_checks.notice_is_over, SingleSource),
    Check(method_checks.form_for_amount, Thresholds),
    Check(checks.imported_flag, "政府采购法 第十条"),
    Check(checks.imported_products, Imports),
    Check(checks.ppp_code, "财库〔2022〕31号"),
    Check(sme_checks.sme_amounts, "财库〔2020〕46号 第八条"),
    Check(sme_checks.sme_share, Sme, ""),
    Check(checks.price_ceiling, "财政部令第87号 第十二条"),
    Check(checks.attachments_required_here, Required),
    Check(budget_checks.direct_application, DirectApplication),
    Check(budget_checks.lines_known, BUDGET),
    Check(budget_checks.line_for_items, BUDGET),
    Check(budget_checks.fund_nature_allowed_here, Choices),
    Check(budget_checks.allocations_cover_amount, BUDGET),
    Check(budget_checks.enough_available, BUDGET),
    Check(method_checks.threshold_configured, Thresholds, "warn"),
    Check(method_checks.splitting, Splitting, ""),
    Check(method_checks.below_limit, Thresholds, "warn"),
    Check(checks.intent_notice, IntentNotice, ""),
    Check(sme_checks.sme_mode, Sme, "warn"),
)


def judge(plan: Plan, rules: Rules) -> Verdict:
    """Applies every check to a plan."""
    return apply(CHECKS, rules, plan, rules)
