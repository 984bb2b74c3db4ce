"""The rules of a plan, read like the policy; no database."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.plans.budget import BudgetLine, Entry
from services.plans.form import Allocation, PlanItem
from services.plans.plan import Plan
from services.plans.plan_checks import judge
from services.plans.submission import build, content_of
from tests.plans.paper import AT, a_code, a_line, a_plan, a_threshold, a_unit, an_item, the_rules


def problems(plan: Plan, **rules: Any) -> set[str]:
    return {problem.code for problem in judge(plan, the_rules(**rules)).problems}


def warnings(plan: Plan, **rules: Any) -> set[str]:
    return {warning.code for warning in judge(plan, the_rules(**rules)).warnings}


def test_a_complete_plan_has_no_problems() -> None:
    assert problems(a_plan()) == set()


def test_an_empty_form_is_told_everything_at_once() -> None:
    plan = a_plan([], name="", kind=None, organisation_form=None, method=None)
    found = judge(plan, the_rules()).problems
    assert {problem.pointer for problem in found} == {
        "/name",
        "/kind",
        "/organisation_form",
        "/method",
        "/items",
    }
    assert all(problem.text and problem.text_en for problem in found)


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (an_item("A09999999"), "catalogue_code_unknown"),
        (an_item("A02000000"), "catalogue_code_not_selectable"),
        (an_item("C24000000"), "catalogue_kind_mismatch"),
        (an_item(price=0), "amount_not_positive"),
        (an_item(quantity="0"), "required"),
        (an_item(name=""), "required"),
        (an_item(is_imported=True), "imported_flag_missing"),
    ],
)
def test_items(item: PlanItem, code: str) -> None:
    assert code in problems(a_plan([item]))


def test_a_ppp_service_needs_its_flag() -> None:
    services = [an_item("C24000000")]
    assert "ppp_flag_missing" in problems(a_plan(services, kind="services"))
    assert "ppp_flag_missing" not in problems(a_plan(services, kind="services", is_ppp=True))


def test_imported_products_need_an_approval_unless_the_unit_is_exempt() -> None:
    imported = a_plan(is_imported=True)
    assert problems(imported) == {"import_approval_required"}
    assert problems(imported, unit=a_unit(import_exempt_class="university")) == {
        "import_filing_note_required"
    }
    noted = a_plan(is_imported=True, import_filing_note="已备案")
    assert problems(noted, unit=a_unit(import_exempt_class="university")) == set()


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"method": "inquiry", "kind": "services"}, "method_not_for_kind"),
        ({"method": "agreement_supply"}, "method_not_in_force"),
        ({"method": "self_purchase"}, "method_not_for_form"),
        ({"method": "single_source", "method_ground": "uniform_goods"}, "ground_not_for_method"),
        ({"sme_reserved_fen": 6_000_001}, "sme_reserved_too_large"),
        ({"sme_reserved_fen": 5, "sme_micro_fen": 6}, "sme_micro_too_large"),
        ({"sme_mode": "none"}, "sme_reason_required"),
        ({"price_ceiling_fen": 6_000_001}, "price_ceiling_too_large"),
    ],
)
def test_fields_that_do_not_fit(header: dict[str, Any], code: str) -> None:
    assert code in problems(a_plan(**header))


def test_another_method_from_the_open_tender_amount_on_needs_a_ground_and_a_reason() -> None:
    """政府采购法 art. 27; reaching the amount counts."""
    plan = a_plan(method="single_source")
    assert problems(plan, threshold=a_threshold(6_000_001)) == set()
    assert problems(plan, threshold=a_threshold(6_000_000)) == {
        "method_ground_required",
        "method_reason_required",
    }
    argued = a_plan(method="single_source", method_ground="emergency", method_reason="抢险")
    assert problems(argued, threshold=a_threshold(6_000_000)) == set()


ONLY = {"method": "single_source", "method_ground": "only_supplier", "method_reason": "唯一供应商"}
NOTICE = {"notice_number": "DY-1", "notice_supplier": "某某公司", "notice_date": date(2026, 11, 13)}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({**NOTICE}, ""),
        ({}, "notice_required"),
        ({**NOTICE, "notice_supplier": ""}, "notice_required"),
        ({**NOTICE, "notice_date": date(2026, 11, 16)}, "notice_not_over"),
        ({**NOTICE, "notice_date": date(2026, 12, 28)}, "calendar_year_missing"),
        ({"method_ground": "follow_up"}, ""),
        ({"method": "open_tender", "method_ground": None}, ""),
    ],
)
def test_a_plan_to_buy_from_the_only_supplier_is_noticed_first(header: dict[str, Any], code: str) -> None:
    """条例 art. 38; asked for at the open-tender amount, and not below it."""
    plan = a_plan(**{**ONLY, **header})
    assert problems(plan, threshold=a_threshold(6_000_000)) == ({code} if code else set())
    assert problems(plan, threshold=a_threshold(6_000_001)) == set()
    assert problems(plan) == set()


def test_own_purchase_only_below_the_limit() -> None:
    plan = a_plan(organisation_form="outside_scope", method="self_purchase")
    assert problems(plan, threshold=a_threshold(10**9, limit=6_000_001)) == set()
    assert problems(plan, threshold=a_threshold(10**9, limit=6_000_000)) == {"form_not_for_amount"}


def test_missing_thresholds_are_a_warning_never_a_silent_pass() -> None:
    assert "threshold_not_configured" in warnings(a_plan())
    assert "threshold_not_configured" not in warnings(a_plan(), threshold=a_threshold(10**9))


def test_splitting_is_suspected_when_the_year_adds_up_over_the_amount() -> None:
    """条例 art. 28."""
    plan, limit = a_plan(method="inquiry"), a_threshold(8_000_000)

    def suspected(plan: Plan, **before: int) -> bool:
        return "splitting_suspected" in warnings(plan, threshold=limit, bought_before=before)

    assert suspected(plan, A02010100=2_000_001)
    assert not suspected(plan, A02010100=2_000_000)
    assert not suspected(a_plan(), A02010100=0)
    mixed = a_plan([an_item(), an_item("A02021300")], method="inquiry")
    assert not suspected(mixed, A02010100=2_000_000)  # what the other item costs is of another class
    approved = a_plan([an_item(quantity="20")], method="inquiry")
    assert not suspected(approved, A02010100=2_000_001)  # the finance office agrees to its method


def test_budget_lines_must_fit() -> None:
    line, old, bound = a_line(), a_line(year=2025), a_line(catalogue_code="A05000000")
    lines = {found.id: found for found in (line, old, bound)}

    def allocated(*parts: tuple[BudgetLine, int]) -> set[str]:
        rows = [
            Allocation(position=place, budget_line_id=found.id, amount_fen=fen)
            for place, (found, fen) in enumerate(parts)
        ]
        return problems(a_plan(parts=rows), lines=lines)

    assert allocated((line, 6_000_000)) == set()
    assert allocated((line, 5_999_999)) == {"allocations_differ_from_amount"}
    assert allocated((old, 6_000_000)) == {"budget_line_of_other_year"}
    assert allocated((bound, 6_000_000)) == {"budget_line_for_other_items"}
    assert allocated((line, 6_000_000), (line, 0)) == {"budget_line_repeated", "amount_not_positive"}
    assert allocated((a_line(), 6_000_000)) == {"budget_line_unknown"}
    line.enter(Entry.HELD, 5_000_000, AT)
    assert allocated((line, 6_000_000)) == {"insufficient_budget"}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ({"A02010108": 6_000_000, "": 2_000_000}, ""),
        ({"A02010000": 6_000_000, "A02020000": 2_000_000}, ""),
        ({"A02000000": 7_000_000, "A02010000": 1_000_000}, ""),
        ({"A": 8_000_000}, ""),
        ({"A02010000": 6_000_001, "": 1_999_999}, "budget_line_exceeds_items"),
        ({"A02010000": 4_000_000, "A02010108": 2_000_001, "": 1_999_999}, "budget_line_exceeds_items"),
        ({"A02020000": 8_000_000}, "budget_line_exceeds_items"),
        ({"A02021000": 2_000_000, "": 6_000_000}, "budget_line_for_other_items"),
        ({"A02020100": 2_000_000, "": 6_000_000}, "budget_line_for_other_items"),
    ],
)
def test_a_line_bound_to_a_code_pays_for_no_more_than_the_items_of_that_code(
    lines: dict[str, int], code: str
) -> None:
    """预算法 art. 13; the plan is of 60 000 yuan for A02010108 and 20 000 for A02021300."""
    found = {bound: a_line(catalogue_code=bound) for bound in lines}
    parts = [
        Allocation(position=place, budget_line_id=found[bound].id, amount_fen=fen)
        for place, (bound, fen) in enumerate(lines.items())
    ]
    plan = a_plan([an_item(), an_item("A02021300", "1", 2_000_000)], parts)
    catalogue = {item.catalogue_code: a_code(item.catalogue_code) for item in plan.items}
    rules = the_rules(lines={line.id: line for line in found.values()}, catalogue=catalogue)
    assert {problem.code for problem in judge(plan, rules).problems} == ({code} if code else set())


def test_the_phone_number_stays_here() -> None:
    content = content_of(a_plan(contact_phone="0351-1234567"), the_rules())
    assert "0351-1234567" not in str(content)
    assert content["method_name"] == "公开招标"


def test_a_document_above_256_kib_is_refused() -> None:
    large = [an_item(line_no=n, remark="长" * 500, spec="长" * 500) for n in range(1, 150)]
    _, verdict = build(a_plan(large), the_rules())
    assert {problem.code for problem in verdict.problems} == {"content_too_large"}
