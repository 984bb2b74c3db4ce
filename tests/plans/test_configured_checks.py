"""Checks that a district configures, on paper; no database."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.plans import request_checks
from services.plans.attachment import Attachment
from services.plans.form import Allocation
from services.plans.imports import checks as import_checks
from services.plans.plan import Plan
from services.plans.plan_checks import CHECKS, judge
from services.plans.policy import national
from tests.plans.paper import a_line, a_plan, a_policy, a_threshold, a_unit, the_rules


def problems(plan: Plan, **rules: Any) -> set[str]:
    return {problem.code for problem in judge(plan, the_rules(**rules)).problems}


def warnings(plan: Plan, **rules: Any) -> set[str]:
    return {warning.code for warning in judge(plan, the_rules(**rules)).warnings}


def test_required_attachments_hold_in_the_case_they_name() -> None:
    wanted = {"attachment_kind": "argument", "label": "论证意见", "when": {"methods": ["single_source"]}}
    policy = a_policy(required={"attachments": [wanted]})
    assert problems(a_plan(), policy=policy) == set()
    single = a_plan(method="single_source")
    assert problems(single, policy=policy) == {"attachment_required"}
    file = Attachment(kind="argument", name="论证.pdf", size=1, sha256="0" * 64)
    assert problems(single, policy=policy, attachments=[file]) == set()


@pytest.mark.parametrize(
    ("when", "header", "wanted"),
    [
        ({}, {}, True),
        ({"kinds": ["services"]}, {}, False),
        ({"kinds": ["goods", "works"], "methods": ["open_tender"]}, {}, True),
        ({"kinds": ["goods"], "methods": ["inquiry"]}, {}, False),
        ({"amount_from": "60000.00"}, {}, True),
        ({"amount_from": "60000.01"}, {}, False),
        ({"imported": True}, {}, False),
        ({"imported": True}, {"is_imported": True, "import_filing_note": "已备案"}, True),
        ({"above_open_tender": True}, {}, True),
    ],
)
def test_a_field_is_required_in_the_cases_that_the_district_names(
    when: dict[str, Any], header: dict[str, Any], wanted: bool
) -> None:
    policy = a_policy(required={"fields": [{"field": "purpose", "when": when}]})
    about = {"policy": policy, "unit": a_unit(import_exempt_class="research")}
    found = problems(a_plan(**header), threshold=a_threshold(6_000_000), **about)
    assert found == ({"required_here"} if wanted else set())
    assert problems(a_plan(purpose="更新", **header), threshold=a_threshold(6_000_000), **about) == set()


def test_money_and_dates_can_be_required_too() -> None:
    fields = [{"field": name} for name in ("price_ceiling", "intent_notice_date", "sme_mode")]
    policy = a_policy(required={"fields": fields})
    found = judge(a_plan(), the_rules(policy=policy)).problems
    assert [problem.pointer for problem in found] == ["/price_ceiling", "/intent_notice_date", "/sme_mode"]
    given = a_plan(price_ceiling_fen=0, intent_notice_date=date(2026, 1, 1), sme_mode="whole")
    assert problems(given, policy=policy) == set()


def test_every_finding_names_its_rule_its_version_and_the_law() -> None:
    single = a_plan(method="single_source", is_imported=True)
    rules = the_rules(threshold=a_threshold(6_000_000))
    verdict = judge(single, rules)
    basis = {finding.code: finding.basis for finding in (*verdict.problems, *verdict.warnings)}
    assert None not in basis.values()
    threshold = basis["method_ground_required"]
    assert threshold is not None
    assert (threshold.rule, threshold.district_code, threshold.version) == ("thresholds", "140100", 3)
    assert (threshold.effective_from, threshold.source) == ("2026-06-01", "市财购〔2026〕1号")
    assert "第二十七条" in threshold.law
    national = basis["import_approval_required"]
    assert national is not None
    assert (national.rule, national.district_code) == ("imports", "000000")


def test_every_check_stands_on_a_law() -> None:
    of_requests = (*request_checks.ANY, *request_checks.REVOCATION, *request_checks.CHANGE)
    for check in (*CHECKS, *of_requests, *import_checks.CHECKS):
        basis = check.basis(the_rules())
        assert basis.law
        assert basis.rule


@pytest.mark.parametrize(("enforcement", "level"), [("off", ""), ("warn", "warning"), ("block", "problem")])
def test_a_district_says_whether_a_check_warns_or_refuses(enforcement: str, level: str) -> None:
    policy = a_policy(splitting={"enforcement": enforcement})
    about = {"policy": policy, "threshold": a_threshold(8_000_000), "bought_before": {"A02010100": 2_000_001}}
    plan = a_plan(method="inquiry")
    assert ("splitting_suspected" in problems(plan, **about)) == (level == "problem")
    assert ("splitting_suspected" in warnings(plan, **about)) == (level == "warning")


def test_a_district_says_which_units_file_instead_of_asking() -> None:
    imported = a_plan(is_imported=True, import_filing_note="已备案")
    about = {"unit": a_unit(import_exempt_class="research")}
    assert problems(imported, **about) == set()
    strict = a_policy(imports={"exempt_classes": ["university"]})
    assert problems(imported, policy=strict, **about) == {"import_approval_required"}


def test_methods_that_a_district_does_not_use() -> None:
    policy = a_policy(choices={"methods": ["open_tender"]})
    assert problems(a_plan(), policy=policy) == set()
    assert problems(a_plan(method="inquiry"), policy=policy) == {"method_not_allowed_here"}


def test_money_that_a_district_does_not_use() -> None:
    line = a_line()
    parts = [Allocation(position=0, budget_line_id=line.id, amount_fen=6_000_000)]
    policy = a_policy(choices={"fund_natures": ["gov_fund"]})
    assert problems(a_plan(parts=parts), lines={line.id: line}, policy=policy) == {"fund_nature_not_allowed"}


def test_a_year_closes_on_its_day() -> None:
    def closing(day: str) -> set[str]:
        return problems(a_plan(), policy=a_policy(years={"years": [{"year": 2026, "closes_on": day}]}))

    assert closing("2026-11-23") == set()
    assert closing("2026-11-22") == {"year_not_open"}
    coming = a_policy(years={"years": [{"year": 2026, "opens_on": "2026-11-24"}]})
    assert problems(a_plan(), policy=coming) == {"year_not_open"}


def test_the_intent_is_public_thirty_days_before_the_end_of_the_expected_month() -> None:
    def intent(day: date, month: str = "2026-12") -> set[str]:
        return warnings(a_plan(intent_notice_date=day, expected_month=month)) & {
            "intent_notice_late",
            "intent_notice_missing",
        }

    assert warnings(a_plan()) >= {"intent_notice_missing"}
    assert intent(date(2026, 12, 1)) == set()
    assert intent(date(2026, 12, 2)) == {"intent_notice_late"}
    assert intent(date(9999, 12, 31)) == {"intent_notice_late"}
    assert intent(date(2026, 12, 31), "") == set()


SME = {
    "enforcement": "block",
    "goods": {"whole_up_to": "50000.00", "reserved_percent": 30, "micro_percent": 60},
    "services": {"whole_up_to": "0.00", "reserved_percent": 0, "micro_percent": 0},
    "works": {"whole_up_to": "60000.00", "reserved_percent": 40, "micro_percent": 60},
}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"sme_mode": "whole"}, ""),
        ({"sme_mode": "whole", "sme_reserved_fen": 6_000_000}, ""),
        ({"sme_mode": "whole", "sme_reserved_fen": 5_999_999}, "sme_not_wholly_reserved"),
        ({"sme_mode": "package", "sme_reserved_fen": 1_800_000, "sme_micro_fen": 1_080_000}, ""),
        (
            {"sme_mode": "package", "sme_reserved_fen": 1_799_999, "sme_micro_fen": 1_080_000},
            "sme_reserved_too_small",
        ),
        (
            {"sme_mode": "subcontract", "sme_reserved_fen": 1_800_000, "sme_micro_fen": 1_079_999},
            "sme_micro_too_small",
        ),
        ({"sme_mode": "none", "sme_reason": "不适宜由中小企业提供"}, ""),
        (
            {
                "kind": "works",
                "sme_mode": "package",
                "sme_reserved_fen": 5_000_000,
                "sme_micro_fen": 5_000_000,
            },
            "sme_not_wholly_reserved",
        ),
    ],
)
def test_what_is_reserved_for_small_and_medium_enterprises(header: dict[str, Any], code: str) -> None:
    """财库〔2020〕46号 art. 8; the plan is of 60 000 yuan."""
    policy = a_policy(sme=SME)
    found = {one for one in problems(a_plan(**header), policy=policy) if one.startswith("sme_")}
    assert found == ({code} if code else set())
    lax = a_policy(sme={**SME, "enforcement": "warn"})
    assert (code in warnings(a_plan(**header), policy=lax)) == bool(code)


def test_the_share_of_works_follows_the_dated_table() -> None:
    """财库〔2022〕19号 raised it to 40 % for works from 2022-07-01 on."""
    shares = {
        day: next(version.content for version in national(day) if version.topic == "sme")
        for day in (date(2022, 6, 30), date(2022, 7, 1))
    }
    assert [content.works.reserved_percent for content in shares.values()] == [30, 40]  # type: ignore[union-attr]
    assert [content.goods.whole_up_to for content in shares.values()] == [200_000_000] * 2  # type: ignore[union-attr]


def test_nothing_said_of_small_and_medium_enterprises_is_a_warning() -> None:
    assert "sme_mode_missing" in warnings(a_plan())
    own = a_plan(organisation_form="outside_scope", method="self_purchase")
    assert "sme_mode_missing" not in warnings(own)
