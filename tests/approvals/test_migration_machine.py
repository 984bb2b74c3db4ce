"""Whatever has happened in a round and whatever the new version is, a migration keeps what was decided (I40),
is an administrator's act and decides nothing (I41), or changes nothing at all."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from services.approvals.actor import Actor
from services.approvals.case import CaseState
from services.approvals.evidence.file_check import check_routes
from services.approvals.evidence.written import written
from services.approvals.rerouting import migrate, reroute
from services.approvals.slot import DECIDED, Slot, SlotState
from services.approvals.step import RouteStep
from shared.errors import Conflict
from tests.approvals.acts import STEPS
from tests.approvals.test_invariants import Review
from tests.approvals.turning import ADMINISTRATOR

KEYS = st.integers(0, 6)
EDITS = st.lists(
    st.sampled_from(["keep", "keep", "keep", "keep", "drop", "change", "insert"]), min_size=3, max_size=8
)
RENAMES: st.SearchStrategy[dict[int, int]] = st.one_of(st.just({}), st.dictionaries(KEYS, KEYS, max_size=1))


class Migrating(Review):
    """Versions are published and rounds moved to them at any time."""

    @precondition(lambda self: self.reviewing)
    @rule(edits=EDITS, drawn=STEPS, turned=st.integers(0, 9), renames=RENAMES)
    def migrate(
        self, edits: list[str], drawn: list[dict[str, Any]], turned: int, renames: dict[int, int]
    ) -> None:
        steps = self.version_of(edits, drawn)
        if turned == 0:
            steps.reverse()
        before, acts, route = self.projection, len(self.acts), list(self.file.route)
        behind = range(self.case.step_index + 1)
        decided = [n for n in behind if any(self.is_decided_at(one, n) for one in self.now)]
        renamed = {f"unit.s{old}": f"unit.s{new}" for old, new in renames.items()}
        try:
            new = reroute(self.file, steps, renamed, self.candidates)
        except Conflict:
            assert (self.projection, self.file.route, self.file.added) == (before, route, [])
            assert len(self.acts) == acts, "refused as a whole"
            return
        assert (self.projection, self.file.route) == (before, route), "asking changes nothing"
        at = self.case.step_index
        open_before = {one.id for one in self.now if one.pending}
        migrate(self.file, new, Actor(ADMINISTRATOR, "管理员"), "新版")
        self.keep(self.file)
        self.i40_what_was_decided_stays(decided, route, before, at)
        self.i41_an_administrator_decides_nothing()
        self.steps = [self.case.step_index]
        cancelled = {one.id for one in self.now if one.id in open_before and not one.pending}
        assert not cancelled or cancelled == open_before, "the turns of a step stay together"
        self.undone |= cancelled

    def i40_what_was_decided_stays(
        self, decided: list[int], route: list[RouteStep], before: Any, at: int
    ) -> None:
        behind = decided[-1] + 1 if decided else 0
        assert self.file.route[:behind] == route[:behind], "I40: every decided step, in its order"
        kept = [one.id for one in self.now if one.state in DECIDED]
        assert {one: self.projection[one] for one in kept} == {one: before[one] for one in kept}
        assert self.case.step_index >= (decided[-1] if decided else 0)
        event = {"seq": 1, "type": "migrated", "round": 1, "data": self.acts[-1].data}
        agreed = {str(one): {"step": self.slots[one].step_key, "state": "agreed"} for one in kept}
        stood = {"slots": agreed, "step_index": at}
        began = {"seq": 0, "type": "submitted", "round": 1, "data": stood}
        evidence = {
            "rounds": [{"n": 1, "route": [one.to_json() for one in route]}],
            "events": [began, event],
            "case": written(self.case),
        }
        assert list(check_routes(evidence)) == []

    def i41_an_administrator_decides_nothing(self) -> None:
        last = self.acts[-1]
        assert (last.type, last.administrator, last.opinion) == ("migrated", True, "新版")
        assert self.case.state == CaseState.REVIEWING
        assert not any(one.acted_by == ADMINISTRATOR for one in self.slots.values())

    @property
    def now(self) -> list[Slot]:
        """The slots of the running round."""
        return [one for one in self.slots.values() if one.round == self.case.round]

    def is_decided_at(self, slot: Slot, index: int) -> bool:
        return slot.state in DECIDED and slot.step_index == index

    def version_of(self, edits: list[str], drawn: list[dict[str, Any]]) -> list[RouteStep]:
        """The steps of the route, some of them changed, left out, or with another before them."""
        found: list[RouteStep] = []
        content = self.contents[self.case.round]
        keys = {step.key for step in self.file.route}
        free = [n for n in range(20) if f"unit.s{n}" not in keys]
        for place, step in enumerate(self.file.route):
            edit, one = edits[place % len(edits)], drawn[place % len(drawn)]
            if edit == "insert" and len(self.file.route) < 9:
                found.append(self.route_step(free.pop(0), one, content))
            if edit == "change":
                people = self.people[step.key]
                step = self.route_step(int(step.key.removeprefix("unit.s")), one, content)
                self.people[step.key] = people
            if edit != "drop":
                found.append(step.model_copy(update={"chain_version": step.chain_version + 1}))
        return found

    def can_take_back(self, slot: Slot) -> bool:
        moved = max((act.seq for act in self.acts if act.type == "migrated"), default=0)
        return super().can_take_back(slot) and (slot.closed_by or 0) > moved


TestMigrating = Migrating.TestCase
TestMigrating.settings = settings(
    max_examples=80,
    stateful_step_count=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # explaining takes minutes
)


def test_i40_the_verifier_finds_a_migration_that_changes_what_was_decided() -> None:
    route = [{"key": "unit.a", "quorum": "all"}, {"key": "unit.b"}]
    agreed = {"slots": {"1": {"step": "unit.a", "state": SlotState.AGREED}}, "step_index": 1}
    moved = [{"key": "unit.a", "quorum": "any"}, {"key": "unit.c"}]
    evidence = {
        "rounds": [{"n": 1, "route": route}],
        "events": [
            {"seq": 1, "type": "submitted", "round": 1, "data": agreed},
            {
                "seq": 2,
                "type": "migrated",
                "round": 1,
                "data": {"slots": {}, "step_index": 1, "route": moved},
            },
        ],
        "case": {"route": moved},
    }
    assert [one.where for one in check_routes(evidence)] == ["events/2/data/route"]
    evidence["case"] = {"route": None}
    assert [one.where for one in check_routes(evidence)] == ["events/2/data/route", "case/route"]
    moved[0] = route[0]
    evidence["case"] = {"route": moved}
    assert list(check_routes(evidence)) == []
