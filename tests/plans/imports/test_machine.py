"""Import applications under any sequence of acts, outcomes and days, and plans that rely on them.

The numbers are those of the invariants of the domain: 12 (approved at the last agreement), 13 (at least N
working days between publication and final decision), 16 (events twice), 18 (versions); and the plans of an
approval never take more than it gives.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from services.plans.imports.approval import FINAL, ImportApproval
from services.plans.imports.coverage import Cover, taken_by_others
from services.plans.imports.notice import Notice, last_notice
from services.plans.plan import Plan
from services.plans.review import DocumentHistory, rounds
from shared.calendar import Calendar
from shared.clock import local_date
from shared.events.approvals import CaseApproved, CaseRefused, CaseReturned, CaseTerminated, CaseWithdrawn
from tests.plans.imports.customs import Customs
from tests.plans.town import Town

pytestmark = pytest.mark.timeout(600)
OUTCOMES = (CaseApproved, CaseReturned, CaseWithdrawn, CaseRefused, CaseTerminated)
OFTEN = settings(
    max_examples=12 if os.environ.get("CI") == "true" else 8,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
YEARS = range(2027, 2099)
NEW_YEARS = {date(year, 1, 1): False for year in YEARS}
"""Far enough, however long the machine plays."""
STAGES = ("draft", "submitted", "published", "under_final_review", "approved")
SEEN: set[str] = set()
"""Where the machine has been."""
WHICH = range(10)
VERBS = ("submit", "submit", "submit", "send", "send", "abandon", "revoke")
ACTS: dict[str, dict[str, Sequence[Any]]] = {
    "apply_for": {"stage": STAGES},
    "act": {"which": WHICH, "verb": VERBS},
    "hear_outcome": {"which": WHICH, "kind": OUTCOMES, "behind": (0, 0, 0, 1)},
    "let_days_pass": {"days": range(10)},
    "let_the_year_pass": {},
    "object": {"which": WHICH, "host": range(1, 250)},
    "decide": {"which": WHICH, "upheld": (True, False, False), "argued": (True, True, False)},
    "plan": {"which": WHICH, "quantity": ("1", "2"), "kind": (None, *OUTCOMES)},
    "agree_to_plan": {"which": WHICH},
}
OFTEN_TAKEN = (*ACTS, *ACTS, "hear_outcome", "hear_outcome", "object", "plan")
"""The end of a year ends everything that is approved, so it comes less often than what leads there."""


# ---- the machine


class Imports(RuleBasedStateMachine):
    """Applications of one unit in a town that all runs share; each run has applications of its own."""

    town: ClassVar[Town]

    def __init__(self) -> None:
        super().__init__()
        self.customs = Customs(self.town)
        self.known: list[UUID] = []
        self.plans: list[UUID] = []
        self.versions: dict[UUID, int] = defaultdict(int)
        self.held: dict[UUID, bool] = {}
        self.steps = 0

    # what there is

    def some(self, which: int, *wanted: str) -> dict[str, Any] | None:
        """One of the known applications in these statuses, if there is any."""
        with self.town.store.read() as look:
            kind = ImportApproval
            found = look.all(select(kind.id).where(kind.id.in_(self.known), kind.status.in_(wanted)))
        return self.customs.now({"id": sorted(found)[which % len(found)]}) if found else None

    def any(self, which: int) -> dict[str, Any]:
        return self.customs.now({"id": self.known[which % len(self.known)]})

    # acts

    @initialize(stage=st.sampled_from(STAGES))
    def begin(self, stage: str) -> None:
        self.apply_for(stage)

    @rule(seed=st.integers(0, 2**32))
    def go_on(self, seed: int) -> None:
        """One rule for all acts, which come alike often: of rules and values Hypothesis prefers some."""
        self.steps += 1
        chance = Random(f"{seed} {self.steps}")
        name = chance.choice(OFTEN_TAKEN)
        getattr(self, name)(**{key: chance.choice(values) for key, values in ACTS[name].items()})

    def apply_for(self, stage: str) -> None:
        """An application that has come so far."""
        approval = getattr(self.customs, stage)(fiscal_year=self.town.clock.today().year)
        self.known.append(UUID(approval["id"]))

    def act(self, which: int, verb: str) -> None:
        """Whatever is asked for: what the server says is allowed is done, anything else refused."""
        before = self.any(which)
        who = self.town.qian if verb == "revoke" else self.town.lin
        shown = self.customs.now(before, who)
        body = {"reason": "国产化替代"} if verb == "revoke" else {}
        answer = self.customs.act(who, before, verb, **body)
        allowed = {action["action"] for action in shown["available_actions"] if action["allowed"]}
        if answer.status_code == 422:  # nothing but time can have made it wrong
            assert [error["code"] for error in answer.json()["errors"]] == ["year_not_open"]
        else:
            assert answer.status_code == (200 if verb in allowed else 409), answer.text
        self.town.run_jobs()

    def hear_outcome(self, which: int, kind: type[Any], behind: int) -> None:
        """Of the present round it counts, once; of an older one it does not (invariant 16)."""
        before = self.some(which, "first_review", "final_review")
        if before is None:
            return
        event = self.customs.case(kind, before, round=before["round"] - behind)
        self.town.hear(event)
        after = self.customs.now(before)
        assert (after["version"] != before["version"]) == (not behind)
        self.town.hear(event)
        assert self.customs.now(before)["version"] == after["version"]

    def let_days_pass(self, days: int) -> None:
        self.town.clock.move(days=days)
        for _ in range(2):
            self.customs.tick()
        self.town.run_jobs()

    def let_the_year_pass(self) -> None:
        self.town.clock.move(days=366 - self.town.clock.today().timetuple().tm_yday)
        self.customs.tick()
        self.town.run_jobs()

    def object(self, which: int, host: int) -> None:
        before = self.some(which, "publicity", "objection", "final_review", "approved", "rejected")
        if before is None or not before["notices"]:
            return
        answer = self.customs.object(before, host=f"198.51.100.{host}")
        noticed = before["status"] in ("publicity", "objection")
        if answer.status_code == 201:
            assert noticed
            assert before["notices"][0]["state"] == "running"
        else:
            assert answer.json()["code"] in ("notice_over", "too_many_objections")

    def decide(self, which: int, upheld: bool, argued: bool) -> None:
        before = self.some(which, "objection")
        for objection in self.customs.objections(before, self.town.qian) if before else ():
            if objection["state"] == "open" and argued:
                answer = self.customs.handle(self.town.lin, objection, "argue", text="补充")
                objection = answer.json() if answer.status_code == 200 else objection
            said = {"upheld": upheld, "reason": "经复核"}
            answer = self.customs.handle(self.town.qian, objection, "decide", **said)
            assert answer.status_code in (200, 409), answer.text

    def plan(self, which: int, quantity: str, kind: type[Any] | None) -> None:
        """A plan that relies on an approval, and what its reviewers say of it."""
        approval = self.some(which, "approved")
        if approval is None:
            return
        year = self.town.clock.today().year
        plan = self.customs.plan(approval, quantity, "5000000.00", fiscal_year=year)
        self.plans.append(UUID(plan["id"]))
        answer = self.town.submit(plan)
        assert answer.status_code in (200, 422), answer.text
        if answer.status_code == 200 and kind is not None:
            self.town.tell(kind, answer.json())
            self.held[self.plans[-1]] = kind is CaseApproved

    def agree_to_plan(self, which: int) -> None:
        """The last step of a plan that has waited meanwhile."""
        if not self.plans:
            return
        before = self.town.plan({"id": self.plans[which % len(self.plans)]})
        if before["status"] != "under_review":
            return
        approval = self.customs.now({"id": before["import_approval_id"]})
        valid_to = date.fromisoformat(approval["valid_to"])
        holds = approval["status"] == "approved" and valid_to >= self.town.clock.today()
        self.town.tell(CaseApproved, before)
        assert self.town.plan(before)["status"] == ("usable" if holds else "returned")
        self.held[UUID(before["id"])] = holds

    # what holds at every moment

    @invariant()
    def invariant_12_usable_only_under_an_approval(self) -> None:
        with self.town.store.read() as look:
            usable = look.all(select(Plan.id).where(Plan.id.in_(self.plans), Plan.status == "usable"))
        assert all(self.held[plan_id] for plan_id in usable)
        SEEN.update(["usable plan"] if usable else [])

    @invariant()
    def invariant_13_working_days_between_publication_and_final_review(self) -> None:
        with self.town.store.read() as look:
            for approval_id in self.known:
                notice, approval = last_notice(look, approval_id), look.get(ImportApproval, approval_id)
                SEEN.add(approval.status)
                if notice is None or approval.status not in ("final_review", "approved", "expired"):
                    continue
                finals = [row for row in rounds(look, approval_id) if row.doc_type == FINAL]
                began = local_date(finals[-1].submitted_at)
                assert _working_days(notice.published_on, began) >= notice.days >= 5

    @invariant()
    def invariant_18_versions_grow_and_history_has_no_gap(self) -> None:
        with self.town.store.read() as look:
            for approval_id in self.known:
                version = look.get(ImportApproval, approval_id).version
                assert version >= self.versions[approval_id]
                self.versions[approval_id] = version
                of_it = select(DocumentHistory).where(DocumentHistory.document_id == approval_id)
                entries = look.all(of_it.order_by(DocumentHistory.seq))
                assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
                last = {change["field"]: change["new"] for entry in entries for change in entry.changes}
                assert last["status"] == look.get(ImportApproval, approval_id).status

    @invariant()
    def plans_never_take_more_than_was_approved(self) -> None:
        with self.town.store.read() as look:
            for approval_id in self.known:
                approval = look.get(ImportApproval, approval_id)
                cover = Cover(approval, taken_by_others(look, approval_id))
                for code in cover.approved:
                    left = cover.left(code)
                    assert min(left.quantity_milli, left.fen) >= 0

    @invariant()
    def a_notice_runs_only_while_it_may_be_objected_to(self) -> None:
        with self.town.store.read() as look:
            running = select(Notice).where(Notice.approval_id.in_(self.known), Notice.state == "running")
            approvals = [notice.approval_id for notice in look.all(running)]
            assert len(set(approvals)) == len(approvals)
            for approval_id in approvals:
                assert look.get(ImportApproval, approval_id).is_noticed


def _working_days(published: date, following: date) -> int:
    """Whole working days after the day of publication and before the day on which the review began."""
    calendar, days, day = Calendar(NEW_YEARS, YEARS), 0, published + timedelta(days=1)
    while day < following:
        days += calendar.is_working_day(day)
        day += timedelta(days=1)
    return days


@pytest.fixture(scope="module", autouse=True)
def _one_town() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as directory:
        Imports.town = Town(Path(directory))
        for year in YEARS:
            Customs(Imports.town).enter_year(year)
        yield
        Imports.town.close()


TestImports = Imports.TestCase
TestImports.settings = OFTEN


def test_the_machine_has_been_everywhere() -> None:
    """Runs after the machine, in the same module: it must not stay at the beginning unnoticed."""
    assert {"publicity", "final_review", "approved"} <= SEEN
    assert len(SEEN) >= 8
