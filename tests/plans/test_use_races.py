"""Two at the same time on a usable plan: exactly one wins, the other learns who, and no money is lost."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from services.plans.handlers import events
from shared.events.approvals import CaseWithdrawn
from tests.plans.test_races import at_once
from tests.plans.town import FORM, Town

SEVERAL = range(4)


def ledger_adds_up(town: Town, line: dict[str, Any]) -> None:
    """Nothing below zero, and what plans hold is what the line says."""
    found = town.do(town.qian, "GET", f"budget-lines/{line['id']}")
    amounts = {name: float(found[name]) for name in ("available", "reserved", "committed", "consumed")}
    assert min(amounts.values()) >= 0
    assert sum(amounts.values()) == float(found["approved"]) + float(found["adjusted"])


@pytest.mark.parametrize("_", SEVERAL)
def test_recall_against_start_trade(any_town: Town, _: int) -> None:
    """The trade first: it cannot be recalled any more. The recall first: the old holder is refused."""
    town = any_town
    plan = town.assigned(town.usable(), town.wu)
    recalled, started = at_once(
        lambda: town.act(town.lin, plan, "recall"), lambda: town.start(plan, "100.00", town.wu)
    )
    seen = town.plan(plan)
    if recalled.status_code == 200:
        assert (started.status_code, started.json()["code"]) == (403, "holder_only")
        assert (seen["holder_name"], seen["status"]) == ("林经办", "usable")
    else:
        assert (recalled.status_code, recalled.json()["code"]) == (409, "wrong_state")
        assert recalled.json()["plan_status"] == "in_use"
        assert started.status_code == 201
        assert (seen["holder_name"], seen["committed"]) == ("吴经办", "100.00")


def test_assign_against_assign(any_town: Town) -> None:
    town = any_town
    plan = town.usable()
    zhou = town.person("周经办", town.hospital, "handler")
    answers = at_once(
        lambda: town.act(town.lin, plan, "assign", to=str(town.wu)),
        lambda: town.act(town.an, plan, "assign", to=str(zhou)),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    (lost,) = (answer.json() for answer in answers if answer.status_code == 409)
    assert (lost["code"], lost["holder_id"]) == ("held_by_another", won["holder_id"])
    assert len(town.published("plan.assigned")) == 1
    assert [row["seq"] for row in town.do(town.lin, "GET", f"plans/{plan['id']}/assignments")] == [1, 2]


def test_trades_for_the_last_of_a_plan(any_town: Town) -> None:
    town = any_town
    line = town.line("60000.00")
    plan = town.usable(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    town.trade(plan, "50000.00")
    answers = at_once(*[lambda: town.start(plan, "10000.00")] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"insufficient_remaining"}
    assert town.plan(plan)["remaining"] == "0.00"
    ledger_adds_up(town, line)


def test_one_trade_started_four_times_with_one_reference(any_town: Town) -> None:
    town = any_town
    plan = town.usable()
    answers = at_once(*[lambda: town.start(plan, "1.00", reference="JY-1")] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(town.published("trade.started")) == 1


def test_award_against_failure(any_town: Town) -> None:
    town = any_town
    line = town.line("60000.00")
    plan = town.usable(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    trade = town.trade(plan, "60000.00")
    answers = at_once(
        lambda: town.award(trade, "60000.00"), lambda: town.report(trade, "fail", reason="流标")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (lost,) = (answer.json() for answer in answers if answer.status_code == 409)
    assert lost["state"] in ("awarded", "failed")
    assert town.plan(plan)["status"] == ("used_up" if lost["state"] == "awarded" else "usable")
    ledger_adds_up(town, line)


def test_close_against_start_trade(any_town: Town) -> None:
    town = any_town
    plan = town.usable()
    closed, started = at_once(lambda: town.act(town.lin, plan, "close"), lambda: town.start(plan, "1.00"))
    assert (closed.status_code, started.status_code) in {(200, 409), (409, 201)}


def test_twenty_submits_trades_and_withdrawals_on_one_line(any_town: Town) -> None:
    """What withdrawals free and submissions take at the same moment: never below zero, nobody deadlocks."""
    town = any_town
    line = town.line("300000.00")
    part = [{"budget_line_id": line["id"], "amount": "30000.00"}]
    item = {**FORM["items"][0], "quantity": "5"}
    form: dict[str, Any] = {"items": [item], "allocations": part}
    usable = [town.usable(**form) for _ in range(4)]
    sent = [town.submitted(**form) for _ in range(6)]
    drafts = [town.draft(**form) for _ in range(8)]

    def withdraw(plan: dict[str, Any]) -> Response:
        told = town.case(CaseWithdrawn, plan)
        with town.store.work() as work:
            events.apply(work, told.type, told.model_dump(mode="json"))
        return Response(200)

    answers = at_once(
        *[lambda plan=plan: town.submit(plan) for plan in drafts],
        *[lambda plan=plan: withdraw(plan) for plan in sent],
        *[lambda plan=plan: town.start(plan, "20000.00") for plan in usable],
        lambda: cut(town, line, "90000.00"),
        lambda: cut(town, line, "10000.00"),
    )
    codes = [answer.status_code for answer in answers]
    assert set(codes[:18]) <= {200, 201, 409}
    assert (codes[8:14], codes[14:18]) == ([200] * 6, [201] * 4)
    assert set(codes[18:]) <= {200, 422}
    ledger_adds_up(town, line)
    shown = town.do(town.qian, "GET", f"budget-lines/{line['id']}")
    assert shown["reserved"] == f"{30_000 * codes[:8].count(200) + 40_000}.00"
    assert shown["committed"] == "80000.00"


def cut(town: Town, line: dict[str, Any], amount: str) -> Response:
    """A cut by file, which needs no version that was seen."""
    columns = "统一社会信用代码,年度,项目编码,资金性质,调整方向,金额,调整原因"
    text = f"{columns}\n1214010000TEXT048K,2026,{line['project_code']},general,调减,{amount},压减\n"
    file = {"file": ("cut.csv", text.encode(), "text/csv")}
    return town.ask(town.qian, "POST", "budget-lines/adjustments/imports?preview=false", files=file)


def test_twenty_trades_and_submits_on_one_pair_of_lines(any_town: Town) -> None:
    """Lines are locked in the order of their ids, whatever the order of the allocations: no deadlock, and
    never below zero."""
    town = any_town
    lines = [town.line("300000.00"), town.line("300000.00")]
    parts = [{"budget_line_id": line["id"], "amount": "30000.00"} for line in lines]
    usable = [town.usable(allocations=parts[:: 1 if n % 2 else -1]) for n in range(4)]
    trades = [town.trade(plan, "30000.00") for plan in usable]
    drafts = [town.draft(allocations=parts[:: 1 if n % 2 else -1]) for n in range(8)]
    answers = at_once(
        *[lambda plan=plan: town.submit(plan) for plan in drafts],
        *[lambda plan=plan: town.start(plan, "20000.00") for plan in usable],
        *[lambda trade=trade: town.award(trade, "10000.00") for trade in trades[:2]],
        *[lambda trade=trade: town.report(trade, "fail", reason="流标") for trade in trades[2:]],
        *[lambda plan=plan: town.start(plan, "20000.00") for plan in usable],
    )
    codes = [answer.status_code for answer in answers]
    assert set(codes) <= {200, 201, 409}
    assert codes[:8].count(200) == 6  # 300000 less four usable plans is room for six more
    assert codes[12:16] == [200] * 4
    for line in lines:
        ledger_adds_up(town, line)
