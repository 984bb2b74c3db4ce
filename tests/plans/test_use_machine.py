"""Usable plans under any sequence of assignments, trades, outcomes and closings: the money always adds up."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from services.plans.trade import State, Trade
from shared.events.approvals import CaseApproved
from tests.plans.ledger_machine import AMOUNTS, OFTEN, LedgerMachine
from tests.plans.town import Town

PLANS = st.integers(0, 2)
BACK = st.integers(0, 3)


pytestmark = pytest.mark.timeout(600)


class UseOfPlans(LedgerMachine):
    """Three usable plans on two lines that have nothing else left."""

    @initialize()
    def three_usable_plans(self) -> None:
        """4, 7 and 9 yuan of the two lines; their rules find them by number."""
        self.plans = [self.passed(1, 3), self.passed(5, 2), self.passed(4, 5)]
        self.trades: list[dict[str, Any]] = []

    def passed(self, first: int, second: int) -> str:
        plan = self.town.draft(**self.form(first, second))
        self.known[plan["id"]] = plan
        answer = self.town.submit(plan)
        assert answer.status_code == 200, answer.text
        self.town.tell(CaseApproved, answer.json())
        return str(plan["id"])

    def seen(self, n: int) -> dict[str, Any]:
        """One of the three plans, as it is now."""
        found: dict[str, Any] = self.town.plan(self.known[self.plans[n]])
        return found

    def holder(self, plan: dict[str, Any]) -> UUID:
        return UUID(plan["holder_id"])

    @rule(n=PLANS, verb=st.sampled_from(["assign", "recall"]))
    def hand_over(self, n: int, verb: str) -> None:
        plan = self.seen(n)
        body = {"to": str(self.town.wu)} if verb == "assign" else {}
        answer = self.town.act(self.town.lin, plan, verb, **body)
        lent = plan["holder_id"] != plan["applicant_id"]
        fits = plan["status"] == "usable" and lent == (verb == "recall")
        assert answer.status_code == (200 if fits else 409), answer.text

    @rule(n=PLANS, yuan=AMOUNTS)
    def start_trade(self, n: int, yuan: int) -> None:
        plan = self.seen(n)
        answer = self.town.start(plan, f"{yuan}.00", self.holder(plan))
        fits = plan["status"] in ("usable", "in_use") and yuan <= self.yuan(plan["remaining"])
        assert answer.status_code == (201 if fits else 409), answer.text
        if fits:
            self.trades.append(answer.json()["trade"])

    @precondition(lambda self: self.trades)
    @rule(back=BACK, yuan=AMOUNTS)
    def award(self, back: int, yuan: int) -> None:
        trade = self.trade(back)
        yuan = min(yuan, self.yuan(trade["amount"]))
        self.report(trade, "award", State.LIVE, amount=f"{yuan}.00")

    @precondition(lambda self: self.trades)
    @rule(back=BACK)
    def fail(self, back: int) -> None:
        self.report(self.trade(back), "fail", State.LIVE, reason="流标")

    @precondition(lambda self: self.trades)
    @rule(back=BACK)
    def reverse(self, back: int) -> None:
        self.report(self.trade(back), "reverse", State.AWARDED, reason="成交无效")

    def trade(self, back: int) -> dict[str, Any]:
        """One of the last trades."""
        return self.trades[-1 - min(back, len(self.trades) - 1)]

    def report(self, trade: dict[str, Any], outcome: str, wanted: State, **body: str) -> None:
        with self.town.store.read() as look:
            known = look.get(Trade, UUID(trade["id"]))
        answer = self.town.report(trade, outcome, **body)
        fits = known.state == wanted
        assert answer.status_code == (200 if fits else 409), answer.text

    @precondition(lambda self: len(self.trades) > 2)  # else most runs would end before any trade
    @rule(n=PLANS)
    def close(self, n: int) -> None:
        plan = self.seen(n)
        answer = self.town.act(self.holder(plan), plan, "close")
        fits = plan["status"] in ("usable", "in_use") and plan["committed"] == "0.00"
        assert answer.status_code == (200 if fits else 409), answer.text


@pytest.fixture(scope="module", autouse=True)
def _one_town() -> Any:
    with tempfile.TemporaryDirectory() as directory:
        UseOfPlans.town = Town(Path(directory))
        yield
        UseOfPlans.town.close()


TestUseOfPlans = UseOfPlans.TestCase
TestUseOfPlans.settings = settings(OFTEN, stateful_step_count=40)
