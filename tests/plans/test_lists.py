"""Lists of plans: tabs, filters, pages, and counts that equal them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared.events.approvals import CaseApproved, CaseReturned, CaseWithdrawn, SlotOpened
from tests.plans.imports.customs import Customs
from tests.plans.requests import submitted, tell
from tests.plans.town import Town


def names(town: Town, who: UUID, query: str) -> list[str]:
    return [row["name"] for row in town.do(who, "GET", f"plans?{query}")["items"]]


def test_each_tab_shows_its_plans(any_town: Town) -> None:
    town = any_town
    town.draft(name="甲")
    usable = town.submitted(name="乙")
    town.tell(CaseApproved, usable)
    town.draft(town.wu, name="丙")
    town.draft(town.he, name="丁")
    assert sorted(names(town, town.lin, "tab=mine")) == sorted(["甲", "乙"])
    assert names(town, town.lin, "tab=held") == ["乙"]
    assert set(names(town, town.shen, "tab=unit")) == {"甲", "乙", "丙"}
    assert names(town, town.lin, "tab=district") == []
    assert set(names(town, town.qian, "tab=district")) == {"甲", "乙", "丙", "丁"}
    assert names(town, town.yuan, "tab=district") == []
    assert names(town, town.platform, "tab=district") == []


def test_filters_and_search(town: Town) -> None:
    town.draft(name="100%_预算")
    town.submitted(name="打印机")
    town.draft(name="明年", fiscal_year=2027)
    assert names(town, town.lin, "q=100%25_") == ["100%_预算"]
    assert names(town, town.lin, "q=%25") == ["100%_预算"]
    assert names(town, town.lin, "q=sq-140100") == ["打印机"]
    assert names(town, town.lin, "year=2027") == ["明年"]
    assert names(town, town.lin, "status=under_review") == ["打印机"]
    assert town.ask(town.lin, "GET", "plans?status=nonsense").status_code == 422
    assert town.ask(town.lin, "GET", "plans?cursor=x").json()["code"] == "bad_cursor"
    assert town.ask(town.lin, "GET", "plans?limit=101").status_code == 422


def test_counts_equal_the_lists(any_town: Town) -> None:
    town = any_town
    town.draft()
    town.tell(CaseReturned, town.submitted())
    town.tell(CaseApproved, town.submitted())
    town.submitted(town.he)
    for who in (town.lin, town.shen, town.qian, town.he):
        for query in ("", "&year=2026", "&q=SQ-"):
            counts = town.do(who, "GET", f"plans/counts?{query}")["counts"]
            for tab, numbers in counts.items():
                assert len(names(town, who, f"tab={tab}{query}")) == numbers["all"]
                for status, number in numbers.items():
                    if status != "all":
                        assert len(names(town, who, f"tab={tab}{query}&status={status}")) == number


def test_pages_have_every_plan_once(any_town: Town) -> None:
    town = any_town
    made = [town.draft(name=f"计划{n}")["id"] for n in range(7)]
    seen: list[str] = []
    query = "tab=mine&limit=3"
    while True:
        page: dict[str, Any] = town.do(town.lin, "GET", f"plans?{query}")
        seen += [row["id"] for row in page["items"]]
        if page["next"] is None:
            break
        query = f"tab=mine&limit=3&cursor={page['next']}"
    assert sorted(seen) == sorted(made)
    assert seen == sorted(seen, reverse=True)


def test_a_row_says_who_has_the_plan_now(town: Town) -> None:
    plan = town.submitted()
    town.tell(SlotOpened, plan)
    town.tell(SlotOpened, plan, holder_id=town.rui)
    (row,) = town.do(town.lin, "GET", "plans")["items"]
    assert (row["current_step"], sorted(row["current_holders"])) == ("单位审核", ["沈审核", "芮审核"])
    town.tell(CaseReturned, plan)
    (row,) = town.do(town.lin, "GET", "plans")["items"]
    assert (row["current_holders"], row["returned"]["reason"]) == ([], "数量偏多")


def test_what_came_back_waits_for_its_applicant_whatever_it_is(any_town: Town) -> None:
    town, customs = any_town, Customs(any_town)
    plan, withdrawn = town.submitted(), town.submitted()
    request = submitted(town, town.usable())
    approval = customs.submitted()

    def todo(who: UUID) -> dict[str, dict[str, int]]:
        kinds = ("plans", "requests", "import-approvals")
        return {kind: town.do(who, "GET", f"{kind}/counts")["counts"]["todo"] for kind in kinds}

    assert todo(town.lin) == {kind: {"all": 0} for kind in ("plans", "requests", "import-approvals")}
    town.tell(CaseReturned, plan)
    town.tell(CaseWithdrawn, withdrawn)
    tell(town, CaseReturned, request)
    customs.tell(CaseReturned, approval)
    assert todo(town.lin) == {
        "plans": {"all": 2, "returned": 1, "withdrawn": 1},
        "requests": {"all": 1, "returned": 1},
        "import-approvals": {"all": 1, "returned": 1},
    }
    listed = town.do(town.lin, "GET", "plans?tab=todo")["items"]
    assert [row["id"] for row in listed] == [withdrawn["id"], plan["id"]]
    assert todo(town.wu)["plans"] == todo(town.shen)["plans"] == {"all": 0}
    assert town.submit(town.plan(plan)).status_code == 200
    assert todo(town.lin)["plans"] == {"all": 1, "withdrawn": 1}
