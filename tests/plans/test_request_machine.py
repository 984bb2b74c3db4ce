"""Requests on usable plans under any sequence of submissions, outcomes, trades and assignments: one lock, and
everything that a request did can be followed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import func, select

from services.plans.assignment import Assignment
from services.plans.plan import Plan, Status
from services.plans.request import Kind, PlanRequest
from services.plans.trade import State, Trade
from shared.events.approvals import CaseApproved, CaseRefused, CaseReturned, CaseTerminated, CaseWithdrawn
from shared.store import Look
from tests.plans.ledger_machine import AMOUNTS, OFTEN, LedgerMachine
from tests.plans.requests import act, drafted, seen, tell
from tests.plans.town import Town

PLANS = st.integers(0, 1)
BACK = st.integers(0, 3)
METHODS = st.sampled_from(["competitive_negotiation", "inquiry", "open_tender"])
OUTCOMES = st.sampled_from(
    [CaseApproved, CaseApproved, CaseReturned, CaseWithdrawn, CaseRefused, CaseTerminated]
)
UNDER_REVIEW = "under_review"

pytestmark = pytest.mark.timeout(600)


class RequestsOnPlans(LedgerMachine):
    """Two usable plans. Whatever is asked for, the machine says beforehand whether it will be done."""

    reached: ClassVar[set[str]] = set()

    @initialize()
    def two_usable_plans(self) -> None:
        self.plans = [self.passed(2, 3), self.passed(4, 1)]
        self.requests: list[dict[str, Any]] = []
        self.trades: list[dict[str, Any]] = []
        self.first_method = dict.fromkeys(self.plans, "open_tender")
        self.used_by = dict.fromkeys(self.plans, (0, 0))

    def passed(self, first: int, second: int) -> str:
        plan = self.town.draft(**self.form(first, second))
        self.known[plan["id"]] = plan
        answer = self.town.submit(plan)
        assert answer.status_code == 200, answer.text
        self.town.tell(CaseApproved, answer.json())
        return str(plan["id"])

    def plan(self, n: int) -> dict[str, Any]:
        found: dict[str, Any] = self.town.plan(self.known[self.plans[n]])
        return found

    def request(self, back: int) -> dict[str, Any]:
        """One of the last requests, as it is now."""
        return seen(self.town, self.requests[-1 - min(back, len(self.requests) - 1)])

    # requests

    @rule(n=PLANS, method=METHODS)
    def ask_for_a_change(self, n: int, method: str) -> None:
        self.ask(n, kind="method_change", new_method=method, reason="两次废标")

    @rule(n=PLANS)
    def ask_for_a_revocation(self, n: int) -> None:
        self.ask(n, kind="revocation", handling="void", reason="品目有误")

    def ask(self, n: int, **form: Any) -> None:
        plan = self.plan(n)
        if plan["status"] == "usable" and plan["open_request_id"] is None:
            self.requests.append(drafted(self.town, plan, **form))

    @precondition(lambda self: self.requests)
    @rule(back=BACK)
    def submit(self, back: int) -> None:
        request = self.request(back)
        plan = self.town.plan({"id": request["plan_id"]})
        answer = act(self.town, request, "submit", picks=[str(self.town.shen)])
        editable = request["status"] in ("draft", "returned", "withdrawn")
        free = plan["status"] == "usable" and plan["open_request_id"] is None
        changes = request["kind"] == "revocation" or request["new_method"] != plan["method"]
        wanted = 200 if editable and free and changes else 409 if not (editable and free) else 422
        assert answer.status_code == wanted, answer.text

    @precondition(lambda self: self.requests)
    @rule(back=BACK, outcome=OUTCOMES, behind=st.integers(0, 1))
    def hear_outcome(self, back: int, outcome: type[Any], behind: int) -> None:
        request = self.request(back)
        tell(self.town, outcome, request, round=max(request["round"] - behind, 0))
        counts = request["status"] == UNDER_REVIEW and not behind
        now = self.request(back)["status"]
        assert (now != request["status"]) == counts
        self.reached.add(now)

    @precondition(lambda self: self.requests)
    @rule(back=BACK)
    def pass_review(self, back: int) -> None:
        """A request in peace: submitted, where it may be, and agreed to."""
        self.submit(back)
        self.hear_outcome(back, CaseApproved, 0)

    # what else happens to the plans

    @rule(n=PLANS, verb=st.sampled_from(["assign", "recall", "close"]))
    def hand_over_or_close(self, n: int, verb: str) -> None:
        plan = self.plan(n)
        lent = plan["holder_id"] != plan["applicant_id"]
        who = UUID(plan["holder_id"]) if verb == "close" else self.town.lin
        body = {"to": str(self.town.wu)} if verb == "assign" else {}
        answer = self.town.act(who, plan, verb, **body)
        free = plan["open_request_id"] is None
        if verb == "close":
            fits = free and plan["status"] in ("usable", "in_use") and plan["committed"] == "0.00"
        else:
            fits = free and plan["status"] == "usable" and lent == (verb == "recall")
        assert answer.status_code == (200 if fits else 409), answer.text

    @rule(n=PLANS, yuan=AMOUNTS)
    def start_trade(self, n: int, yuan: int) -> None:
        plan = self.plan(n)
        answer = self.town.start(plan, f"{yuan}.00", UUID(plan["holder_id"]))
        free = plan["open_request_id"] is None and plan["status"] in ("usable", "in_use")
        fits = free and yuan <= self.yuan(plan["remaining"])
        assert answer.status_code == (201 if fits else 409), answer.text
        if fits:
            self.trades.append(answer.json()["trade"])

    @precondition(lambda self: self.trades)
    @rule(back=BACK)
    def fail_trade(self, back: int) -> None:
        """A failed trade frees its plan for a change: the case that changes are for."""
        trade = self.trades[-1 - min(back, len(self.trades) - 1)]
        self.town.report(trade, "fail", reason="废标")

    # what must hold

    @invariant()
    def invariant_4_the_lock_is_the_request_under_review(self) -> None:
        with self.town.store.read() as look:
            for plan in self.rows(look):
                of_plan = select(PlanRequest.id).where(PlanRequest.plan_id == plan.id)
                reviewed = look.all(of_plan.where(PlanRequest.status == UNDER_REVIEW))
                assert len(reviewed) <= 1
                assert plan.open_request_id == (reviewed[0] if reviewed else None)

    @invariant()
    def invariant_5_a_locked_plan_is_usable_and_unused(self) -> None:
        with self.town.store.read() as look:
            for plan in self.rows(look):
                if plan.open_request_id is not None:
                    live = select(Trade.id).where(Trade.plan_id == plan.id, Trade.state == State.LIVE)
                    assert plan.status == Status.USABLE
                    assert (plan.committed_fen, plan.consumed_fen, look.all(live)) == (0, 0, [])

    @invariant()
    def invariant_9_a_method_is_the_end_of_a_chain_of_approved_changes(self) -> None:
        with self.town.store.read() as look:
            for plan in self.rows(look):
                approved = select(PlanRequest).where(
                    PlanRequest.plan_id == plan.id,
                    PlanRequest.kind == Kind.METHOD_CHANGE,
                    PlanRequest.status == "approved",
                )
                method: str | None = self.first_method[str(plan.id)]
                for change in look.all(approved.order_by(PlanRequest.finished_at, PlanRequest.submitted_at)):
                    assert change.old_method == method
                    method = change.new_method
                assert plan.method == method

    @invariant()
    def invariant_10_a_void_plan_stays_as_it_is(self) -> None:
        with self.town.store.read() as look:
            for plan in self.rows(look):
                used = tuple(
                    look.execute(select(func.count()).where(kind.plan_id == plan.id)).scalar_one()
                    for kind in (Trade, Assignment)
                )
                if plan.status == Status.VOID:
                    completed = select(PlanRequest.id).where(
                        PlanRequest.plan_id == plan.id, PlanRequest.status == "completed"
                    )
                    assert len(look.all(completed)) == 1
                    assert used == self.used_by[str(plan.id)]
                else:
                    self.used_by[str(plan.id)] = used

    @invariant()
    def invariant_18_the_stream_of_a_request_replays_to_it(self) -> None:
        with self.town.store.read() as look:
            for request in getattr(self, "requests", []):
                self.history_replays(look, look.get(PlanRequest, UUID(request["id"])))

    def rows(self, look: Look) -> list[Plan]:
        return look.all(select(Plan).where(Plan.id.in_([UUID(plan) for plan in getattr(self, "plans", [])])))


@pytest.fixture(scope="module", autouse=True)
def _one_town() -> Any:
    with tempfile.TemporaryDirectory() as directory:
        RequestsOnPlans.town = Town(Path(directory))
        yield
        RequestsOnPlans.town.close()
    assert {"approved", "completed"} <= RequestsOnPlans.reached, "the runs have not been everywhere"


TestRequestsOnPlans = RequestsOnPlans.TestCase
TestRequestsOnPlans.settings = settings(OFTEN, stateful_step_count=30)
