"""A case with its running round and slots, locked for one act: what the verbs of review work on.

The verbs themselves stand by group: `rounds` (begin and end), `deciding`, `holders` (changes of people);
`recording` writes the one event of each act.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from services.approvals.case import Case, CaseRound, CaseState
from services.approvals.deadline import TimetableHere, give_time, go_on, is_neglected, stop_time
from services.approvals.slot import DECIDED, HELD, Slot, SlotState
from services.approvals.staffing import Candidate
from services.approvals.step import RouteStep, Segment
from services.approvals.substitution import Substitution
from services.approvals.tables import Approvals
from services.approvals.timetable import USUAL
from shared.events import Event


@dataclass
class Effects:
    """What an act does to slots, collected so that its one event says it all."""

    opened: list[Slot] = field(default_factory=list)
    closed: list[Slot] = field(default_factory=list)
    skipped: Mapping[str, str] = field(default_factory=dict)


@dataclass
class CaseFile:
    """`added` are new rows, `told` the events of the act in order; `alarm` when nobody can go on;
    `timetable` is what budgets of working time go by, `standing_in` by which substitutions its reader may
    decide for others."""

    case: Case
    round: CaseRound
    slots: list[Slot]
    at: datetime
    added: list[Approvals] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    alarm: bool = False
    timetable: TimetableHere = lambda: USUAL
    standing_in: Sequence[Substitution] = ()
    before: dict[UUID, str] = field(init=False)
    """The states of the slots before the act."""

    def remember(self, changed: Iterable[Slot]) -> None:
        """What follows is another act."""
        self.before |= {slot.id: str(slot.state) for slot in changed}

    def __post_init__(self) -> None:
        self.had_attention = bool(self.case.attention)
        self.before = {}
        self.remember(self.slots)

    @cached_property
    def route(self) -> list[RouteStep]:
        moved = self.case.route
        return [RouteStep.model_validate(one) for one in moved] if moved else self.round.steps

    @property
    def step(self) -> RouteStep:
        return self.route[self.case.step_index]

    @property
    def step_slots(self) -> list[Slot]:
        return [slot for slot in self.slots if self.is_of(slot, self.case.step_index)]

    def is_of(self, slot: Slot, index: int) -> bool:
        """Whether a slot of this round belongs to step number `index`. One that was cancelled when the round
        moved to another version may stand where another step is now."""
        return slot.step_index == index and slot.step_key == self.route[index].key

    @property
    def carried_ahead(self) -> list[Slot]:
        """Agreements of an earlier round in steps that are still to come."""
        return [one for one in self.slots if one.carried_round and one.step_index > self.case.step_index]

    def reroute(self, steps: Sequence[RouteStep]) -> None:
        """From now on the round goes by these steps."""
        self.case.route = [step.to_json() for step in steps]
        self.route = list(steps)

    @property
    def withdrawable(self) -> bool:
        """Under review, and nobody has decided in this round."""
        return self.case.state == CaseState.REVIEWING and not any(slot.is_decision for slot in self.slots)

    @property
    def excluded(self) -> set[UUID]:
        """Who reviews nothing (more) in this round: the applicant, those who decided, and those for whom
        somebody did."""
        decided = {
            person
            for slot in self.slots
            if slot.state in DECIDED
            for person in (slot.acted_by, slot.on_behalf_of)
            if person
        }
        return {self.case.applicant_id, *decided}

    def administrators_of(self, step: RouteStep) -> set[UUID]:
        """Who has given or taken turns of a step as administrator."""
        of_step = (slot for slot in self.slots if slot.step_key == step.key)
        return {slot.administered_by for slot in of_step if slot.administered_by}

    def barred(self, step: RouteStep) -> set[UUID]:
        """Who may have no part in a step: who reviews nothing more, and its administrators."""
        return self.excluded | self.administrators_of(step)

    def is_free(self, person: UUID) -> bool:
        """Whether a person may have a part in the present step: he reviews nothing else in this round."""
        held = {slot.holder_id for slot in self.step_slots if slot.state in HELD}
        return person not in held and person not in self.barred(self.step)

    def awaited_by(self, slot: Slot) -> list[Slot]:
        """Those who have been asked to sign before its holder, and have not yet."""
        return [one for one in self.slots if one.sign == "before" and one.sign_for == slot.id and one.pending]

    def give_slot(self, index: int, holder: Candidate | None, origin: str) -> Slot:
        """A new slot in step number `index`; vacant without a holder."""
        step = self.route[index]
        slot = Slot.given(self.case, index, step, holder, origin)
        slot.opened_at = self.at
        if step.budget_hours is not None:
            give_time(slot, step.budget_hours, self.at, self.timetable())
        self.slots.append(slot)
        self.added.append(slot)
        return slot

    def carry(self, index: int, holder: Candidate, agreed: Slot) -> Slot:
        """A part in step number `index` for which its holder has agreed in an earlier round."""
        slot = Slot.carried(self.case, index, self.route[index], holder, agreed)
        self.slots.append(slot)
        self.added.append(slot)
        return slot

    def close(self, slot: Slot, state: SlotState) -> None:
        """Closes a slot by the act that is recorded next."""
        slot.close(state, self.at, self.case.event_seq + 1)

    def pend(self, slot: Slot, state: SlotState) -> None:
        """Makes a slot open or waiting (again): its time stands still while others sign before its holder."""
        slot.pend(state)
        if state == SlotState.WAITING and slot.due_at is not None:
            stop_time(slot, self.at, self.timetable())
        elif state == SlotState.OPEN and slot.left_seconds is not None and slot.due_at is None:
            go_on(slot, self.at, self.timetable())

    def cancel_pending(self) -> list[Slot]:
        """Cancels what is still open or vacant; gives those slots."""
        pending = [slot for slot in self.slots if slot.pending]
        for slot in pending:
            self.close(slot, SlotState.CANCELLED)
        return pending

    def raise_attention(self, reason: str) -> None:
        self.need(reason)
        self.alarm = True

    def need(self, reason: str) -> None:
        """Why the present step needs an administrator, if it does."""
        of_district = bool(reason) and self.step.segment == Segment.DISTRICT
        self.case.attention = reason
        self.case.attention_path = self.step.owner_path if of_district else ""

    def settle_attention(self) -> None:
        """Attention is there while a place is vacant, and while something lies there overdue."""
        lies = any(is_neglected(slot) for slot in self.slots)
        reason = self._vacancy or ("overdue" if lies else "")
        if reason and not self.case.attention:
            return self.raise_attention(reason)
        self.need(reason)

    @property
    def _vacancy(self) -> str:
        vacant = [slot for slot in self.slots if slot.state == SlotState.VACANT]
        if any(slot.holder_id for slot in vacant):
            return "holder_left"
        if not vacant:
            return ""
        alone = not any(slot.counts for slot in self.step_slots if slot not in vacant)
        return "nobody_to_review" if alone else "too_few_reviewers"
