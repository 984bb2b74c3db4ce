"""What rules of a district do to its plans: those of today judge today, and leave yesterday as it was."""

from __future__ import annotations

from typing import Any

from httpx2 import Response

from shared.events.approvals import CaseApproved
from tests.plans.requests import CHANGE, act, drafted, submitted, tell
from tests.plans.town import FORM, Town

WARN, BLOCK = {"enforcement": "warn"}, {"enforcement": "block"}
AMOUNTS = {
    "budget_level": "city_county",
    "kind": "goods",
    "open_tender_from": "60000.00",
    "decentralised_limit": "50000.00",
}


def codes(answer: Response) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {problem["code"] for problem in answer.json()["errors"]}


def test_a_district_forbids_direct_applications_and_closes_years(town: Town) -> None:
    town.rule("direct_application", {"allowed": False})
    town.rule("years", {"years": [{"year": 2026, "closes_on": "2026-12-10"}]})
    wanted = {"attachment_kind": "requirement", "label": "采购需求"}
    town.rule("required", {"attachments": [wanted], "fields": [{"field": "leader"}]})
    form = town.do(town.lin, "GET", "form")
    assert form["years"] == [{"year": 2026, "closes_on": "2026-12-10"}]
    assert form["direct_application"] is False
    assert [field["required"] for field in form["fields"] if field["name"] == "leader"] == [True]
    closed = town.ask(town.lin, "POST", "plans", json={**FORM, "fiscal_year": 2027})
    assert codes(closed) == {"year_not_open"}
    assert closed.json()["errors"][0]["basis"]["district_code"] == "140100"
    refused = town.submit(town.draft())
    assert codes(refused) == {"budget_required", "attachment_required", "required_here"}
    town.clock.move(days=18)
    late = town.ask(town.lin, "POST", "plans", json=FORM)
    assert "截止" in late.json()["errors"][0]["detail"]


def test_the_form_offers_what_the_district_allows(town: Town) -> None:
    town.rule("choices", {"methods": ["open_tender", "inquiry"], "fund_natures": ["general"]})
    form = town.do(town.lin, "GET", "form")
    (methods,) = [field["choices"] for field in form["fields"] if field["name"] == "method"]
    assert [choice["code"] for choice in methods] == ["open_tender", "inquiry"]
    assert [choice["code"] for choice in form["fund_natures"]] == ["general"]


def test_numbers_follow_the_pattern_in_force(town: Town) -> None:
    pattern = {"application": "A-{district}-{year}-{seq}", "plan": "{district}[{year}]{seq}号"}
    town.rule("numbers", pattern)
    assert town.usable()["plan_number"] == "140100[2026]000001号"
    assert town.do(town.lin, "GET", "districts/140100/rules/numbers")["content"]["import_approval"] == (
        "JKHZ-{district}-{year}-{seq}"
    )
    town.rule("numbers", None)
    assert town.submitted()["application_number"] == "SQ-140100-2026-000002"


def test_a_rule_of_tomorrow_judges_from_tomorrow_on(town: Town) -> None:
    plan = town.draft(method="inquiry", method_ground="uniform_goods")
    town.rule("thresholds", {"amounts": [AMOUNTS]}, "2026-11-24")
    assert town.do(town.lin, "GET", f"plans/{plan['id']}/check")["problems"] == []
    town.clock.move(days=1)
    (problem,) = town.do(town.lin, "GET", f"plans/{plan['id']}/check")["problems"]
    assert problem["code"] == "method_reason_required"
    assert problem["basis"] == {
        "rule": "thresholds",
        "rule_label": "数额标准",
        "district_code": "140100",
        "version": 1,
        "effective_from": "2026-11-24",
        "source": "市财购〔2026〕1号",
        "is_sample": False,
        "law": "政府采购法 第八条、第二十七条",
    }
    refused = town.submit(plan)
    assert refused.json()["errors"][0]["basis"] == problem["basis"]


