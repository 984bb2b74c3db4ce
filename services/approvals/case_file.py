"""A case with its running round and slots, locked for one act: the rules of review, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from services.approvals import judge, told
from services.approvals.case import Case, CaseRound, CaseState
from services.approvals.case_event import CaseEvent, first_hash
from services.approvals.next_step import CandidatesOf, NextStep
from services.approvals.slot import DECIDED, Slot, SlotState
from services.approvals.staffing import Candidate
from services.approvals.step import RouteStep
from services.approvals.tables import Approvals
from shared.events import Event
from shared.events.approvals import CaseOpened, CaseTerminated, CaseWithdrawn

SYSTEM_NAME = "系统"


@dataclass(frozen=True)
class Actor:
    """A person who acts."""

    person_id: UUID
    name: str


@dataclass(frozen=True)
class Decision:
    """What a reviewer says, and whom he picks for the next step."""

    by: Actor
    opinion: str = ""
    picks: Sequence[UUID] = ()


@dataclass
class Effects:
    """What an act does to slots, collected so that its one event says it all."""

    opened: list[Slot] = field(default_factory=list)
    closed: list[Slot] = field(default_factory=list)
    skipped: Sequence[str] = ()


@dataclass
class CaseFile:
    """`added` are new rows, `told` the events of the act in order; `alarm` when nobody can go on."""

    case: Case
    round: CaseRound
    slots: list[Slot]
    at: datetime
    added: list[Approvals] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    alarm: bool = False

    @cached_property
    def route(self) -> list[RouteStep]:
        return self.round.steps

    @property
    def step(self) -> RouteStep:
        return self.route[self.case.step_index]

    @property
    def step_slots(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.step_index == self.case.step_index]

    @property
    def withdrawable(self) -> bool:
        """Under review, and nobody has decided in this round."""
        return self.case.state == CaseState.REVIEWING and not any(
            slot.state in DECIDED for slot in self.slots
        )

    @property
    def excluded(self) -> set[UUID]:
        """Who reviews nothing (more) in this round: the applicant and those who decided."""
        decided = {slot.acted_by for slot in self.slots if slot.state in DECIDED and slot.acted_by}
        return {self.case.applicant_id, *decided}

    def next_step(self, after: int, candidates: CandidatesOf, said: Decision) -> NextStep:
        """The step that opens after step number `after` once `said` is said; raises as `agree` does."""
        excluded = {*self.excluded, said.by.person_id}
        skipped: list[str] = []
        for index, step in enumerate(self.route[after + 1 :], after + 1):
            if not step.applies:
                continue
            found = [person for person in candidates(step) if person.person_id not in excluded]
            if not found and step.on_empty == "skip":
                skipped.append(step.key)
                continue
            holders = judge.chosen(step, found, said.picks)
            return NextStep(index, holders, skipped, "picked" if step.pick != "none" else "selector")
        judge.chosen(None, (), said.picks)
        return NextStep(None, skipped=skipped)

    def submit(self, by: Actor, opening: NextStep) -> None:
        """Opens the round that `round` froze, at the step that `opening` says."""
        case = self.case
        if not case.event_hash:
            case.event_hash = first_hash(case.id, self.round.digest, self.round.route)
        if case.round:
            case.move(CaseState.REVIEWING, self.at)
        case.round, case.revision, case.digest = self.round.n, self.round.revision, self.round.digest
        case.submitted_at = self.at
        effects = self._enter(opening)
        self._record("submitted", by, effects, revision=self.round.revision, chains=self._chains())
        self.told.insert(
            0, CaseOpened(**told.about(self.case), steps=[step.name for step in self.route if step.applies])
        )

    def agree(self, slot: Slot, said: Decision, candidates: CandidatesOf) -> None:
        """One agreement; when it closes the step, the next one opens, or the round is approved.

        Raises `Invalid` before anything is written: `pick_required`, `pick_not_candidate`, `pick_not_asked`.
        """
        closing = self.closes(slot)
        following = NextStep(None)
        if closing:
            following = self.next_step(slot.step_index, candidates, said)
        else:
            judge.chosen(None, (), said.picks)
        effects = Effects(closed=[slot])
        self._decide(slot, SlotState.AGREED, said)
        if closing:
            effects.closed += self._cancel_open()
            entered = self._enter(following)
            effects.opened, effects.skipped = entered.opened, entered.skipped
        self._record("agreed", said.by, effects, slot=slot, opinion=said.opinion)
        if self.case.state == CaseState.APPROVED:
            self.told.append(told.decided(self.case, slot, said.by.person_id, said.by.name))

    def closes(self, slot: Slot) -> bool:
        """Whether an agreement of this slot closes its step."""
        others = [other for other in self.step_slots if other.pending and other is not slot]
        return self.step.quorum == "any" or not others

    def disagree(self, slot: Slot, said: Decision) -> None:
        """The document goes back to its applicant at once. Raises `Invalid` (`opinion_required`)."""
        judge.require_opinion(said.opinion)
        effects = Effects(closed=[slot])
        self._decide(slot, SlotState.DISAGREED, said)
        effects.closed += self._cancel_open()
        self.case.move(CaseState.RETURNED, self.at)
        self._record("disagreed", said.by, effects, slot=slot, opinion=said.opinion)
        self.told.append(told.decided(self.case, slot, said.by.person_id, said.by.name))

    def withdraw(self, by: Actor) -> None:
        """The applicant takes the document back before anybody has decided in this round."""
        self._end(CaseState.WITHDRAWN, "withdrawn", by)
        self.told.append(CaseWithdrawn(**told.about(self.case), actor_id=by.person_id))

    def supersede(self) -> None:
        """A newer submission is here although this round still runs; its slots end like withdrawn ones."""
        self._end(CaseState.WITHDRAWN, "superseded", None)

    def terminate(self, by: Actor | None, code: str, text: str) -> None:
        """Ends the case for good; nobody for the system. Raises `Conflict` when it has ended."""
        self._end(CaseState.TERMINATED, "terminated", by, opinion=text)
        self.told.append(
            CaseTerminated(
                **told.about(self.case), code=code, text=text, actor_id=by.person_id if by else None
            )
        )

    def reassign(self, slot: Slot, to: Candidate, by: Actor, reason: str) -> Slot:
        """Another person takes over an open or vacant slot."""
        was_open = slot.state == SlotState.OPEN
        slot.close(SlotState.TRANSFERRED, self.at, self.case.event_seq + 1)
        new = self._slot(slot.step_index, to, "reassigned")
        self._settle_attention()
        self._record(
            "reassigned",
            by,
            Effects([new], [slot]),
            tell=[slot, new] if was_open else [new],
            opinion=reason,
            slot=slot,
        )
        return new

    def lose_holder(self, slot: Slot) -> None:
        """The holder left: others of an any-one step go on without him, else the slot waits for an
        administrator."""
        others = [other for other in self.step_slots if other.state == SlotState.OPEN and other is not slot]
        if self.step.quorum == "any" and others:
            slot.close(SlotState.CANCELLED, self.at, self.case.event_seq + 1)
            self._record("released", None, Effects(closed=[slot]), slot=slot)
            return
        slot.state, slot.version = SlotState.VACANT, slot.version + 1
        self._raise_attention("holder_left")
        self._record("vacated", None, Effects(closed=[slot]), slot=slot)

    def resume_holder(self, slot: Slot) -> None:
        """The holder of a vacant slot is back."""
        slot.state, slot.version = SlotState.OPEN, slot.version + 1
        self._settle_attention()
        self._record("resumed", None, Effects(opened=[slot]), slot=slot)

    def _end(self, state: CaseState, act: str, by: Actor | None, opinion: str = "") -> None:
        self.case.move(state, self.at)
        self._record(act, by, Effects(closed=self._cancel_open()), opinion=opinion)

    def _enter(self, opening: NextStep) -> Effects:
        self.case.attention = ""
        if opening.index is None:
            self.case.move(CaseState.APPROVED, self.at)
            return Effects(skipped=opening.skipped)
        self.case.step_index = opening.index
        holders: Sequence[Candidate | None] = opening.holders or (None,)
        opened = [self._slot(opening.index, holder, opening.origin) for holder in holders]
        if not opening.holders:
            self._raise_attention("nobody_to_review")
        return Effects(opened, skipped=opening.skipped)

    def _slot(self, index: int, holder: Candidate | None, origin: str) -> Slot:
        slot = Slot.given(self.case, index, self.route[index], holder, origin)
        slot.opened_at = self.at
        self.slots.append(slot)
        self.added.append(slot)
        return slot

    def _decide(self, slot: Slot, state: SlotState, said: Decision) -> None:
        slot.close(state, self.at, self.case.event_seq + 1)
        slot.acted_by, slot.opinion = said.by.person_id, said.opinion

    def _cancel_open(self) -> list[Slot]:
        pending = [slot for slot in self.slots if slot.pending]
        for slot in pending:
            slot.close(SlotState.CANCELLED, self.at, self.case.event_seq + 1)
        return pending

    def _raise_attention(self, reason: str) -> None:
        self.case.attention, self.alarm = reason, True

    def _settle_attention(self) -> None:
        if not any(slot.state == SlotState.VACANT for slot in self.slots):
            self.case.attention = ""

    def _chains(self) -> list[dict[str, Any]]:
        return [
            {"chain": chain, "version": version}
            for chain, version in sorted({(str(step.chain_id), step.chain_version) for step in self.route})
        ]

    def _record(  # noqa: PLR0913 - one event says everything about its act
        self,
        act: str,
        by: Actor | None,
        effects: Effects,
        *,
        slot: Slot | None = None,
        opinion: str = "",
        tell: Sequence[Slot] | None = None,
        **facts: Any,
    ) -> None:
        case = self.case
        case.version, case.event_seq = case.version + 1, case.event_seq + 1
        entry = CaseEvent(
            case_id=case.id,
            seq=case.event_seq,
            at=self.at,
            actor_id=by.person_id if by else None,
            actor_name=by.name if by else SYSTEM_NAME,
            type=act,
            round=case.round,
            step_key=slot.step_key if slot else "",
            step_name=slot.step_name if slot else "",
            slot_id=slot.id if slot else None,
            opinion=opinion,
            doc_digest=case.digest,
            prev_hash=case.event_hash,
            data={
                **facts,
                "state": str(case.state),
                "step_index": case.step_index,
                "attention": case.attention,
                "slots": {str(one.id): one.trace for one in (*effects.closed, *effects.opened)},
                "skipped": list(effects.skipped),
            },
        )
        case.event_hash = entry.hash = entry.sealed(case.event_hash)
        self.added.append(entry)
        changed = (*effects.closed, *effects.opened) if tell is None else tell
        self.told += [told.slot_told(case, one, one.holder_id) for one in changed if one.holder_id]
