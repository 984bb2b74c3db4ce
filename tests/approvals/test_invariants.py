"""The rules of review hold under any sequence of acts: invariants by their numbers."""

from __future__ import annotations

from uuid import UUID

from hypothesis import Phase, settings
from hypothesis.stateful import invariant

from services.approvals import deciding
from services.approvals.case import CaseState
from services.approvals.case_event import intact
from services.approvals.slot import DECIDED, PENDING, Slot, SlotState
from services.approvals.step import RouteStep
from shared.events.approvals import SlotClosed, SlotOpened
from tests.approvals.acts import APPLICANT
from tests.approvals.turning import Turns


class Review(Turns):
    """Looks at everything after every act."""

    @invariant()
    def i1_state_is_a_fold_of_the_events(self) -> None:
        if not self.acts:
            return
        folded: dict[str, dict[str, str | None]] = {}
        for entry in self.acts:
            for slot, one in entry.data["slots"].items():
                assert folded.get(slot, {}).get("state") == one["was"]
                folded[slot] = {name: value for name, value in one.items() if name not in ("was", "row")}
        assert folded == {str(slot.id): slot.trace for slot in self.slots.values()}
        last = self.acts[-1].data
        assert (last["state"], last["step_index"]) == (self.case.state, self.case.step_index)
        assert last["attention"] == self.case.attention

    @invariant()
    def i2_events_are_an_unbroken_chain(self) -> None:
        if self.acts:
            assert intact(self.acts, self.beginning, self.case.event_hash)
            assert not intact(self.acts[:-1], self.beginning, self.case.event_hash)
            assert [entry.seq for entry in self.acts] == list(range(1, len(self.acts) + 1))

    @invariant()
    def i4_i5_somebody_has_the_case_or_is_told(self) -> None:
        pending = [slot for slot in self.slots.values() if slot.pending]
        assert bool(pending) == self.reviewing
        for slot in pending:
            assert (slot.round, slot.step_index) == (self.case.round, self.case.step_index)
            if slot.state == SlotState.WAITING:
                assert self.file.awaited_by(slot), "a turn that waits, waits for somebody"
        if self.reviewing:
            assert bool(self.case.attention) == bool(self.vacant)
            assert self.open or self.vacant

    @invariant()
    def i7_i16_a_slot_has_one_outcome_and_stays(self) -> None:
        for slot in self.slots.values():
            if not slot.pending:
                assert self.outcomes.setdefault(slot.id, slot.state) == slot.state
        assert set(self.outcomes) <= set(self.slots)

    @invariant()
    def i12_steps_only_go_forward(self) -> None:
        assert self.steps == sorted(self.steps)

    @invariant()
    def i15_every_step_that_is_passed_has_agreed(self) -> None:
        if not self.acts:
            return
        approved = self.case.state == CaseState.APPROVED
        final = [slot for slot in self.slots.values() if slot.round == self.case.round]
        assert not (approved and any(slot.state == SlotState.DISAGREED for slot in final))
        skipped = self.passed_over()
        for index, one in enumerate(self.file.route):
            agreed = [s for s in final if s.step_index == index and s.state == SlotState.AGREED]
            left = [s for s in final if s.step_index == index and s.state == SlotState.CANCELLED]
            left = [slot for slot in left if slot.id not in self.undone and not slot.sign]
            agreed = [slot for slot in agreed if not slot.sign]
            assert all(self.attests(slot, one) for slot in agreed)
            if not one.applies or one.key in skipped:
                assert not any(slot.is_decision for slot in agreed)
            elif approved or index < self.case.step_index:
                assert len(agreed) >= (one.at_least or 1)
                assert one.quorum != "all" or not left

    def attests(self, slot: Slot, step: RouteStep) -> bool:
        """Whether an agreement is about what the document is now: all of it, or what its step looks at."""
        if slot.is_decision:
            return slot.digest == self.case.digest
        was, now = self.contents[slot.carried_round or 0], self.contents[self.case.round]
        return all(was[name] == now[name] for name in step.attested or "abc")

    def passed_over(self) -> set[str]:
        """Steps of the round that were skipped, and not opened after that by a migration."""
        found: set[str] = set()
        for entry in [one for one in self.acts if one.round == self.case.round]:
            found |= entry.data["skipped"].keys()
            found -= {one["step"] for one in entry.data["slots"].values() if one["state"] in PENDING}
        return found

    @invariant()
    def i20_i25_a_round_asks_somebody_and_carries_from_the_one_before(self) -> None:
        carried = [one for one in self.slots.values() if one.carried_round is not None]
        for slot in carried:
            before = [
                one
                for one in self.slots.values()
                if (one.round, one.step_key) == (slot.round - 1, slot.step_key)
                and (one.holder_id, one.state) == (slot.holder_id, "agreed")
            ]
            (one,) = before
            assert (one.carried_round or one.round) == slot.carried_round
            assert (one.acted_by, one.opinion, one.closed_at) == (slot.acted_by, slot.opinion, slot.closed_at)
        if self.case.state == CaseState.APPROVED:
            final = [one for one in self.slots.values() if one.round == self.case.round]
            assert any(one.is_decision for one in final), "nothing is approved without a decision"

    @invariant()
    def i27_i28_nobody_decides_twice_or_for_himself(self) -> None:
        for n in range(1, self.case.round + 1):
            deciders = [s.acted_by for s in self.slots.values() if s.round == n and s.state in DECIDED]
            assert len(deciders) == len(set(deciders))
            assert APPLICANT.person_id not in deciders

    @invariant()
    def i31_what_was_told_is_what_is_open(self) -> None:
        open_now: set[UUID] = set()
        for event in self.told:
            if isinstance(event, SlotOpened):
                open_now.add(event.slot_id)
            elif isinstance(event, SlotClosed):
                open_now.discard(event.slot_id)
        assert open_now == {slot.id for slot in self.open}
        versions = [event.case_version for event in self.told]
        assert versions == sorted(versions)


TestReview = Review.TestCase
TestReview.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # explaining takes minutes
)


def test_i2_every_tampering_is_found() -> None:
    machine = Review()
    one = {"people": {1, 2}, "quorum": "all", "at_least": 1, "pick": "none", "on_empty": "skip"}
    one |= {"applies": True, "self_review": "exclude", "repeat": "never", "may_carry": False, "attested": []}
    machine.begin(steps=[one, {**one, "people": {3}}])
    for _ in range(3):
        slot = machine.open[0]
        deciding.agree(machine.file, slot, machine.said(slot, "同意", []), machine.candidates)
        machine.keep(machine.file)
    acts, head = machine.acts, machine.case.event_hash
    assert intact(acts, machine.beginning, head)
    assert not intact([*acts[:1], *acts[2:]], machine.beginning, head)
    assert not intact([acts[0], acts[2], acts[1], acts[3]], machine.beginning, head)
    assert not intact([*acts, acts[-1]], machine.beginning, head)
    for field, value in (("opinion", "不同意"), ("actor_name", "别人"), ("type", "disagreed"), ("data", {})):
        before = getattr(acts[1], field)
        setattr(acts[1], field, value)
        assert not intact(acts, machine.beginning, head)
        setattr(acts[1], field, before)
    assert intact(acts, machine.beginning, head)