def test_a_rule_changed_today_leaves_what_was_judged_before_as_it_was(any_town: Town) -> None:
    town = any_town
    town.rule("splitting", WARN)
    town.rule("text", {"text": "第一版"})
    plan = town.submitted()
    shown = {rule["rule"]: rule for rule in plan["judged_by"]}
    assert (shown["splitting"]["district_code"], shown["splitting"]["version"]) == ("140100", 1)
    assert (shown["thresholds"]["district_code"], shown["thresholds"]["is_sample"]) == ("140000", True)
    warned = {warning["code"] for warning in plan["warnings"]}
    assert warned == {"threshold_is_sample", "intent_notice_missing", "sme_mode_missing"}
    town.rule("splitting", BLOCK)
    town.rule("text", {"text": "第二版"})
    town.rule("intent_notice", {"enforcement": "off", "days": 0})
    assert town.do(town.lin, "GET", "form")["rule_text"]["text"] == "第二版"
    later = town.plan(plan)
    assert (later["judged_by"], later["warnings"]) == (plan["judged_by"], plan["warnings"])
    (frozen,) = town.do(town.lin, "GET", f"plans/{plan['id']}/rounds")
    assert frozen["rules"]["versions"] == plan["judged_by"]
    assert town.draft()["judged_by"] == []
    check = town.do(town.lin, "GET", f"plans/{plan['id']}/check")
    assert {rule["rule"]: rule["version"] for rule in check["rules"]}["splitting"] == 2


def test_a_district_wants_a_longer_notice_of_a_single_source(town: Town) -> None:
    plan = town.usable(items=[{**FORM["items"][0], "quantity": "1000"}])
    form = {
        "kind": "method_change",
        "new_method": "single_source",
        "ground": "only_supplier",
        "reason": "唯一供应商",
        "notice_number": "DY-1",
        "notice_supplier": "某某公司",
        "notice_date": "2026-11-13",  # six working days ago
    }
    request = drafted(town, plan, **form)
    town.rule("single_source", {"notice_days": 7})
    (problem,) = act(town, request, "submit", picks=[str(town.shen)]).json()["errors"]
    assert (problem["code"], problem["basis"]["rule"], problem["basis"]["version"]) == (
        *("notice_not_over", "single_source", 1),
    )
    town.rule("single_source", {"notice_days": 5})
    sent = act(town, request, "submit", picks=[str(town.shen)]).json()
    assert {rule["rule"]: rule["version"] for rule in sent["judged_by"]}["single_source"] == 2


def test_a_single_source_that_is_applied_for_directly_is_noticed_like_one_that_is_changed_to(
    any_town: Town,
) -> None:
    town = any_town
    only: dict[str, Any] = {
        "method": "single_source",
        "method_ground": "only_supplier",
        "method_reason": "唯一供应商",
    }
    plan = town.draft(items=[{**FORM["items"][0], "quantity": "1000"}], **only)
    errors = town.submit(plan).json()["errors"]
    assert [(error["code"], error["pointer"]) for error in errors] == [
        ("notice_required", "/notice_number"),
        ("notice_required", "/notice_supplier"),
        ("notice_required", "/notice_date"),
    ]
    notice: dict[str, Any] = {
        "notice_number": "DY-1",
        "notice_supplier": "某某公司",
        "notice_date": "2026-11-16",
    }
    saved = town.patch(plan, **notice).json()
    assert {name: saved[name] for name in notice} == notice
    (early,) = town.submit(saved).json()["errors"]
    assert (early["code"], early["basis"]["rule"]) == ("notice_not_over", "single_source")
    town.clock.move(days=1)
    assert town.submit(saved).status_code == 200
    content = town.published("document.submitted")[-1].data["submission"]["content"]
    assert {name: content[name] for name in notice} == notice


