"""What an import application must satisfy, as rules on paper: no database, no request."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from services.plans.attachment import Attachment
from services.plans.imports.approval import ImportApproval
from services.plans.imports.checks import judge
from services.plans.imports.form import ImportExpert, ImportFilled, ImportItem
from services.plans.imports.rules import ImportRules
from services.plans.imports.sending import valid_to
from services.plans.imports.submission import surname
from services.plans.judging import Verdict
from services.plans.topics import Imports
from shared.calendar import Calendar, calendar_year_missing
from tests.plans.paper import AT, LIN, TAIYUAN, a_code, a_policy, a_unit

NOTICE = Calendar({}).add_working_days(date(2026, 11, 23), 5)
TEXTS = {"spec": "", "origin": "", "technical_reason": "静音扫描", "domestic_reason": "国产设备不足"}


def an_item(code: str = "A02321000", **more: Any) -> ImportItem:
    empty = {"name": "磁共振", "unit": "台", "quantity_milli": 2000, "unit_price_fen": 600_000_000}
    return ImportItem(line_no=1, catalogue_code=code, **{**TEXTS, **empty, **more})


def an_expert(n: int, role: str | None = "technical", **more: Any) -> ImportExpert:
    plain = {"name": f"专家{n}", "organisation": f"某大学{n}", "title": "教授", "opinion": "确需进口"}
    return ImportExpert(position=n, expert_role=role, **{**plain, **more})


def a_group(size: int = 5) -> list[ImportExpert]:
    return [an_expert(n, "legal" if n == 0 else "technical") for n in range(size)]


def an_approval(
    items: list[ImportItem] | None = None, experts: list[ImportExpert] | None = None, **header: Any
) -> ImportApproval:
    approval = ImportApproval.draft(2026, LIN, a_unit(), TAIYUAN, AT)
    about = {"name": "磁共振", "category": "other", "purpose": "诊断", "reason": "更新"}
    lists = ([an_item()] if items is None else items, a_group() if experts is None else experts)
    approval.fill(ImportFilled({**about, **header}, *lists), AT)
    return approval


def the_rules(*kinds: str, **changes: Any) -> ImportRules:
    about: dict[str, Any] = {
        "today": date(2026, 11, 23),
        "unit": a_unit(),
        "district": TAIYUAN,
        "policy": a_policy(),
        "catalogue": {
            code.code: code
            for code in (a_code("A02321000"), a_code("A02000000", selectable=False), a_code("C1", "services"))
        },
        "attachments": [
            Attachment(id=uuid4(), kind=kind, name=kind, size=1, sha256="0" * 64)
            for kind in kinds or ("import_form", "argument")
        ],
        "notice": NOTICE,
    }
    return ImportRules(**{**about, **changes})


def codes(verdict: Verdict) -> set[str]:
    return {problem.code for problem in verdict.problems}


def found(approval: ImportApproval, *kinds: str, **rules: Any) -> set[str]:
    return codes(judge(approval, the_rules(*kinds, **rules)))


def test_a_complete_application_has_no_problem() -> None:
    verdict = judge(an_approval(), the_rules())
    assert (verdict.problems, verdict.warnings) == ([], [])


@pytest.mark.parametrize(
    ("category", "kinds", "expected"),
    [
        ("encouraged", ("import_form", "import_policy"), set()),
        ("encouraged", ("import_form",), {"attachment_required"}),
        ("encouraged", ("import_policy",), {"attachment_required"}),
        ("restricted", ("import_form", "argument", "department_opinion"), set()),
        ("restricted", ("import_form", "argument"), {"attachment_required"}),
        ("restricted", ("import_form", "department_opinion"), {"attachment_required"}),
        ("other", ("import_form", "argument"), set()),
        ("other", ("import_form", "department_opinion"), set()),
        ("other", ("import_form",), {"import_support_missing"}),
        ("other", ("argument",), {"attachment_required"}),
    ],
)
def test_each_category_needs_its_documents(category: str, kinds: tuple[str, ...], expected: set[str]) -> None:
    approval = an_approval(category=category, policy_basis="财关税〔2026〕1号")
    assert found(approval, *kinds) == expected


@pytest.mark.parametrize(
    ("experts", "expected"),
    [
        (a_group(5), set()),
        (a_group(7), set()),
        (a_group(3), {"experts_too_few"}),
        (a_group(6), {"experts_even"}),
        ([], {"experts_too_few", "expert_legal_missing"}),
        ([an_expert(n) for n in range(5)], {"expert_legal_missing"}),
        ([*a_group(4), an_expert(4, None)], {"required"}),
        ([*a_group(4), an_expert(4, opinion="")], {"required"}),
        ([*a_group(4), an_expert(4, organisation="市人民医院 放射科")], {"expert_of_purchaser"}),
        ([*a_group(4), an_expert(4, name="专家1", organisation="某大学1")], {"expert_repeated"}),
    ],
)
def test_the_expert_group(experts: list[ImportExpert], expected: set[str]) -> None:
    assert found(an_approval(experts=experts)) == expected


def test_experts_are_not_needed_where_a_policy_or_a_department_speaks() -> None:
    assert found(an_approval(experts=[]), "import_form", "department_opinion") == set()
    encouraged = an_approval(experts=[], category="encouraged", policy_basis="目录")
    assert found(encouraged, "import_form", "import_policy") == set()
    both = found(an_approval(experts=[]), "import_form", "department_opinion", "argument")
    assert both == {"experts_too_few", "expert_legal_missing"}


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], {"required"}),
        ([an_item(name="")], {"required"}),
        ([an_item(unit="")], {"required"}),
        ([an_item(quantity_milli=None)], {"required"}),
        ([an_item(unit_price_fen=0)], {"required"}),
        ([an_item(technical_reason="")], {"required"}),
        ([an_item(domestic_reason="")], {"required"}),
        ([an_item("A99999999")], {"catalogue_code_unknown"}),
        ([an_item("A02000000")], {"catalogue_code_not_selectable"}),
        ([an_item("C1")], {"import_goods_only"}),
        ([an_item(), an_item(unit="套")], {"import_unit_differs"}),
    ],
)
def test_the_items(items: list[ImportItem], expected: set[str]) -> None:
    assert found(an_approval(items)) == expected


def test_all_problems_at_once_with_their_places() -> None:
    approval = an_approval([an_item(name="", unit="")], a_group(4), category="encouraged", reason="")
    verdict = judge(approval, the_rules("argument", no_calendar=calendar_year_missing(2027), notice=None))
    places = {(problem.code, problem.pointer) for problem in verdict.problems}
    assert places == {
        ("required", "/reason"),
        ("required", "/items/0/name"),
        ("required", "/items/0/unit"),
        ("policy_basis_required", "/policy_basis"),
        ("experts_too_few", "/experts"),
        ("attachment_required", "/attachments"),
        ("calendar_year_missing", ""),
    }
    assert all(problem.text and problem.text_en for problem in verdict.problems)


def test_the_unit_and_the_year() -> None:
    assert found(an_approval(), unit=a_unit(active=False)) == {"unit_inactive"}
    assert found(an_approval(), today=date(2030, 1, 1)) == {"year_not_open"}


def test_warnings_stand_in_nobodys_way() -> None:
    late = Calendar({}).add_working_days(date(2026, 12, 24), 5)
    late = type(late)(late.start, date(2027, 1, 4), late.days, late.warnings)
    verdict = judge(an_approval(), the_rules(staff=frozenset({"专家2"}), notice=late))
    assert verdict.problems == []
    assert {warning.code for warning in verdict.warnings} == {
        *("expert_name_in_unit", "validity_over_before_approval")
    }


@pytest.mark.parametrize(
    ("months", "today", "expected"),
    [
        (None, date(2026, 12, 1), date(2026, 12, 31)),
        (12, date(2026, 12, 1), date(2027, 12, 1)),
        (3, date(2026, 11, 30), date(2027, 2, 28)),
        (1, date(2026, 1, 31), date(2026, 2, 28)),
        (24, date(2028, 2, 29), date(2030, 2, 28)),
    ],
)
def test_how_long_an_approval_holds(months: int | None, today: date, expected: date) -> None:
    assert valid_to(an_approval(), Imports(exempt_classes=[], valid_months=months), today) == expected


def test_names_are_not_published_whole() -> None:
    assert [surname(name) for name in ("王小明", "李", "")] == ["王**", "李**", ""]
