"""Trades: the holder starts them, the trade system reports; the money of plan and lines follows."""

from __future__ import annotations

from typing import Any

import pytest

from services.plans.plan import Status
from shared.database import new_id
from tests.plans.paper import AT, a_plan
from tests.plans.town import Town


def money(plan: dict[str, Any]) -> tuple[str, str, str, str]:
    return plan["status"], plan["remaining"], plan["committed"], plan["consumed"]


def two_lines(town: Town) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A usable plan of 60000 yuan: 20000 of the first line, 40000 of the second."""
    lines = [town.line("50000.00"), town.line("50000.00")]
    parts = [
        {"budget_line_id": line["id"], "amount": amount}
        for line, amount in zip(lines, ("20000.00", "40000.00"), strict=True)
    ]
    return town.usable(allocations=parts), lines


def sums(town: Town, line: dict[str, Any]) -> tuple[str, str, str]:
    found = town.do(town.qian, "GET", f"budget-lines/{line['id']}")
    return found["reserved"], found["committed"], found["consumed"]


def kinds(town: Town, line: dict[str, Any]) -> list[tuple[str, str]]:
    entries = town.do(town.qian, "GET", f"budget-lines/{line['id']}/entries")["items"]
    return [(entry["kind"], entry["amount"]) for entry in reversed(entries)]


def test_a_trade_takes_from_the_lines_in_the_order_of_the_allocations(any_town: Town) -> None:
    town = any_town
    plan, (first, second) = two_lines(town)
    assert money(plan) == ("usable", "60000.00", "0.00", "0.00")
    assert [part["remaining"] for part in plan["allocations"]] == ["20000.00", "40000.00"]

    answer = town.start(plan, "30000.00", reference="JY-1")
    assert answer.status_code == 201, answer.text
    started = answer.json()
    assert (started["trade"]["state"], started["trade"]["state_label"]) == ("live", "交易中")
    assert (started["plan"]["status_label"], started["plan"]["remaining"]) == ("使用中", "30000.00")
    seen = town.plan(plan)
    assert money(seen) == ("in_use", "30000.00", "30000.00", "0.00")
    assert [(part["remaining"], part["committed"]) for part in seen["allocations"]] == [
        ("0.00", "20000.00"),
        ("30000.00", "10000.00"),
    ]
    assert (sums(town, first), sums(town, second)) == (
        ("0.00", "20000.00", "0.00"),
        ("30000.00", "10000.00", "0.00"),
    )

    awarded = town.award(started["trade"], "25000.00")
    assert awarded.status_code == 200, awarded.text
    assert awarded.json()["trade"]["awarded"] == "25000.00"
    seen = town.plan(plan)
    assert money(seen) == ("in_use", "35000.00", "0.00", "25000.00")
    assert (sums(town, first), sums(town, second)) == (
        ("0.00", "0.00", "20000.00"),
        ("35000.00", "0.00", "5000.00"),
    )
    assert kinds(town, second)[-3:] == [
        ("committed", "10000.00"),
        ("consumed", "5000.00"),
        ("uncommitted", "5000.00"),
    ]

    rest = town.trade(seen, "35000.00")
    town.award(rest, "35000.00")
    seen = town.plan(plan)
    assert money(seen) == ("used_up", "0.00", "0.00", "60000.00")
    assert [part["consumed"] for part in seen["allocations"]] == ["20000.00", "40000.00"]
    assert town.start(seen, "0.01").json()["code"] == "wrong_state"


def test_a_failed_trade_makes_the_plan_usable_again(any_town: Town) -> None:
    town = any_town
    plan, (first, second) = two_lines(town)
    one, two = town.trade(plan, "30000.00"), town.trade(plan, "30000.00")
    failed = town.report(one, "fail", reason="有效供应商不足三家")
    assert failed.json()["trade"]["state_label"] == "已废标"
    assert money(town.plan(plan)) == ("in_use", "30000.00", "30000.00", "0.00")
    town.report(two, "fail", reason="有效供应商不足三家")
    seen = town.plan(plan)
    assert money(seen) == ("usable", "60000.00", "0.00", "0.00")
    assert (sums(town, first), sums(town, second)) == (
        ("20000.00", "0.00", "0.00"),
        ("40000.00", "0.00", "0.00"),
    )
    assert town.assigned(seen, town.wu)["holder_name"] == "吴经办"


def test_a_reversed_award_gives_the_money_back_to_the_plan(any_town: Town) -> None:
    town = any_town
    plan, (first, second) = two_lines(town)
    one, two = town.trade(plan, "10000.00"), town.trade(plan, "50000.00")
    town.award(one, "10000.00")
    town.award(two, "50000.00")
    assert town.plan(plan)["status"] == "used_up"
    answer = town.report(two, "reverse", reason="投诉成立，成交无效")
    assert answer.json()["trade"]["state"] == "ended"
    assert answer.json()["trade"]["awarded"] == "50000.00"
    assert money(town.plan(plan)) == ("in_use", "50000.00", "0.00", "10000.00")
    town.report(one, "reverse", reason="投诉成立，成交无效")
    assert money(town.plan(plan)) == ("usable", "60000.00", "0.00", "0.00")
    assert (sums(town, first), sums(town, second)) == (
        ("20000.00", "0.00", "0.00"),
        ("40000.00", "0.00", "0.00"),
    )


def test_a_plan_without_a_budget_is_used_as_well(town: Town) -> None:
    plan = town.usable()
    trade = town.trade(plan, "60000.00")
    town.award(trade, "60000.00")
    assert money(town.plan(plan)) == ("used_up", "0.00", "0.00", "60000.00")


def test_money_of_a_plan_that_is_not_usable_yet(town: Town) -> None:
    line = town.line("60000.00")
    plan = town.draft(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    assert (money(plan)[1], plan["allocations"][0]["remaining"]) == ("0.00", "0.00")
    plan = town.submit(plan).json()
    assert (money(plan)[1], plan["allocations"][0]["remaining"]) == ("60000.00", "60000.00")


def test_what_is_told_and_kept_of_trades(town: Town) -> None:
    plan, _ = two_lines(town)
    trade = town.trade(plan, "30000.00")
    town.award(trade, "20000.00")
    town.report(trade, "reverse", reason="成交无效")
    town.report(town.trade(plan, "1.00"), "fail", reason="流标")
    told = [event for event in town.published() if event.type.startswith("trade.")]
    assert [(event.type, event.data["plan_status"], event.data["remaining_fen"]) for event in told] == [
        ("trade.started", "in_use", 3_000_000),
        ("trade.awarded", "in_use", 4_000_000),
        ("trade.reversed", "usable", 6_000_000),
        ("trade.started", "in_use", 5_999_900),
        ("trade.failed", "usable", 6_000_000),
    ]
    assert [event.subjectversion for event in told] == [plan["version"] + n for n in range(1, 6)]
    assert told[1].actor == str(town.program)
    statuses = [event.data["status"] for event in town.published("plan.status_changed")]
    assert statuses[-5:] == ["usable", "in_use", "usable", "in_use", "usable"]
    history = town.stream(f"plans/{plan['id']}/history")[-5:]
    assert [entry["kind"] for entry in history] == [
        *("trade_started", "trade_awarded", "trade_reversed", "trade_started", "trade_failed")
    ]
    assert (history[1]["actor_name"], history[1]["data"]["trade_id"]) == ("市交易系统", trade["id"])
    assert {change["field"] for change in history[1]["changes"]} == {"committed", "consumed"}
    trades = town.do(town.shen, "GET", f"plans/{plan['id']}/trades")["items"]
    assert [row["state"] for row in trades] == ["failed", "ended"]


def test_only_the_holder_starts_a_trade(shared_town: Town) -> None:
    town = shared_town
    plan = town.assigned(town.usable(), town.wu)
    seen = {
        **{"lin": (403, "holder_only"), "an": (403, "role_required"), "shen": (403, "role_required")},
        **{"qian": (403, "role_required"), "he": (404, "not_found"), "platform": (404, "not_found")},
    }
    for name, expected in seen.items():
        answer = town.start(plan, "1.00", getattr(town, name))
        assert (name, answer.status_code, answer.json()["code"]) == (name, *expected)
    assert town.start(plan, "1.00", town.wu).status_code == 201
    assert town.ask(town.he, "GET", f"plans/{plan['id']}/trades").status_code == 404


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/amount", "/reference"}),
        ({"amount": "0.00", "reference": ""}, {"/amount", "/reference"}),
        ({"amount": "0", "reference": "x"}, {"/amount"}),
        ({"amount": "-1", "reference": "x"}, {"/amount"}),
        ({"amount": "1.001", "reference": "x"}, {"/amount"}),
        ({"amount": 1.5, "reference": "x"}, {"/amount"}),
        ({"amount": "1" * 30, "reference": "x" * 101}, {"/amount", "/reference"}),
        ({"amount": "1.00", "reference": "x\u0000"}, None),
        ({"amount": "1.00", "reference": "x", "more": 1}, {"/more"}),
    ],
)
def test_a_trade_that_is_written_wrongly(
    shared_town: Town, body: dict[str, Any], pointers: set[str] | None
) -> None:
    town = shared_town
    plan = town.usable()
    answer = town.ask(town.lin, "POST", f"plans/{plan['id']}/trades", json=body)
    assert answer.status_code == 422
    if pointers is not None:
        assert {problem["pointer"] for problem in answer.json()["errors"]} == pointers
    assert town.plan(plan)["status"] == "usable"


def test_a_trade_that_the_plan_does_not_allow(shared_town: Town) -> None:
    town = shared_town
    plan = town.usable()
    refused = town.start(plan, "60000.01").json()
    assert (refused["code"], refused["remaining"]) == ("insufficient_remaining", "60000.00")
    town.start(plan, "60000.00", reference="JY-7")
    assert town.start(plan, "0.01", reference="JY-8").json()["code"] == "insufficient_remaining"
    assert town.start(town.submitted(), "1.00").json()["code"] == "wrong_state"
    other = town.usable()
    first = town.start(other, "1.00", reference="JY-7").json()["trade"]
    again = town.start(other, "1.00", reference="JY-7").json()
    assert (again["code"], again["trade_id"]) == ("reference_taken", first["id"])
    town.report(first, "fail", reason="流标")
    assert town.start(other, "1.00", reference="JY-7").status_code == 201
    draft = town.draft()
    assert town.start(draft, "1.00").json()["code"] == "wrong_state"


def test_each_trade_has_one_outcome(shared_town: Town) -> None:
    town = shared_town
    trade = town.trade(town.usable(), "10.00")
    above = town.award(trade, "10.01")
    assert (above.status_code, above.json()["errors"][0]["code"]) == (422, "award_above_trade")
    assert town.award(trade, "0.00").status_code == 422
    assert town.report(trade, "fail", reason=" ").status_code == 422
    assert town.report(trade, "reverse", reason="x").json()["code"] == "wrong_trade_state"
    assert town.award(trade, "9.00").status_code == 200
    for outcome, body in [("award", {"amount": "9.00"}), ("fail", {"reason": "x"})]:
        refused = town.report(trade, outcome, **body)
        assert refused.status_code == 409
        assert (refused.json()["state"], refused.json()["awarded"]) == ("awarded", "9.00")
    assert town.report({"id": new_id()}, "fail", reason="x").status_code == 404
    assert town.report({"id": "x"}, "fail", reason="x").status_code == 422


def test_an_outcome_reported_twice_counts_once(shared_town: Town) -> None:
    town = shared_town
    plan = town.usable()
    trade = town.trade(plan, "10.00")
    first, second = (town.report(trade, "award", key="once", amount="4.00") for _ in range(2))
    assert (first.status_code, first.text) == (200, second.text)
    assert town.report(trade, "award", key="once", amount="5.00").json()["code"] == "idempotency_key_reused"
    assert town.plan(plan)["consumed"] == "4.00"
    headers = {"Idempotency-Key": "started once"}
    body = {"amount": "1.00", "reference": "JY-9"}
    url = f"plans/{plan['id']}/trades"
    one, two = (town.ask(town.lin, "POST", url, json=body, headers=headers) for _ in range(2))
    assert (one.status_code, one.text) == (201, two.text)


def test_a_plan_on_paper_never_gives_more_than_it_has() -> None:
    plan = a_plan()
    plan.status = Status.USABLE
    with pytest.raises(ValueError, match="more than the plan holds"):
        plan.move_money(plan.amount_fen + 1, 0)
    plan = a_plan()
    plan.status, plan.committed_fen = Status.IN_USE, 5
    plan.open_request_id = new_id()
    assert plan.remaining_fen == plan.amount_fen - 5
    assert plan.changed_at == AT
