"""Budget lines: who may create and change them, and that nothing goes below zero."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from tests.plans.town import FORM, Town

HEADER = "统一社会信用代码,年度,项目编码,项目名称,资金性质,品目编码,金额\n"
HOSPITAL = "1214010000TEXT048K"


def adjust(town: Town, line: dict[str, Any], direction: str, amount: str, **about: Any) -> Response:
    who = about.pop("who", town.qian)
    return town.ask(
        who,
        "POST",
        f"budget-lines/{line['id']}/adjustments",
        json={"direction": direction, "amount": amount, "reason": "年中调整"},
        headers={"If-Match": f'"v{line["version"]}"'},
    )


def upload(town: Town, text: str, *, preview: bool, encoding: str = "utf-8", **about: Any) -> Response:
    kind = about.pop("kind", "budget-lines/imports")
    return town.ask(
        about.pop("who", town.qian),
        "POST",
        f"{kind}?preview={str(preview).lower()}",
        files={"file": ("budget.csv", text.encode(encoding), "text/csv")},
        **about,
    )


def test_a_line_is_adjusted_and_tells_its_ledger(any_town: Town) -> None:
    town = any_town
    line = town.line("100.00")
    more = adjust(town, line, "increase", "20.50").json()
    assert (more["approved"], more["adjusted"], more["available"]) == ("100.00", "20.50", "120.50")
    less = adjust(town, more, "decrease", "70.50").json()
    assert less["available"] == "50.00"
    entries = town.do(town.qian, "GET", f"budget-lines/{line['id']}/entries")["items"]
    assert [entry["amount"] for entry in entries] == ["-70.50", "20.50", "100.00"]


def test_a_line_is_never_cut_below_what_plans_have_taken(town: Town) -> None:
    line = town.line("100000.00")
    town.submitted(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    seen = town.do(town.qian, "GET", f"budget-lines/{line['id']}")
    refused = adjust(town, seen, "decrease", "40000.01")
    assert (refused.status_code, refused.json()["code"]) == (409, "below_taken")
    assert refused.json()["available"] == "40000.00"
    assert adjust(town, seen, "decrease", "40000.00").json()["available"] == "0.00"


def test_an_adjustment_needs_the_version_that_was_seen(town: Town) -> None:
    line = town.line("100.00")
    adjust(town, line, "increase", "1.00")
    stale = adjust(town, line, "increase", "1.00")
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")


def test_who_may_write_budgets(town: Town) -> None:
    line = town.line("100.00")
    assert adjust(town, line, "increase", "1.00", who=town.lin).status_code == 403
    assert adjust(town, line, "increase", "1.00", who=town.he).status_code == 404
    assert adjust(town, line, "increase", "1.00", who=town.yuan).status_code == 404
    body = {
        "organisation_id": str(town.hospital),
        "fiscal_year": 2026,
        "project_code": "P",
        "project_name": "项目",
        "fund_nature": "general",
        "amount": "1.00",
    }
    assert town.ask(town.lin, "POST", "budget-lines", json=body).json()["code"] == "role_required"
    assert town.ask(town.yuan, "POST", "budget-lines", json=body).json()["code"] == "outside_district"


def test_a_unit_that_is_not_active_gets_no_line(town: Town) -> None:
    closed = town.organisation("旧学校", "140100", active=False)
    body = {
        "organisation_id": str(closed),
        "fiscal_year": 2026,
        "project_code": "P",
        "project_name": "项目",
        "fund_nature": "general",
        "amount": "1.00",
    }
    refused = town.ask(town.qian, "POST", "budget-lines", json=body)
    assert refused.status_code == 422
    errors = refused.json()["errors"]
    assert [(one["code"], one["pointer"]) for one in errors] == [("unit_inactive", "/organisation_id")]


def test_who_sees_which_lines(town: Town) -> None:
    own, other = town.line("1.00"), town.line("1.00", unit=town.school)
    seen = {line["id"] for line in town.do(town.lin, "GET", "budget-lines")["items"]}
    assert seen == {own["id"]}
    seen = {line["id"] for line in town.do(town.qian, "GET", "budget-lines?year=2026")["items"]}
    assert seen == {own["id"], other["id"]}
    assert town.do(town.yuan, "GET", "budget-lines")["items"] == []
    assert town.ask(town.he, "GET", f"budget-lines/{own['id']}").status_code == 404


def test_the_same_line_twice_is_refused(town: Town) -> None:
    town.line("1.00", project_code="P-1")
    again = town.ask(
        town.qian,
        "POST",
        "budget-lines",
        json={
            "organisation_id": str(town.hospital),
            "fiscal_year": 2026,
            "project_code": "P-1",
            "project_name": "设备购置",
            "fund_nature": "general",
            "amount": "2.00",
        },
    )
    assert (again.status_code, again.json()["code"]) == (409, "budget_line_exists")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk"])
def test_an_import_is_previewed_and_then_kept(any_town: Town, encoding: str) -> None:
    town = any_town
    text = (
        HEADER
        + f"{HOSPITAL},2026,P-1,设备购置,一般公共预算资金,,1000.00\n"
        + f"{HOSPITAL},2026,P-2,服务,general,C16070300,20.5\n"
    )
    seen = upload(town, text, preview=True, encoding=encoding).json()
    assert (seen["preview"], seen["rows"], seen["created"], seen["problems"]) == (True, 2, 0, [])
    assert town.do(town.qian, "GET", "budget-lines")["items"] == []
    key = {"Idempotency-Key": "import"}
    done = upload(town, text, preview=False, encoding=encoding, headers=key).json()
    assert done["created"] == 2
    assert upload(town, text, preview=False, encoding=encoding, headers=key).json() == done
    lines = town.do(town.lin, "GET", "budget-lines")["items"]
    assert {line["available"] for line in lines} == {"1000.00", "20.50"}


def test_an_import_with_one_wrong_line_keeps_nothing_and_names_every_problem(town: Town) -> None:
    text = (
        HEADER
        + f"{HOSPITAL},2026,P-1,设备购置,general,,1000.00\n"
        + f"{HOSPITAL},2026,P-1,设备购置,general,,5\n"
        + "1114012100TEXT072L,2026,P-2,别处,general,,5\n"
        + f"{HOSPITAL},26,P-3,设备,money,X1,-5\n"
    )
    wrong = {
        (3, "project_code", "budget_line_exists"),
        (4, "uscc", "unit_unknown"),
        (5, "fiscal_year", "year_malformed"),
        (5, "fund_nature", "unknown_choice"),
        (5, "catalogue_code", "catalogue_code_malformed"),
        (5, "amount", "amount_negative"),
    }
    seen = upload(town, text, preview=True).json()
    assert {(one["line"], one["column"], one["code"]) for one in seen["problems"]} == wrong
    refused = upload(town, text, preview=False)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    found = {(one["pointer"], one["code"]) for one in refused.json()["errors"]}
    assert found == {(f"/lines/{line}/{column}", code) for line, column, code in wrong}
    assert town.do(town.qian, "GET", "budget-lines")["items"] == []


def test_an_import_needs_the_finance_role(town: Town) -> None:
    assert upload(town, HEADER, preview=True, who=town.lin).status_code == 403


CHANGES = "统一社会信用代码,年度,项目编码,资金性质,品目编码,调整方向,金额,调整原因\n"


def change(town: Town, text: str, *, preview: bool = False, **about: Any) -> Response:
    return upload(town, CHANGES + text, preview=preview, kind="budget-lines/adjustments/imports", **about)


def test_adjustments_of_many_lines_are_previewed_and_then_kept(any_town: Town) -> None:
    town = any_town
    one, two = town.line("100.00", project_code="P-1"), town.line("50.00", project_code="P-2")
    text = (
        f"{HOSPITAL},2026,P-1,一般公共预算资金,,调增,20.50,年中追加\n"
        f"{HOSPITAL},2026,P-2,general,,调减,50.00,压减\n"
        f"{HOSPITAL},2026,P-1,general,,decrease,0.50,核减\n"
    )
    seen = change(town, text, preview=True).json()
    assert (seen["preview"], seen["rows"], seen["created"], seen["problems"]) == (True, 3, 0, [])
    assert [town.available(line) for line in (one, two)] == ["100.00", "50.00"]
    key = {"Idempotency-Key": "changes"}
    done = change(town, text, headers=key).json()
    assert (done["created"], change(town, text, headers=key).json()) == (3, done)
    assert [town.available(line) for line in (one, two)] == ["120.00", "0.00"]
    entries = town.do(town.qian, "GET", f"budget-lines/{one['id']}/entries")["items"]
    assert [(entry["amount"], entry["reason"]) for entry in entries[:2]] == [
        ("-0.50", "核减"),
        ("20.50", "年中追加"),
    ]


def test_a_cut_below_what_plans_have_taken_is_refused_line_by_line_and_nothing_is_kept(town: Town) -> None:
    line, other = town.line("100000.00", project_code="P-1"), town.line("10.00", project_code="P-2")
    town.submitted(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    text = (
        f"{HOSPITAL},2026,P-2,general,,调增,5,追加\n"
        f"{HOSPITAL},2026,P-1,general,,调减,40000.00,压减\n"
        f"{HOSPITAL},2026,P-1,general,,调减,0.01,再压减\n"
        f"{HOSPITAL},2025,P-1,general,,调减,1,没有这条\n"
        f"1114012100TEXT072L,2026,P-1,general,,调减,1,别处\n"
        f"{HOSPITAL},2026,P-1,general,,借,-5,\n"
    )
    assert change(town, text).status_code == 422
    found = change(town, text, preview=True).json()
    assert {(problem["line"], problem["code"]) for problem in found["problems"]} == {
        (4, "below_taken"),
        (5, "budget_line_unknown"),
        (6, "unit_unknown"),
        (7, "direction_unknown"),
        (7, "amount_negative"),
        (7, "cell_missing"),
    }
    assert "可用 0.00 元" in next(p["text"] for p in found["problems"] if p["code"] == "below_taken")
    assert found["created"] == 0
    assert [town.available(line) for line in (line, other)] == ["40000.00", "10.00"]
    assert change(town, text, who=town.lin).json()["code"] == "role_required"


def test_one_cheap_item_does_not_open_a_line_that_is_bound_to_its_code(town: Town) -> None:
    line = town.line(catalogue_code="A02010000")
    shredder = {"catalogue_code": "A02021300", "name": "碎纸机", "unit": "台"}
    items = [
        {**FORM["items"][0], "quantity": "1", "unit_price": "1.00"},
        {**shredder, "quantity": "1", "unit_price": "59999.00"},
    ]
    parts = [{"budget_line_id": line["id"], "amount": "60000.00"}]
    plan = town.draft(items=items, allocations=parts)
    (error,) = town.submit(plan).json()["errors"]
    assert (error["code"], error["pointer"]) == ("budget_line_exceeds_items", "/allocations/0/amount")
    assert "60000.00 元，超过该品目明细金额 1.00 元" in error["detail"]
    assert town.available(line) == "100000.00"
    free = {"budget_line_id": town.line()["id"], "amount": "59999.00"}
    town.submitted(items=items, allocations=[{**parts[0], "amount": "1.00"}, free])
    assert town.available(line) == "99999.00"
