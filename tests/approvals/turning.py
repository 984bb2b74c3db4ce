"""The acts of holders on their turns, as further rules of the machine; the verbs say what may be done."""

from __future__ import annotations

from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from services.approvals import holders, marks, signing, undoing
from services.approvals.actor import Actor
from services.approvals.judge import cannot_take_over
from services.approvals.quorum import can_spare, progress
from services.approvals.slot import DECIDED, Slot, SlotState
from services.approvals.staffing import Candidate
from services.approvals.verbs import VERBS, Situation, why_not
from shared.database import new_id
from shared.errors import Refusal
from shared.people import Caller, Role
from tests.approvals.acts import STAFF, UNIT, Acts

N = st.integers(0, 5)
ADMINISTRATOR = new_id()


def caller(person_id: UUID, *roles: Role) -> Caller:
    return Caller(person_id, "", UNIT, "", "140000", "/140000/", frozenset(roles))


class Turns(Acts):
    """Acts on turns; `touched` says by which act somebody has last seen a turn or acted on it."""

    def asked(self, verb: str, slot: Slot, by: UUID | None) -> Refusal | None:
        """What the rules say to a person, or to the administrator of the unit."""
        assert by is not None
        roles = [Role.UNIT_ADMINISTRATOR] if by == ADMINISTRATOR else [Role.REVIEWER]
        acts = [act for act in self.acts if act.round == self.case.round]
        return why_not(verb, Situation(self.file, slot, caller(by, *roles), lambda: acts))

    def may_join(self, person: Candidate) -> bool:
        found = cannot_take_over(self.file.excluded, self.file.step_slots, person.person_id, person)
        return not found

    def pick(self, n: int) -> Slot:
        return self.open[n % len(self.open)]

    def actor(self, slot: Slot) -> Actor:
        assert slot.holder_id is not None
        return Actor(slot.holder_id, slot.holder_name)

    @precondition(lambda self: self.reviewing and self.open)
    @rule(n=N)
    def see(self, n: int) -> None:
        slot = self.pick(n)
        assert self.asked("seen", slot, slot.holder_id) is None
        if slot.seen_at is None:
            self.touch(slot)
        marks.see(self.file, slot, self.actor(slot))
        self.keep(self.file)

    @precondition(lambda self: self.reviewing and self.open)
    @rule(n=N, to=N)
    def transfer(self, n: int, to: int) -> None:
        slot, person = self.pick(n), STAFF[to]
        assert self.asked("transfer", slot, slot.holder_id) is None
        if not self.may_join(person):
            return
        pending = sum(one.pending for one in self.slots.values())
        self.touch(slot)
        new = holders.transfer(self.file, slot, person, self.actor(slot), "")
        self.keep(self.file)
        assert sum(one.pending for one in self.slots.values()) == pending, "I32"
        assert (new.sign, new.sign_for, new.due_at) == (slot.sign, slot.sign_for, slot.due_at)

    @precondition(lambda self: self.reviewing and self.open)
    @rule(
        n=N,
        people=st.sets(st.integers(1, 5), min_size=1, max_size=2),
        order=st.sampled_from(["before", "with"]),
    )
    def add_sign(self, n: int, people: set[int], order: signing.Order) -> None:
        slot = self.pick(n)
        if self.asked("add_sign", slot, slot.holder_id) is not None:
            assert slot.sign
            return
        added = [STAFF[index] for index in sorted(people) if self.may_join(STAFF[index])]
        if not added:
            return
        self.touch(slot)
        signing.add_sign(self.file, slot, added, order, (self.actor(slot), ""))
        self.keep(self.file)
        assert slot.state == ("waiting" if order == "before" else "open")

    @precondition(lambda self: self.reviewing)
    @rule(n=N, by_administrator=st.booleans())
    def reduce_sign(self, n: int, by_administrator: bool) -> None:
        pending = [one for one in self.slots.values() if one.pending]
        slot = pending[n % len(pending)]
        principal = self.slots.get(slot.sign_for) if slot.sign_for else None
        by = ADMINISTRATOR if by_administrator else principal.holder_id if principal else slot.holder_id
        if by is None or self.asked("reduce_sign", slot, by) is not None:
            return
        spare = slot.sign or can_spare(self.file.step, self.file.step_slots, slot)
        self.touch(slot)
        signing.reduce_sign(self.file, slot, Actor(by, ""), "借调", by_administrator)
        self.keep(self.file)
        agreed, needed = progress(self.file.step, self.file.step_slots)
        left = [one for one in self.slots.values() if one.pending]
        assert spare
        assert left, "I23: a step never goes on with nobody"
        assert agreed + sum(one.counts for one in left) >= needed, "I23: nor below its quorum"

    @precondition(lambda self: any(s.state == SlotState.AGREED for s in self.slots.values()))
    @rule(n=N)
    def take_back(self, n: int) -> None:
        agreed = [one for one in self.slots.values() if one.state == SlotState.AGREED]
        slot = agreed[-1 - n % len(agreed)]
        refused = self.asked("take_back", slot, slot.acted_by)
        assert (refused is None) == self.can_take_back(slot), refused
        if refused is not None:
            return
        act = next(one for one in self.acts if one.seq == slot.closed_by)
        nothing_since = {one.type for one in self.acts if one.seq > act.seq} <= {"seen"}
        undoing.take_back(self.file, slot, act, self.actor(slot), "")
        self.keep(self.file)
        changed = {UUID(one) for one in act.data["slots"]}
        for one in changed:
            self.outcomes.pop(one, None)
        before = self.opened[act.seq].before
        if nothing_since:
            assert {one: self.projection[one] for one in before} == before, "I21"
        self.undone |= changed - before.keys()
        while self.steps[-1] > slot.step_index:
            self.steps.pop()

    def can_take_back(self, slot: Slot) -> bool:
        """I21 once more, by what the machine has noted."""
        decisions = [one for one in self.acts if one.type in ("agreed", "disagreed")]
        standing = [one for one in decisions if self.stands(one.slot_id, one.seq)]
        last = bool(standing) and standing[-1].seq == slot.closed_by
        act = slot.closed_by or 0
        if not self.reviewing or not last:
            return False
        return not any(self.touched.get(one, 0) > act for one in self.opened[act].slots)

    def stands(self, slot_id: UUID | None, seq: int) -> bool:
        slot = self.slots[slot_id] if slot_id else None
        return slot is not None and slot.closed_by == seq and slot.state in DECIDED

    @precondition(lambda self: bool(self.acts))
    @rule(n=N, verb=st.sampled_from([name for name in VERBS if name != "take_back"]))
    def try_what_is_over(self, n: int, verb: str) -> None:
        closed = [one for one in self.slots.values() if not one.pending]
        if closed:
            slot = closed[n % len(closed)]
            for by in (slot.holder_id or ADMINISTRATOR, ADMINISTRATOR):
                assert self.asked(verb, slot, by) is not None, "I6, I16"