def test_an_approved_change_to_a_single_source_leaves_its_notice_with_the_plan(town: Town) -> None:
    plan = town.usable()
    notice = {"notice_number": "DY-1", "notice_supplier": "某某公司", "notice_date": "2026-11-16"}
    form = {**CHANGE, "new_method": "single_source", "ground": "only_supplier", **notice}
    tell(town, CaseApproved, submitted(town, plan, **form))
    changed = town.plan(plan)
    assert {name: changed[name] for name in notice} == notice
    tell(town, CaseApproved, submitted(town, changed, **CHANGE))
    assert town.plan(plan)["notice_number"] == ""


def test_splitting_is_refused_where_the_district_says_so(town: Town) -> None:
    line = town.line("200000.00")
    town.rule("thresholds", {"amounts": [{**AMOUNTS, "open_tender_from": "100000.00"}]})
    inquiry: dict[str, Any] = {
        "method": "inquiry",
        "allocations": [{"budget_line_id": line["id"], "amount": "60000.00"}],
    }
    town.submitted(**inquiry)
    second = town.draft(**inquiry)
    town.rule("splitting", BLOCK)
    assert codes(town.submit(second)) == {"splitting_suspected"}
    town.rule("splitting", WARN)
    assert "splitting_suspected" in {one["code"] for one in town.submit(second).json()["warnings"]}


def of_code(code: str, amount: str = "60000.00") -> dict[str, Any]:
    """A plan by inquiry for one thing of a catalogue code."""
    item = {**FORM["items"][0], "catalogue_code": code, "quantity": "1", "unit_price": amount}
    return {"method": "inquiry", "method_reason": "现货充足", "items": [item]}


def where_splitting_is_refused(town: Town) -> None:
    """Above 100 000 yuan together."""
    town.rule("thresholds", {"amounts": [{**AMOUNTS, "open_tender_from": "100000.00"}]})
    town.rule("splitting", BLOCK)


def test_items_of_one_class_and_project_add_up(any_town: Town) -> None:
    town = any_town
    where_splitting_is_refused(town)
    line = town.line("400000.00")
    other: dict[str, Any] = {"allocations": [{"budget_line_id": town.line()["id"], "amount": "60000.00"}]}
    same: dict[str, Any] = {"allocations": [{"budget_line_id": line["id"], "amount": "60000.00"}]}
    town.submitted(**of_code("A02010108"), **same)
    (error,) = town.submit(town.draft(**of_code("A02010105"), **same)).json()["errors"]
    assert error["code"] == "splitting_suspected"
    assert "与“台式计算机”同一类别的品目本年度合计 120000.00 元" in error["detail"]
    town.submitted(**of_code("A02010105"), **other)  # of another project
    town.submitted(**of_code("A02010500"), **same)  # of another class


def test_only_what_is_of_the_class_adds_up(town: Town) -> None:
    where_splitting_is_refused(town)
    mixed = of_code("A02010108", "50000.00")
    mixed["items"] += of_code("A02021300", "30000.00")["items"]
    town.submitted(**mixed)
    town.submitted(**of_code("A02010105", "50000.00"))
    assert codes(town.submit(town.draft(**of_code("A02010105", "0.01")))) == {"splitting_suspected"}


def test_direct_applications_of_a_unit_for_one_class_add_up(any_town: Town) -> None:
    town = any_town
    where_splitting_is_refused(town)
    town.submitted(**of_code("A02010108"))
    assert codes(town.submit(town.draft(**of_code("A02010108")))) == {"splitting_suspected"}
    assert codes(town.submit(town.draft(**of_code("A02010104")))) == {"splitting_suspected"}
    town.submitted(town.he, **of_code("A02010108"))  # of another unit
    line = town.line()
    town.submitted(**of_code("A02010108"), allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    last = town.draft(**of_code("A02010109", "40000.00"))
    assert town.submit(last).status_code == 200


def test_what_the_finance_office_agrees_to_by_itself_is_not_split(town: Town) -> None:
    where_splitting_is_refused(town)
    grounded = {**of_code("A02010108", "200000.00"), "method_ground": "uniform_goods"}
    town.submitted(**grounded)
    town.submitted(**of_code("A02010108"))
    town.submitted(**grounded)
