"""Closing: by the holder, and at the end of the year, with a report on every plan."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.plans.plan import Plan
from services.plans.topics.applying import OpenYear
from services.plans.year_end import YearEndRun, go_on, handle
from shared.database import new_id
from shared.events.approvals import CaseApproved
from tests.plans.town import Town

OLD_YEAR = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
"""One minute before midnight in Shanghai."""
NEW_YEAR = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)


def until(town: Town, at: datetime) -> None:
    town.clock.move(seconds=(at - town.clock.now()).total_seconds())


def end_of_year(town: Town, at: datetime = NEW_YEAR) -> None:
    """Time passes, ticks and jobs run until nothing is due."""
    until(town, at)
    town.run_ticks()
    while town.run_jobs():
        pass


def reports(town: Town, who: UUID | None = None, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = town.do(who or town.qian, "GET", f"year-end/reports?{query}")["items"]
    return rows


def test_the_holder_closes_a_plan_and_the_rest_is_released(any_town: Town) -> None:
    town = any_town
    line = town.line("100000.00")
    plan = town.usable(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    trade = town.trade(plan, "20000.00")
    plan = town.plan(plan)
    running = town.act(town.lin, plan, "close")
    assert (running.status_code, running.json()["code"]) == (409, "live_trade")
    town.award(trade, "15000.00")
    answer = town.act(town.lin, town.plan(plan), "close", reason="项目已完成")
    assert answer.status_code == 200, answer.text
    closed = answer.json()
    assert (closed["status"], closed["status_label"]) == ("closed", "已结束")
    assert (closed["remaining"], closed["consumed"]) == ("0.00", "15000.00")
    assert closed["allocations"][0]["consumed"] == "15000.00"
    assert town.available(line) == "85000.00"
    told = town.published("plan.status_changed")[-1].data
    assert (told["status"], told["previous_status"], told["reason"]) == ("closed", "in_use", "项目已完成")
    entry = town.stream(f"plans/{plan['id']}/history")[-1]
    assert entry["text"] == "结束采购计划，释放 45000.00 元：项目已完成"
    assert town.act(town.lin, closed, "close").json()["code"] == "wrong_state"
    assert town.start(closed, "1.00").json()["code"] == "wrong_state"


def test_the_award_of_a_closed_plan_is_reversed_and_its_budget_gets_the_money_back(any_town: Town) -> None:
    town = any_town
    lines = [town.line("40000.00"), town.line("20000.00")]
    parts = [{"budget_line_id": line["id"], "amount": line["available"]} for line in lines]
    plan = town.usable(allocations=parts)
    trades = [town.trade(plan, amount) for amount in ("45000.00", "5000.00")]
    for trade in trades:
        assert town.award(trade, trade["amount"]).status_code == 200
    assert town.act(town.lin, town.plan(plan), "close").status_code == 200
    assert [town.available(line) for line in lines] == ["0.00", "10000.00"]
    answer = town.report(trades[0], "reverse", reason="供应商放弃")
    assert answer.status_code == 200, answer.text
    closed = town.plan(plan)
    assert (closed["status"], closed["remaining"], closed["consumed"]) == ("closed", "0.00", "5000.00")
    assert [town.available(line) for line in lines] == ["40000.00", "15000.00"]
    told = town.published("trade.reversed")[-1].data
    assert (told["plan_status"], told["remaining_fen"], told["consumed_fen"]) == ("closed", 0, 500000)
    assert town.report(trades[1], "reverse", reason="供应商放弃").status_code == 200
    assert town.plan(plan)["status"] == "closed"
    assert [town.available(line) for line in lines] == ["40000.00", "20000.00"]
    again = town.report(trades[1], "reverse", reason="x")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_trade_state")


def test_only_the_holder_closes_and_only_what_he_has_seen(shared_town: Town) -> None:
    town = shared_town
    plan = town.assigned(town.usable(), town.wu)
    for name, status in {"lin": 403, "an": 403, "qian": 403, "he": 404}.items():
        assert (name, town.act(getattr(town, name), plan, "close").status_code) == (name, status)
    assert town.act(town.wu, {**plan, "version": 1}, "close").status_code == 412
    assert town.act(town.wu, plan, "close", reason="x" * 501).status_code == 422
    assert town.act(town.wu, plan, "close").status_code == 200
    assert town.act(town.lin, town.draft(), "close").json()["code"] == "wrong_state"


def test_a_year_that_is_over_closes_its_plans_and_says_which_it_skipped(any_town: Town) -> None:
    town = any_town
    line = town.line("200000.00")
    part = [{"budget_line_id": line["id"], "amount": "60000.00"}]
    free = town.usable(name="未用完", allocations=part)
    town.award(town.trade(free, "10000.00"), "10000.00")
    live = town.usable(name="交易中", allocations=part)
    trade = town.trade(live, "1.00")
    locked = town.usable(name="变更中")
    town.submitted(name="审核中")
    town.draft(name="草稿")
    town.usable(name="明年", fiscal_year=2027)
    with town.store.work() as work:
        held = work.get(Plan, UUID(locked["id"]))
        held.open_request_id, held.open_request_kind = new_id(), "method_change"

    end_of_year(town, OLD_YEAR)
    assert reports(town) == []
    end_of_year(town)
    assert {(row["plan_name"], row["outcome"], row["reason"], row["released"]) for row in reports(town)} == {
        ("未用完", "closed", "year_over", "50000.00"),
        ("交易中", "skipped", "live_trade", "0.00"),
        ("变更中", "skipped", "locked", "0.00"),
        ("审核中", "skipped", "under_review", "0.00"),
    }
    (row,) = reports(town, query="outcome=closed")
    assert (row["reason_label"], row["outcome_label"], row["fiscal_year"]) == ("年度终了", "已结束", 2026)
    assert town.plan(free)["status"] == "closed"
    assert town.available(line) == "130000.00"
    told = town.published("plan.status_changed")[-1].data
    assert (told["status"], told["reason"], told["reason_code"]) == ("closed", "2026 年度终了", "year_over")
    entry = town.stream(f"plans/{free['id']}/history")[-1]
    assert (entry["actor_name"], entry["kind"]) == ("", "closed")

    end_of_year(town, NEW_YEAR)  # the same day again: nothing more
    assert len(reports(town)) == 4
    town.report(trade, "fail", reason="流标")
    end_of_year(town, datetime(2027, 1, 1, 16, 0, tzinfo=UTC))
    assert len(reports(town)) == 5
    assert [row["plan_name"] for row in reports(town, query="outcome=closed")] == ["交易中", "未用完"]


def test_a_skipped_plan_is_reported_again_when_the_reason_has_changed(any_town: Town) -> None:
    town = any_town
    plan = town.submitted()
    for day in range(5):
        end_of_year(town, NEW_YEAR + timedelta(days=day))
    (row,) = reports(town)
    assert (row["reason"], row["at"]) == ("under_review", "2026-12-31T16:00:00Z")
    with town.store.read() as look:
        runs = look.all(select(YearEndRun).order_by(YearEndRun.day))
    assert [(run.skipped, run.finished_at is not None) for run in runs] == [(1, True)] * 5
    assert row["run_id"] == str(runs[-1].id)
    town.tell(CaseApproved, plan)
    town.trade(town.plan(plan), "1.00")
    end_of_year(town, NEW_YEAR + timedelta(days=5))
    assert [row["reason"] for row in reports(town)] == ["live_trade", "under_review"]


def test_a_year_ends_when_the_district_says(any_town: Town) -> None:
    town = any_town
    years = [{"year": 2026, "closes_on": "2027-01-31", "ends_on": "2027-02-28"}, {"year": 2027}]
    town.rule("years", {"years": years})
    until(town, datetime(2027, 1, 10, 2, tzinfo=UTC))
    late = town.usable()
    for day in (11, 12, 27):
        end_of_year(town, datetime(2027, 1, day, 2, tzinfo=UTC))
    (row,) = reports(town)
    assert (row["outcome"], row["reason_label"]) == ("skipped", "年度尚未结转")
    assert town.plan(late)["status"] == "usable"
    end_of_year(town, datetime(2027, 2, 28, 15, 59, tzinfo=UTC))
    assert town.plan(late)["status"] == "usable"
    end_of_year(town, datetime(2027, 2, 28, 16, 0, tzinfo=UTC))
    assert town.plan(late)["status"] == "closed"
    assert [row["reason"] for row in reports(town)] == ["year_over", "year_open"]


@pytest.mark.parametrize(
    ("year", "last_day"),
    [
        ({}, "9999-12-31"),
        ({"closes_on": "2026-11-30"}, "2026-12-31"),
        ({"closes_on": "2027-01-31"}, "2027-01-31"),
        ({"ends_on": "2027-02-28"}, "2027-02-28"),
        ({"closes_on": "2026-11-30", "ends_on": "2026-12-31"}, "2026-12-31"),
    ],
)
def test_the_last_day_of_a_year(year: dict[str, str], last_day: str) -> None:
    assert OpenYear.model_validate({"year": 2026, **year}).last_day == date.fromisoformat(last_day)


@pytest.mark.parametrize(
    "year", [{"ends_on": "2026-12-30"}, {"closes_on": "2027-02-01", "ends_on": "2027-01-31"}]
)
def test_a_year_that_would_end_too_early(shared_town: Town, year: dict[str, str]) -> None:
    answer = shared_town.publish("years", {"years": [{"year": 2026, **year}]})
    assert [error["code"] for error in answer.json()["errors"]] == ["ends_too_early"]


def test_a_run_that_is_repeated_reports_each_plan_once(any_town: Town) -> None:
    town = any_town
    plans = [town.usable(name=f"计划{n}") for n in range(5)]
    until(town, NEW_YEAR)
    town.run_ticks()
    town.run_ticks()
    with town.store.read() as look:
        (run_id,) = look.all(select(YearEndRun.id))
    go_on(town.store, run_id, batch=2)
    with town.store.work() as work:
        handle(work, run_id, UUID(plans[0]["id"]))
    go_on(town.store, run_id, batch=2)
    while town.run_jobs():
        pass
    go_on(town.store, run_id)
    assert sorted(row["plan_name"] for row in reports(town)) == [f"计划{n}" for n in range(5)]
    with town.store.read() as look:
        run = look.get(YearEndRun, run_id)
        assert (run.closed, run.skipped, run.finished_at) == (5, 0, NEW_YEAR)


def test_who_reads_the_reports(town: Town) -> None:
    plan = town.usable()
    town.usable(town.he, name="学校的")
    end_of_year(town)
    for who in (town.qian, town.du):
        assert len(reports(town, who)) == 2
    assert [row["plan_id"] for row in reports(town, query=f"organisation_id={town.hospital}")] == [plan["id"]]
    assert reports(town, query="year=2025") == []
    assert reports(town, town.yuan) == []
    for who in (town.lin, town.an, town.shen, town.platform):
        assert town.ask(who, "GET", "year-end/reports").status_code == 403
    assert town.ask(town.qian, "GET", "year-end/reports?outcome=x").status_code == 422
    assert town.ask(town.qian, "GET", "year-end/reports?cursor=x").json()["code"] == "bad_cursor"
    page = town.do(town.qian, "GET", "year-end/reports?limit=1")
    rest = town.do(town.qian, "GET", f"year-end/reports?limit=1&cursor={page['next']}")
    assert {page["items"][0]["plan_name"], rest["items"][0]["plan_name"]} == {"办公设备采购", "学校的"}
