"""Plans and budgets under any sequence of acts and outcomes: ledger and reservations always add up."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, rule

from services.plans.budget import BudgetLine, Entry
from shared.database import new_id
from shared.errors import Conflict
from shared.events.approvals import (
    CaseApproved,
    CaseRefused,
    CaseReturned,
    CaseTerminated,
    CaseWithdrawn,
    SlotClosed,
)
from shared.events.notify import MessageCreated
from tests.lone import MORNING
from tests.plans.ledger_machine import AMOUNTS, OFTEN, LedgerMachine
from tests.plans.town import Town


def a_message(plan: dict[str, Any]) -> MessageCreated:
    return MessageCreated(
        message_id=new_id(),
        person_id=new_id(),
        person_name="沈审核",
        title="轮到您审核",
        doc_type="plan",
        doc_id=UUID(plan["id"]),
        event_id=new_id(),
        event_type="slot.opened",
        occurred_at=MORNING,
    )


OUTCOMES = (CaseApproved, CaseReturned, CaseWithdrawn, CaseRefused, CaseTerminated)


pytestmark = pytest.mark.timeout(600)


class PlansAndBudgets(LedgerMachine):
    """Applying, review and its outcomes, and changes of the budget."""

    plans = Bundle("plans")

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

    @rule(plan_id=plans, kind=st.sampled_from([SlotClosed, MessageCreated]))
    def hear_what_changes_nothing(self, plan_id: str, kind: type[Any]) -> None:
        """An opinion, or that somebody was told: it stands in the stream, the plan stays as it is."""
        plan = self.town.plan(self.known[plan_id])
        event = a_message(plan) if kind is MessageCreated else self.town.case(SlotClosed, plan)
        self.town.hear(event)
        assert self.town.plan(plan)["version"] == plan["version"]

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


@pytest.fixture(scope="module", autouse=True)
def _one_town() -> Any:
    with tempfile.TemporaryDirectory() as directory:
        PlansAndBudgets.town = Town(Path(directory))
        yield
        PlansAndBudgets.town.close()


TestPlansAndBudgets = PlansAndBudgets.TestCase
TestPlansAndBudgets.settings = OFTEN
