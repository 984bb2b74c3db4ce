"""Plans, budgets and cases together, in any order of acts and deliveries: the invariants always hold."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.demo.client import Refused
from shared.inbox import Checkpoint
from tests.flows.county import County
from tests.flows.invariants import Invariants

LARGE = os.environ.get("CI") == "true"
PROFILE = settings(
    max_examples=25 if LARGE else 10,
    stateful_step_count=40 if LARGE else 30,
    derandomize=True,  # or a run that happens to miss a state would fail
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LATE = ("already_decided", "already_withdrawn", "already_terminated", "wrong_state", "submission_refused")
REACHED = {
    *("draft", "under_review", "returned", "withdrawn", "usable", "void"),
    *("insufficient_budget", "below_taken", "already_decided", "not_routed_yet"),
}
"""What the runs must have met, or they prove nothing."""
PARTS = st.sampled_from([(300, 0), (700, 0), (0, 500), (400, 400)])
"""Yuan of each of two lines, which hold 1000 each: three plans are too many for one."""
PATHS = [
    (consumer, publisher)
    for consumer, publishers in {
        "plans": ("approvals", "directory", "notify"),
        "approvals": ("plans", "directory"),
        "notify": ("plans", "approvals", "directory"),
    }.items()
    for publisher in publishers
]


class Review(RuleBasedStateMachine):
    """Each run has lines and plans of its own in one county; what travels does so when a rule says it."""

    county: ClassVar[County]
    reached: ClassVar[Counter[str]] = Counter()
    plans = Bundle("plans")

    def __init__(self) -> None:
        super().__init__()
        self.world = self.county.world
        self.holds = Invariants(self.world)
        self.seen: list[tuple[str, dict[str, Any]]] = []

    @initialize(target=plans, parts=st.lists(PARTS, min_size=3, max_size=3))
    def start(self, parts: list[tuple[int, int]]) -> MultipleResults[str]:
        """Two budget lines and three plans, submitted as far as the money goes."""
        body = {
            "organisation_id": self.county.sample.hospital_id,
            "fiscal_year": 2026,
            "project_name": "设备",
            "fund_nature": "general",
            "amount": "1000.00",
        }
        for _ in range(2):
            line = {**body, "project_code": secrets.token_hex(8)}
            self.holds.lines.append(UUID(self.county.finance.post("/api/plans/budget-lines", line)["id"]))
        made = [self.draft(part) for part in parts]
        for plan in made:
            self.submit(plan, carried=False)
        return multiple(*made)

    def form(self, parts: tuple[int, int]) -> dict[str, Any]:
        paid = [
            {"budget_line_id": str(line), "amount": f"{yuan}.00"}
            for line, yuan in zip(self.holds.lines, parts, strict=True)
            if yuan
        ]
        return self.county.form(f"{sum(parts)}.00", allocations=paid)

    # acts; what a person may be refused is named

    @precondition(lambda self: len(self.holds.plans) < 6)
    @rule(target=plans, parts=PARTS)
    def another(self, parts: tuple[int, int]) -> str:
        return self.draft(parts)

    def draft(self, parts: tuple[int, int]) -> str:
        plan_id: str = self.county.handler.post("/api/plans/plans", self.form(parts))["id"]
        self.holds.plans.append(UUID(plan_id))
        return plan_id

    @rule(plan=plans, steps=st.integers(1, 3))
    def go_on(self, plan: str, steps: int) -> None:
        """The next steps of a plan in peace: everything arrives, it is submitted, its reviewers agree."""
        for _ in range(steps):
            self.world.settle()
            if self.county.plan(plan)["status"] != "under_review":
                self.submit(plan, carried=True)
            for role in ("head", "supervisor"):
                if slots := self.county.todo(self.county.people[role], plan):
                    self.seen.append((role, slots[0]))
                    self.post(role, slots[0], "agree")
                    break

    @rule(plan=plans, carried=st.booleans())
    def submit(self, plan: str, carried: bool) -> None:
        self.attempt(lambda: self.county.submit(plan), "wrong_state", "insufficient_budget")
        self.settle_if(carried)

    @rule(plan=plans, parts=PARTS)
    def edit(self, plan: str, parts: tuple[int, int]) -> None:
        handler, path = self.county.handler, f"/api/plans/plans/{plan}"
        handler.get(path)
        self.attempt(lambda: handler.put(path, self.form(parts), handler.etags[path]), "wrong_state")

    @rule(plan=plans, carried=st.booleans())
    def abandon(self, plan: str, carried: bool) -> None:
        """Withdrawn first, where it is under review; the news of that may not have arrived yet."""
        self.withdraw(plan)
        self.settle_if(carried)
        handler, path = self.county.handler, f"/api/plans/plans/{plan}"
        handler.get(path)
        self.attempt(lambda: handler.post(f"{path}/abandon", {}, handler.etags[path]), "wrong_state")

    @rule(plan=plans)
    def withdraw(self, plan: str) -> None:
        shown = self.county.plan(plan)
        path = f"/api/approvals/documents/plan/{plan}/withdraw"
        query = f"?round={max(shown['round'], 1)}"
        self.attempt(lambda: self.county.handler.post(path + query), *LATE, "not_routed_yet")

    @rule(
        role=st.sampled_from(["head", "supervisor"]),
        verb=st.sampled_from(["agree", "agree", "disagree"]),
        carried=st.booleans(),
    )
    def decide(self, role: str, verb: str, carried: bool) -> None:
        items = self.county.people[role].get("/api/approvals/todo", limit=100)["items"]
        mine = [slot for slot in items if UUID(slot["doc_id"]) in self.holds.plans]
        if mine:
            self.seen.append((role, mine[-1]))
            self.post(role, mine[-1], verb)
            self.settle_if(carried)

    @rule(which=st.integers(0, 99), verb=st.sampled_from(["agree", "disagree"]))
    def decide_again(self, which: int, verb: str) -> None:
        """From a page that was opened a while ago."""
        if self.seen:
            self.post(*self.seen[which % len(self.seen)], verb)

    def post(self, role: str, slot: dict[str, Any], verb: str) -> None:
        path = f"/api/approvals/slots/{slot['id']}/{verb}"
        opinion = {"opinion": "请修改" if verb == "disagree" else ""}
        self.attempt(lambda: self.county.people[role].post(path, opinion, slot["etag"]), *LATE)

    @rule(which=st.integers(0, 1), direction=st.sampled_from(["increase", "decrease"]))
    def adjust(self, which: int, direction: str) -> None:
        finance, path = self.county.finance, f"/api/plans/budget-lines/{self.holds.lines[which]}"
        finance.get(path)
        body = {"direction": direction, "amount": "600.00", "reason": "预算调整"}
        self.attempt(lambda: finance.post(f"{path}/adjustments", body, finance.etags[path]), "below_taken")

    def attempt(self, act: Callable[[], object], *codes: str) -> None:
        """Does it, or is refused for one of the named reasons."""
        try:
            act()
        except Refused as refused:
            code = str(refused.problem.get("code"))
            if code not in codes:
                raise
            self.reached[code] += 1

    # deliveries

    def settle_if(self, carried: bool) -> None:
        if carried:
            self.world.settle()

    @rule(cut=st.sets(st.sampled_from(PATHS), max_size=4))
    def carry(self, cut: set[tuple[str, str]]) -> None:
        """Events travel, but not everywhere."""
        self.world.cut = cut
        self.world.settle()
        self.world.cut = set()

    @rule(which=st.integers(0, 99), back=st.integers(0, 30))
    def deliver_from_the_feed(self, which: int, back: int) -> None:
        """Some of the last events once more, or for the first time and out of turn: what was handled before
        changes nothing (invariant 16)."""
        receivers = self.world.system.receivers
        receiver = receivers[which % len(receivers)]
        head = receiver.read_feed(0).head
        events = receiver.read_feed(max(0, head - back)).events[:5]
        with receiver.store.read() as look:
            at = look.session.get_one(Checkpoint, receiver.publisher).position
        before = self.holds.snapshot()
        for envelope in [event for event in events if event.position <= at]:
            receiver.take(envelope)
        assert self.holds.snapshot() == before
        for envelope in [event for event in reversed(events) if event.position > at]:
            receiver.take(envelope)

    @invariant()
    def invariants_hold(self) -> None:
        self.holds.check()
        self.reached.update(str(record["status"]) for record in self.holds.records.values())

    def teardown(self) -> None:
        self.world.cut = set()
        self.world.settle()
        self.holds.check_settled()


@pytest.mark.timeout(900 if LARGE else 300)
def test_the_invariants_hold_whatever_people_do_and_however_events_travel(county: County) -> None:
    Review.county = county
    Review.reached.clear()
    run_state_machine_as_test(Review, settings=PROFILE)
    assert not REACHED - Review.reached.keys(), "the runs have not been everywhere"
