"""What must hold of plans, their money and the ledger after every step, whatever the steps are.

The numbers are those of the invariants of the domain: 1 and 2 (sums), 3 (reservations of a plan),
11 (holders), 17 (numbers), 18 (versions and history).
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import select

from services.plans.assignment import Assignment
from services.plans.budget import EFFECTS, SUMS, BudgetEntry, BudgetLine, Entry, Reservation
from services.plans.document import Document
from services.plans.plan import RESERVED, Plan, Status
from services.plans.review import DocumentHistory
from services.plans.trade import State, Trade
from shared.store import Look
from tests.plans.town import FORM, Town

USED = (Status.USABLE, Status.IN_USE, Status.USED_UP, Status.CLOSED)
AMOUNTS = st.integers(1, 6)
OFTEN = settings(
    max_examples=15 if os.environ.get("CI") == "true" else 8,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


class LedgerMachine(RuleBasedStateMachine):
    """Two lines of 10 yuan in a town that all runs share; each run has lines and plans of its own."""

    town: Town

    def __init__(self) -> None:
        super().__init__()
        self.lines = [self.town.line("10.00"), self.town.line("10.00")]
        self.known: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        with self.town.store.read() as look:
            self.given = {
                column.key: set(map(str, look.all(select(column).where(column.is_not(None)))))
                for column in (Plan.application_number, Plan.plan_number)
            }

    def form(self, first: int, second: int) -> dict[str, Any]:
        amounts = zip(self.lines, (first, second), strict=True)
        price = {"quantity": "1", "unit_price": f"{first + second}.00"}
        return {
            "items": [{**FORM["items"][0], **price}],
            "allocations": [
                {"budget_line_id": line["id"], "amount": f"{fen}.00"} for line, fen in amounts if fen
            ],
        }

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
                of_plans = look.all(select(Reservation).where(Reservation.line_id == line_id))
                for name in SUMS[2:]:
                    assert sum(getattr(row, name) for row in of_plans) == getattr(line, name)

    @invariant()
    def invariant_3_a_plan_holds_all_or_nothing(self) -> None:
        with self.town.store.read() as look:
            for plan_id in map(UUID, self.known):
                plan = look.get(Plan, plan_id)
                held = look.all(select(Reservation).where(Reservation.plan_id == plan_id))
                used = plan.committed_fen + plan.consumed_fen
                assert plan.remaining_fen == (plan.amount_fen - used if plan.status in RESERVED else 0)
                assert sum(row.reserved_fen for row in held) == plan.remaining_fen
                assert sum(row.committed_fen for row in held) == plan.committed_fen
                assert sum(row.consumed_fen for row in held) == plan.consumed_fen
                trades = look.all(select(Trade).where(Trade.plan_id == plan_id))
                live = sum(trade.amount_fen for trade in trades if trade.state == State.LIVE)
                won = sum(trade.awarded_fen for trade in trades if trade.state == State.AWARDED)
                assert (live, won) == (plan.committed_fen, plan.consumed_fen)
                if plan.status in (Status.USABLE, Status.IN_USE, Status.USED_UP):
                    assert plan.status == self.by_amounts(plan)

    @staticmethod
    def by_amounts(plan: Plan) -> Status:
        """What the money says of a plan that has passed its review and is not closed."""
        if plan.consumed_fen == plan.amount_fen:
            return Status.USED_UP
        return Status.IN_USE if plan.committed_fen + plan.consumed_fen else Status.USABLE

    @invariant()
    def invariant_11_one_holder_and_the_last_record_says_how(self) -> None:
        with self.town.store.read() as look:
            for plan_id in map(UUID, self.known):
                plan = look.get(Plan, plan_id)
                records = look.all(
                    select(Assignment).where(Assignment.plan_id == plan_id).order_by(Assignment.seq)
                )
                assert [record.seq for record in records] == list(range(1, len(records) + 1))
                if plan.status not in (*USED, Status.VOID):
                    assert records == []
                elif plan.status in USED:
                    last = records[-1]
                    assert (last.holder_id, last.kind) == (plan.holder_id, plan.assignment)
                    assert (last.kind == "assigned") == (plan.holder_id != plan.applicant_id)

    @invariant()
    def invariants_17_and_18_numbers_versions_and_history(self) -> None:
        with self.town.store.read() as look:
            for plan_id in map(UUID, self.known):
                plan, before = look.get(Plan, plan_id), self.known[str(plan_id)]
                own = self.history_replays(look, plan)
                version, entries = self.versions[str(plan_id)]
                assert (plan.version > version) == (own > entries)
                self.versions[str(plan_id)] = (plan.version, own)
                for name in ("application_number", "plan_number"):
                    number = getattr(plan, name)
                    assert before[name] in (None, number)
                    before[name] = number
            for column in (Plan.application_number, Plan.plan_number):
                given = set(map(str, look.all(select(column).where(column.is_not(None)))))
                fresh, last = given - self.given[column.key], max(self.given[column.key], default="")
                assert all(number > last for number in fresh), "grows per district and year"
                self.given[column.key] |= given

    @staticmethod
    def history_replays(look: Look, document: Document) -> int:
        """The stream has no holes, and its changes lead from nothing to what is there now. Gives how many are
        its own entries, not told by others."""
        of_plan = select(DocumentHistory).where(DocumentHistory.document_id == document.id)
        entries = look.all(of_plan.order_by(DocumentHistory.seq))
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        replayed: dict[str, Any] = {}
        for change in (change for entry in entries for change in entry.changes):
            assert replayed.get(change["field"]) == change["old"]
            replayed[change["field"]] = change["new"]
        assert {**dict.fromkeys(document.to_record()), **replayed} == document.to_record()
        return sum(entry.key is None for entry in entries)
