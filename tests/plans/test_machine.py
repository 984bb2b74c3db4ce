"""Plans and budgets under any sequence of acts and outcomes: the ledger and the reservations always add up.

The numbers are those of the invariants of the domain: 1 and 2 (sums), 3 (reservations of a plan),
17 (numbers), 18 (versions and history).
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from sqlalchemy import select

from services.plans.budget import EFFECTS, SUMS, BudgetEntry, BudgetLine, Entry, Reservation
from services.plans.plan import Plan, Status
from services.plans.review import PlanHistory
from shared.errors import Conflict
from shared.events.approvals import CaseApproved, CaseRefused, CaseReturned, CaseTerminated, CaseWithdrawn
from tests.plans.town import FORM, Town

OUTCOMES = (CaseApproved, CaseReturned, CaseWithdrawn, CaseRefused, CaseTerminated)
RESERVED = (Status.UNDER_REVIEW, Status.USABLE)
AMOUNTS = st.integers(1, 6)


class PlansAndBudgets(RuleBasedStateMachine):
    """Two lines of 10 yuan in a town that all runs share; each run has lines and plans of its own."""

    town: Town
    plans = Bundle("plans")

    def __init__(self) -> None:
        super().__init__()
        self.lines = [self.town.line("10.00"), self.town.line("10.00")]
        self.known: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = defaultdict(int)

    def form(self, first: int, second: int) -> dict[str, Any]:
        amounts = zip(self.lines, (first, second), strict=True)
        price = {"quantity": "1", "unit_price": f"{first + second}.00"}
        return {
            "items": [{**FORM["items"][0], **price}],
            "allocations": [
                {"budget_line_id": line["id"], "amount": f"{fen}.00"} for line, fen in amounts if fen
            ],
        }

    @rule(target=plans, first=AMOUNTS, second=st.integers(0, 6))
    def apply_for(self, first: int, second: int) -> str:
        plan = self.town.draft(**self.form(first, second))
        self.known[plan["id"]] = plan
        return str(plan["id"])

    @rule(plan_id=plans)
    def submit(self, plan_id: str) -> None:
        plan = self.town.plan(self.known[plan_id])
        free = {line["id"]: self.yuan(self.town.available(line)) for line in self.lines}
        enough = all(
            self.yuan(part["amount"]) <= free[part["budget_line_id"]] for part in plan["allocations"]
        )
        answer = self.town.submit(plan)
        if plan["status"] not in ("draft", "returned", "withdrawn"):
            assert answer.json()["code"] == "wrong_state"
        else:
            assert answer.status_code == (200 if enough else 409), answer.text
            assert enough or answer.json()["code"] == "insufficient_budget"

    @rule(plan_id=plans, first=AMOUNTS, second=st.integers(0, 6))
    def edit(self, plan_id: str, first: int, second: int) -> None:
        plan = self.town.plan(self.known[plan_id])
        answer = self.town.save(plan, **self.form(first, second))
        editable = plan["status"] in ("draft", "returned", "withdrawn")
        assert answer.status_code == (200 if editable else 409)

    @rule(plan_id=plans, kind=st.sampled_from(OUTCOMES), behind=st.integers(0, 1))
    def hear_outcome(self, plan_id: str, kind: type[Any], behind: int) -> None:
        plan = self.town.plan(self.known[plan_id])
        self.town.tell(kind, plan, round=max(plan["round"] - behind, 0))
        now = self.town.plan(plan)
        counts = plan["status"] == "under_review" and not behind
        assert (now["status"] != plan["status"]) == counts

    @rule(plan_id=plans)
    def abandon(self, plan_id: str) -> None:
        plan = self.town.plan(self.known[plan_id])
        answer = self.town.ask(
            self.town.lin,
            "POST",
            f"plans/{plan_id}/abandon",
            json={},
            headers={"If-Match": f'"v{plan["version"]}"'},
        )
        assert answer.status_code == (200 if plan["status"] in ("returned", "withdrawn") else 409)

    @rule(which=st.integers(0, 1), yuan=st.integers(-6, 6).filter(bool))
    def adjust(self, which: int, yuan: int) -> None:
        with self.town.store.work() as work:
            line = work.get(BudgetLine, UUID(self.lines[which]["id"]))
            try:
                work.add(line.enter(Entry.ADJUSTED, yuan * 100, work.now))
            except Conflict:
                assert line.available_fen < -yuan * 100

    @staticmethod
    def yuan(text: str) -> int:
        return int(text.removesuffix(".00"))

    @invariant()
    def invariants_1_and_2_the_ledger_equals_the_sums(self) -> None:
        with self.town.store.read() as look:
            for line_id in (UUID(line["id"]) for line in self.lines):
                line = look.get(BudgetLine, line_id)
                sums = dict.fromkeys(SUMS, 0)
                for entry in look.all(select(BudgetEntry).where(BudgetEntry.line_id == line_id)):
                    for name, sign in zip(SUMS, EFFECTS[Entry(entry.kind)], strict=True):
                        sums[name] += sign * entry.amount_fen
                assert sums == {name: getattr(line, name) for name in SUMS}
                assert min(line.available_fen, line.reserved_fen, line.committed_fen, line.consumed_fen) >= 0
                reserved = look.all(select(Reservation.reserved_fen).where(Reservation.line_id == line_id))
                assert sum(reserved) == line.reserved_fen

    @invariant()
    def invariant_3_a_plan_holds_all_or_nothing(self) -> None:
        with self.town.store.read() as look:
            for plan_id in map(UUID, self.known):
                plan = look.get(Plan, plan_id)
                held = look.all(select(Reservation.reserved_fen).where(Reservation.plan_id == plan_id))
                assert sum(held) == (plan.amount_fen if plan.status in RESERVED else 0)

    @invariant()
    def invariants_17_and_18_numbers_versions_and_history(self) -> None:
        with self.town.store.read() as look:
            for plan_id in map(UUID, self.known):
                plan, before = look.get(Plan, plan_id), self.known[str(plan_id)]
                assert plan.version >= self.versions[str(plan_id)]
                self.versions[str(plan_id)] = plan.version
                for name in ("application_number", "plan_number"):
                    number = getattr(plan, name)
                    assert before[name] in (None, number)
                    before[name] = number
                entries = look.all(select(PlanHistory).where(PlanHistory.document_id == plan_id))
                assert sorted(entry.seq for entry in entries) == list(range(1, plan.version + 1))
            for column in (Plan.application_number, Plan.plan_number):
                in_order = look.all(select(column).where(column.is_not(None)).order_by(column))
                assert len(set(in_order)) == len(in_order)


@pytest.fixture(scope="module", autouse=True)
def _one_town() -> Any:
    with tempfile.TemporaryDirectory() as directory:
        PlansAndBudgets.town = Town(Path(directory))
        yield
        PlansAndBudgets.town.close()


TestPlansAndBudgets = PlansAndBudgets.TestCase
TestPlansAndBudgets.settings = settings(
    max_examples=40 if os.environ.get("CI") == "true" else 8,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
