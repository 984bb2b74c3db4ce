"""Plans that rely on an import approval: covered in kind, unit, year, quantity and money to the last."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from shared.events.approvals import CaseApproved, CaseReturned, CaseTerminated
from tests.plans.imports.customs import Customs
from tests.plans.town import FORM

ITEM_OF_PLAN = {"catalogue_code": "A02321000", "name": "磁共振", "unit": "台", "is_imported": True}


def codes(customs: Customs, plan: dict[str, Any]) -> set[tuple[str, str]]:
    check = customs.town.do(customs.town.lin, "GET", f"plans/{plan['id']}/check")
    return {(problem["code"], problem["pointer"]) for problem in check["problems"]}


def test_a_covered_plan_goes_through_and_takes_its_part(any_customs: Customs) -> None:
    customs = any_customs
    approval = customs.approved()
    plan = customs.planned(approval)
    assert plan["import_approval_id"] == approval["id"]
    sent = customs.town.published("document.submitted")[-1].data["submission"]["content"]
    assert sent["import_approval"] == {
        "approval_number": approval["approval_number"],
        "name": approval["name"],
        "valid_to": "2026-12-31",
    }
    shown = customs.town.do(customs.town.lin, "GET", f"import-approvals/{approval['id']}/coverage")
    assert shown["items"] == [
        {
            "catalogue_code": "A02321000",
            "unit": "台",
            "approved_quantity": "2",
            "approved_amount": "12000000.00",
            "taken_quantity": "1",
            "taken_amount": "5000000.00",
            "left_quantity": "1",
            "left_amount": "7000000.00",
        }
    ]
    assert [row["id"] for row in shown["plans"]] == [plan["id"]]
    customs.town.tell(CaseApproved, plan)
    assert customs.town.plan(plan)["status"] == "usable"


@pytest.fixture(scope="module")
def approval(shared_customs: Customs) -> dict[str, Any]:
    """Two for twelve million, of which nothing is taken."""
    return shared_customs.approved()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"items": [{**ITEM_OF_PLAN, "quantity": "2", "unit_price": "6000000.00"}]}, set()),
        (
            {"items": [{**ITEM_OF_PLAN, "quantity": "3", "unit_price": "1.00"}]},
            {("import_quantity_exceeded", "/items/0/quantity")},
        ),
        (
            {"items": [{**ITEM_OF_PLAN, "quantity": "2", "unit_price": "6000000.01"}]},
            {("import_amount_exceeded", "/items/0/unit_price")},
        ),
        (
            {"items": [{**ITEM_OF_PLAN, "quantity": "1.5", "unit_price": "1.00"}] * 2},
            {("import_quantity_exceeded", "/items/0/quantity")},
        ),
        (
            {"items": [{**ITEM_OF_PLAN, "unit": "套", "quantity": "1", "unit_price": "1.00"}]},
            {("import_unit_differs", "/items/0/unit")},
        ),
        (
            {"items": [{**ITEM_OF_PLAN, "catalogue_code": "A02320700", "quantity": "1", "unit_price": "1"}]},
            {("import_item_not_approved", "/items/0/catalogue_code")},
        ),
        ({"items": FORM["items"]}, {("import_item_missing", "/items")}),
        ({"is_imported": False}, {("imported_flag_missing", "/is_imported")}),
        (
            {"import_approval_id": "00000000-0000-7000-8000-000000000000"},
            {("import_approval_unknown", "/import_approval_id")},
        ),
        ({"import_approval_id": None}, {("import_approval_required", "/is_imported")}),
        (
            {"items": [*FORM["items"], {**ITEM_OF_PLAN, "quantity": "1", "unit_price": "1.00"}]},
            set(),
        ),
    ],
)
def test_what_an_approval_covers(
    shared_customs: Customs, approval: dict[str, Any], changes: dict[str, Any], expected: set[Any]
) -> None:
    plan = shared_customs.plan(approval, **changes)
    assert codes(shared_customs, plan) == expected


def test_another_units_approval_covers_nothing(shared_customs: Customs, approval: dict[str, Any]) -> None:
    town = shared_customs.town
    item = {**ITEM_OF_PLAN, "quantity": "1", "unit_price": "1.00"}
    plan = town.draft(town.he, is_imported=True, import_approval_id=approval["id"], items=[item])
    check = town.do(town.he, "GET", f"plans/{plan['id']}/check")
    assert {problem["code"] for problem in check["problems"]} == {"import_approval_unknown"}


def test_another_year_and_an_approval_that_is_none_yet(
    shared_customs: Customs, approval: dict[str, Any]
) -> None:
    next_year = shared_customs.plan(approval, fiscal_year=2027)
    assert codes(shared_customs, next_year) == {("import_approval_of_other_year", "/import_approval_id")}
    running = shared_customs.published()
    assert codes(shared_customs, shared_customs.plan(running)) == {
        ("import_approval_not_approved", "/import_approval_id")
    }


def test_what_a_plan_gives_back_another_may_take(customs: Customs) -> None:
    approval = customs.approved()
    first = customs.planned(approval, "2")
    second = customs.plan(approval, "1")
    refused = customs.town.submit(second)
    assert refused.json()["errors"][0]["code"] == "import_quantity_exceeded"
    customs.town.tell(CaseReturned, first)
    assert customs.town.submit(second).status_code == 200
    again = customs.town.submit(customs.town.plan(first))
    assert again.json()["errors"][0]["detail"] == "品目 A02321000 超出进口核准数量，剩余 1"


def test_a_closed_plan_counts_if_it_bought_anything(customs: Customs) -> None:
    approval = customs.approved()
    unused, used = customs.planned(approval), customs.planned(approval)
    for plan in (unused, used):
        customs.town.tell(CaseApproved, plan)
    trade = customs.town.trade(customs.town.plan(used), "100.00")
    assert customs.town.award(trade, "100.00").status_code == 200
    for plan in (unused, used):
        closed = customs.town.act(customs.town.lin, customs.town.plan(plan), "close")
        assert closed.status_code == 200
    (item,) = customs.town.do(customs.town.lin, "GET", f"import-approvals/{approval['id']}/coverage")["items"]
    assert (item["taken_quantity"], item["left_quantity"]) == ("1", "1")


def test_an_exempt_unit_files_instead_or_relies_on_an_approval(customs: Customs) -> None:
    town = customs.town
    college = town.organisation("市医学院", "140100", kind="university", import_exempt_class="university")
    mei = town._person("梅经办", college, "handler")
    item = {**ITEM_OF_PLAN, "quantity": "1", "unit_price": "1.00"}

    def problems(**changes: Any) -> list[str]:
        plan = town.draft(mei, is_imported=True, items=[item], **changes)
        return [p["code"] for p in town.do(mei, "GET", f"plans/{plan['id']}/check")["problems"]]

    assert problems() == ["import_filing_note_required"]
    assert problems(import_filing_note="已在财政部门备案") == []
    assert problems(import_approval_id=str(UUID(int=7)), import_filing_note="备案") == [
        "import_approval_unknown"
    ]


# ---- until the last step


def test_invariant_12_an_approval_that_expires_before_the_last_step_stops_the_plan(
    any_customs: Customs,
) -> None:
    customs = any_customs
    town = customs.town
    line = town.line("5000000.00")
    approval = customs.approved()
    plan = customs.planned(approval, allocations=[{"budget_line_id": line["id"], "amount": "5000000.00"}])
    customs.move_to("2027-01-01T00:00:00")  # the clock decides, whether the tick has looked or not
    town.tell(CaseApproved, plan)
    plan = town.plan(plan)
    assert (plan["status"], plan["plan_number"]) == ("returned", None)
    assert (plan["returned"]["by"], plan["returned"]["code"]) == ("system", "import_approval_expired")
    assert town.available(line) == "5000000.00"
    told = town.published("plan.status_changed")[-1].data
    assert (told["status"], told["reason_code"]) == ("returned", "import_approval_expired")


def test_an_approval_expires_after_its_last_day(customs: Customs) -> None:
    approval = customs.approved()
    plan = customs.planned(approval)
    customs.move_to("2026-12-31T23:59:59")
    customs.tick()
    assert customs.now(approval)["status"] == "approved"
    customs.move_to("2027-01-01T00:00:00")
    customs.tick()
    customs.tick()
    assert customs.now(approval)["status_label"] == "已失效"
    assert customs.town.plan(plan)["status"] == "under_review"
    customs.town.run_jobs()
    plan = customs.town.plan(plan)
    assert (plan["status"], plan["returned"]["code"]) == ("returned", "import_approval_expired")
    ended = customs.town.published("document.cancelled")[-1].data
    assert (ended["doc_type"], ended["doc_id"]) == ("plan", plan["id"])
    customs.town.tell(CaseTerminated, plan)
    assert customs.town.plan(plan)["version"] == plan["version"]


def test_finance_revokes_an_approval_and_plans_under_review_come_back(any_customs: Customs) -> None:
    customs = any_customs
    town = customs.town
    approval = customs.approved()
    waiting, usable = customs.planned(approval), customs.planned(approval)
    town.tell(CaseApproved, usable)
    for who, status, code in (
        (town.lin, 403, "role_required"),
        (town.du, 403, "role_required"),
        (town.he, 404, "not_found"),
        (town.yuan, 404, "not_found"),
    ):
        answer = customs.act(who, approval, "revoke", reason="国产化替代")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    seen = customs.now(approval, town.qian)
    assert {a["action"] for a in seen["available_actions"] if a["allowed"]} == {"revoke"}
    revoked = customs.done(customs.act(town.qian, seen, "revoke", reason="国产化替代"))
    assert (revoked["status"], revoked["returned"]["code"]) == ("rejected", "revoked")
    late = customs.act(town.qian, revoked, "revoke", reason="再次")
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    town.run_jobs()
    assert town.plan(waiting)["returned"]["code"] == "import_approval_revoked"
    assert "国产化替代" in town.plan(waiting)["returned"]["reason"]
    assert town.plan(usable)["status"] == "usable"
    again = town.submit(town.plan(waiting))
    assert again.json()["errors"][0]["code"] == "import_approval_revoked"


def test_a_plan_that_every_step_agreed_to_before_the_job_came_is_returned_all_the_same(
    customs: Customs,
) -> None:
    approval = customs.approved()
    plan = customs.planned(approval)
    customs.done(customs.act(customs.town.qian, approval, "revoke", reason="国产化替代"))
    customs.town.tell(CaseApproved, plan)
    assert customs.town.plan(plan)["returned"]["code"] == "import_approval_revoked"
    customs.town.run_jobs()
    assert customs.town.plan(plan)["version"] == plan["version"] + 1
