"""Deputies come and go while documents are reviewed: what each person has in hand is always the union that
substitution is (I29, I30, I31)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.approvals.office import Office, finance_step, step

REVIEWERS = ("wang", "zhao", "xu")
WHO = st.sampled_from(REVIEWERS)
HOURS = st.sampled_from([0, 1, 2, 5])


@pytest.fixture(scope="module")
def one_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("absence"))
    made.add("xu", made.school, "reviewer")
    yield made
    made.close()


@dataclass
class Window:
    """A substitution as the test knows it."""

    principal: str
    deputy: str
    starts: datetime
    ends: datetime
    answer: Any
    ended: bool = False


class Absence(RuleBasedStateMachine):
    """One unit, three reviewers; a model says who holds which slot, and who stands in for whom."""

    office: Office

    def __init__(self) -> None:
        super().__init__()
        self.office.begin_anew()
        self.office.publish("chen", "unit", [step("head", pick="submitter")])
        self.office.publish("zhou", "district", [finance_step()])
        self.held: dict[str, str] = {}
        self.windows: list[Window] = []

    def teardown(self) -> None:
        for window in self.windows:
            if not window.ended and self.office.clock.now() < window.ends:
                self.end(window)

    def standing_in(self, deputy: str) -> set[str]:
        now = self.office.clock.now()
        return {
            window.principal
            for window in self.windows
            if window.deputy == deputy and window.starts <= now < window.ends and not window.ended
        }

    @rule(who=WHO)
    def submit(self, who: str) -> None:
        self.office.submit([who])
        self.held[self.office.slot(who)["id"]] = who

    @rule(principal=WHO, deputy=WHO, after=HOURS, hours=HOURS)
    def grant(self, principal: str, deputy: str, after: int, hours: int) -> None:
        now = self.office.clock.now()
        starts, ends = now + timedelta(hours=after), now + timedelta(hours=after + hours)
        body = {
            "deputy_id": str(self.office.id(deputy)),
            "doc_types": [self.office.doc_type],
            "starts_at": str(starts),
            "ends_at": str(ends),
        }
        answer = self.office.post(principal, "substitutions", body)
        live = [one for one in self.windows if not one.ended and one.starts < ends and starts < one.ends]
        away = any(one.principal == deputy for one in live)
        again = any((one.principal, one.deputy) == (principal, deputy) for one in live)
        sound = hours > 0 and principal != deputy and not away and not again
        assert answer.status_code == (201 if sound else 422), answer.text
        if sound:
            self.windows.append(Window(principal, deputy, starts, ends, answer))

    @precondition(lambda self: any(not one.ended for one in self.windows))
    @rule(n=st.integers(0, 9))
    def end_one(self, n: int) -> None:
        live = [one for one in self.windows if not one.ended and self.office.clock.now() < one.ends]
        if live:
            self.end(live[n % len(live)])

    def end(self, window: Window) -> None:
        path = f"substitutions/{window.answer.json()['id']}/end"
        done = self.office.post(window.principal, path, If_Match=window.answer.headers["etag"])
        assert done.status_code == 200, done.text
        window.ended = True

    @rule(hours=st.sampled_from([1, 2, 3]))
    def pass_time(self, hours: int) -> None:
        self.office.clock.move(hours=hours)

    @precondition(lambda self: self.held)
    @rule(n=st.integers(0, 9), who=WHO)
    def decide(self, n: int, who: str) -> None:
        slot = sorted(self.held)[n % len(self.held)]
        holder = self.held[slot]
        row = next(one for one in self.todo(holder) if one["id"] == slot)
        answer = self.office.disagree(who, row)
        allowed = who == holder or holder in self.standing_in(who)
        assert (answer.status_code == 200) == allowed, answer.text
        if allowed:
            del self.held[slot]
            (done,) = self.office.get(who, "done", doc_type=self.office.doc_type, limit=1)["items"]
            assert done["id"] == slot
            assert done["on_behalf_name"] == ("" if who == holder else holder)

    def todo(self, who: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.office.get(who, "todo", doc_type=self.office.doc_type)["items"]
        return rows

    @invariant()
    def i31_lists_and_counts_are_the_union(self) -> None:
        for who in REVIEWERS:
            rows = self.todo(who)
            hands = {who, *self.standing_in(who)}
            assert {row["id"] for row in rows} == {
                slot for slot, holder in self.held.items() if holder in hands
            }
            assert self.office.get(who, "counts", doc_type=self.office.doc_type)["todo"] == len(rows)

    @invariant()
    def i30_no_circle_at_any_moment(self) -> None:
        for who in REVIEWERS:
            for principal in self.standing_in(who):
                assert who not in self.standing_in(principal)


def test_i29_i30_i31_the_union_holds_under_any_sequence(one_office: Office) -> None:
    class Here(Absence):
        office = one_office

    bounds = settings(max_examples=10, stateful_step_count=12, deadline=None)
    run_state_machine_as_test(Here, settings=bounds)
