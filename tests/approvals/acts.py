"""One document under review, acted on in any order, without a database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from services.approvals import deciding, holders, judge, rounds
from services.approvals.actor import Actor
from services.approvals.carrying import Earlier, attested_digest
from services.approvals.case import Case, CaseRound, CaseState
from services.approvals.case_event import CaseEvent, first_hash
from services.approvals.case_file import CaseFile
from services.approvals.deciding import Decision
from services.approvals.next_step import NextStep
from services.approvals.route import begin
from services.approvals.seating import Seating, seat
from services.approvals.slot import Slot, SlotState
from services.approvals.staffing import Candidate
from services.approvals.step import RoleSelector, RouteStep, Segment
from shared.database import new_id
from shared.digest import digest
from shared.errors import Conflict, Invalid
from shared.events.documents import Submission
from shared.people import Role

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
UNIT = new_id()
STAFF = [Candidate(new_id(), f"p{n}", UNIT, "示例单位") for n in range(6)]
APPLICANT = STAFF[0]
SUPERIOR = Candidate(new_id(), "superior", new_id(), "主管单位")

STEPS = st.lists(
    st.fixed_dictionaries(
        {
            "people": st.one_of(
                st.sets(st.integers(0, 5), min_size=2, max_size=5), st.sets(st.integers(0, 5), max_size=1)
            ),
            "quorum": st.sampled_from(["any", "all", "at_least"]),
            "at_least": st.integers(1, 3),
            "pick": st.sampled_from(["none", "none", "none", "previous_actor"]),
            "on_empty": st.sampled_from(["skip", "administrator"]),
            "applies": st.sampled_from([True, True, True, False]),
            "self_review": st.sampled_from(["exclude", "skip", "superior"]),
            "repeat": st.sampled_from(["never", "never", "skip_repeated"]),
            "may_carry": st.sampled_from([True, True, False]),
            "attested": st.sampled_from([["a"], ["b"], ["a", "b"], []]),
        }
    ),
    min_size=2,
    max_size=5,
)
CONTENT = st.fixed_dictionaries({name: st.integers(0, 1) for name in "abc"})


@dataclass(frozen=True)
class Opened:
    """What there was before an agreement, and whose turn it made it."""

    before: dict[UUID, tuple[Any, ...]]
    slots: set[UUID]


class Acts(RuleBasedStateMachine):
    """One document, reviewed over and over; `acts` is its whole history, `told` all it published."""

    def __init__(self) -> None:
        super().__init__()
        self.at = MORNING
        self.people: dict[str, list[Candidate]] = {}
        self.file: CaseFile

    @initialize(steps=STEPS)
    def begin(self, steps: list[dict[str, Any]]) -> None:
        self.acts: list[CaseEvent] = []
        self.told: list[Any] = []
        self.slots: dict[UUID, Slot] = {}
        self.outcomes: dict[UUID, str] = {}
        self.steps: list[int] = []
        self.opened: dict[int, Opened] = {}
        self.touched: dict[UUID, int] = {}
        self.undone: set[UUID] = set()
        self.case = Case.begin("plan", new_id(), self.at, None)
        self.chain = new_id()
        self.contents: dict[int, dict[str, int]] = {}
        self.submit(steps, {"a": 0, "b": 0, "c": 0})

    @precondition(lambda self: self.case.final or not self.acts)
    @rule(steps=STEPS)
    def another_document(self, steps: list[dict[str, Any]]) -> None:
        self.begin(steps)

    def touch(self, slot: Slot) -> None:
        """Notes that the act to come sees a turn or acts on it."""
        self.touched[slot.id] = len(self.acts) + 1

    def keep(self, file: CaseFile) -> None:
        self.acts += [row for row in file.added if isinstance(row, CaseEvent)]
        self.slots |= {row.id: row for row in file.added if isinstance(row, Slot)}
        self.told += file.told
        file.added, file.told = [], []

    def submit(self, steps: list[dict[str, Any]], content: dict[str, int]) -> None:
        self.wanted = steps
        before = [slot for slot in self.slots.values() if slot.round == self.case.round]
        digests = {step.key: step.attested_digest for step in self.file.route} if before else {}
        route = [self.route_step(n, one, content) for n, one in enumerate(steps)]
        begun = begin(route, Earlier(digests, before), self.seating_of, APPLICANT.person_id)
        about: Any = {"doc_type": "plan", "doc_id": self.case.doc_id, "facts": {}, "content": content}
        asked = Submission(
            **about,
            title="课桌椅采购",
            organisation_id=UNIT,
            applicant_id=APPLICANT.person_id,
            applicant_name=APPLICANT.name,
            digest=digest(content),
        )
        frozen = CaseRound(
            **about,
            case_id=self.case.id,
            n=self.case.round + 1,
            revision=self.case.round + 1,
            digest=asked.digest,
            route=begun.to_json(),
            submitted_at=self.at,
        )
        self.case.describe(asked, "示例单位", "/140000/")
        if begun.first is not None or not self.acts:
            self.file = CaseFile(self.case, frozen, [], self.at)
        if begun.first is None:
            return  # refused: no step would open, the case stays as it is
        if not self.case.event_hash:
            self.beginning = first_hash(self.case.id, frozen.digest, frozen.route)
        seated = begun.seating
        start = NextStep(begun.first, seated.people, begun.skipped, basis=seated.basis, carried=begun.carried)
        rounds.submit(self.file, Actor(APPLICANT.person_id, APPLICANT.name), start)
        self.contents[self.case.round] = content
        self.steps = [self.case.step_index]
        self.keep(self.file)

    def seating_of(self, step: RouteStep, agreed: Collection[UUID]) -> Seating:
        return seat(step, self.candidates, APPLICANT.person_id, agreed)

    def route_step(self, n: int, one: dict[str, Any], content: dict[str, int]) -> RouteStep:
        key = f"unit.s{n}"
        self.people[key] = [STAFF[index] for index in sorted(one["people"])]
        return RouteStep(
            key=key,
            name=f"环节{n}",
            selector=RoleSelector(role=Role.REVIEWER),
            quorum=one["quorum"],
            at_least=one["at_least"] if one["quorum"] == "at_least" else None,
            self_review=one["self_review"],
            repeat=one["repeat"],
            superior_id=SUPERIOR.organisation_id,
            pick=one["pick"],
            on_empty=one["on_empty"],
            segment=Segment.UNIT,
            chain_id=self.chain,
            chain_version=1,
            owner=str(UNIT),
            owner_path="/140000/",
            facts={},
            applies=one["applies"],
            may_carry=one["may_carry"],
            attested=one["attested"],
            attested_digest=attested_digest(one["attested"], content, digest(content)),
            budget_hours=one.get("budget_hours"),
            escalation=one.get("escalation", []),
            escalation_places=[None] * len(one.get("escalation", [])),
        )

    def candidates(self, one: RouteStep) -> list[Candidate]:
        return [SUPERIOR] if one.organisation_id == one.superior_id else self.people[one.key]

    @property
    def reviewing(self) -> bool:
        return bool(self.acts) and self.case.state == CaseState.REVIEWING

    @property
    def open(self) -> list[Slot]:
        return [slot for slot in self.slots.values() if slot.state == SlotState.OPEN]

    @property
    def vacant(self) -> list[Slot]:
        return [slot for slot in self.slots.values() if slot.state == SlotState.VACANT]

    @property
    def projection(self) -> dict[UUID, tuple[Any, ...]]:
        """Everything that says who has the case and what became of each turn."""
        return {
            one.id: (one.state, one.holder_id, one.acted_by, one.opinion, one.closed_at, one.sign_for)
            for one in self.slots.values()
        }

    def said(self, slot: Slot, opinion: str, picks: list[UUID]) -> Decision:
        assert slot.holder_id is not None
        return Decision(Actor(slot.holder_id, slot.holder_name), opinion, picks)

    @precondition(lambda self: self.reviewing and self.open)
    @rule(n=st.integers(0, 5), picks=st.one_of(st.just(set()), st.sets(st.integers(0, 5), max_size=3)))
    def agree(self, n: int, picks: set[int]) -> None:
        slot = self.open[n % len(self.open)]
        chosen = [STAFF[index].person_id for index in sorted(picks)]
        before: tuple[Any, ...] = (self.case.version, slot.state, len(self.acts), [])
        was = self.projection
        try:
            deciding.agree(self.file, slot, self.said(slot, "", chosen), self.candidates)
        except Invalid:
            assert (self.case.version, slot.state, len(self.acts), self.file.added) == before
            return
        self.keep(self.file)
        pending = [one for one in self.slots.values() if one.pending]
        opened = {one.id for one in pending if was.get(one.id, ("",))[0] != one.state}
        self.opened[self.acts[-1].seq] = Opened(was, opened)
        if self.case.state == CaseState.REVIEWING:
            self.steps.append(self.case.step_index)

    @precondition(lambda self: self.reviewing and self.open)
    @rule(n=st.integers(0, 5))
    def agree_plainly(self, n: int) -> None:
        self.agree(n, set())

    @precondition(lambda self: self.reviewing and self.open)
    @rule(n=st.integers(0, 5), opinion=st.sampled_from(["", "", " ", "\n", "请补充"]))
    def disagree(self, n: int, opinion: str) -> None:
        slot = self.open[n % len(self.open)]
        try:
            deciding.disagree(self.file, slot, self.said(slot, opinion, []))
        except Invalid:
            assert not opinion.strip()
            assert slot.state == SlotState.OPEN
            return
        assert opinion.strip()
        self.keep(self.file)
        assert self.case.state == CaseState.RETURNED

    @rule(really=st.integers(0, 4))
    def withdraw(self, really: int) -> None:
        if not self.acts:
            return
        decided = any(s.is_decision for s in self.slots.values() if s.round == self.case.round)
        assert self.file.withdrawable == (self.reviewing and not decided)
        if self.file.withdrawable and not really:
            rounds.withdraw(self.file, Actor(APPLICANT.person_id, APPLICANT.name))
            self.keep(self.file)

    @rule(really=st.integers(0, 9))
    def terminate(self, really: int) -> None:
        if not self.acts or really:
            return
        try:
            rounds.terminate(self.file, None, "document_cancelled", "放弃")
        except Conflict:
            assert self.case.final
            return
        self.keep(self.file)

    @precondition(lambda self: self.case.state in (CaseState.RETURNED, CaseState.WITHDRAWN))
    @rule(steps=st.one_of(st.none(), st.none(), STEPS), content=CONTENT)
    def submit_again(self, steps: list[dict[str, Any]] | None, content: dict[str, int]) -> None:
        """By the same chain (or another one), with some fields changed."""
        self.at += timedelta(minutes=1)
        self.submit(steps or self.wanted, content)

    @precondition(lambda self: self.reviewing and self.open and len(self.steps) > 1)
    @rule(n=st.integers(0, 5), content=CONTENT)
    def return_and_submit_again(self, n: int, content: dict[str, int]) -> None:
        self.disagree(n, "请补充")
        self.submit_again(None, content)

    @precondition(lambda self: self.reviewing and self.open)
    @rule(n=st.integers(0, 5), really=st.integers(0, 2))
    def leave(self, n: int, really: int) -> None:
        if really:
            return
        holders.lose_holder(self.file, self.open[n % len(self.open)])
        self.keep(self.file)

    @precondition(lambda self: self.reviewing and self.vacant)
    @rule(n=st.integers(0, 5), to=st.integers(1, 5))
    def help(self, n: int, to: int) -> None:
        slot, person = self.vacant[n % len(self.vacant)], STAFF[to]
        if person.person_id == slot.holder_id:
            if self.file.is_free(person.person_id):
                holders.resume_holder(self.file, slot, person)
        elif not judge.cannot_take_over(self.file.excluded, self.file.step_slots, person.person_id, person):
            self.touch(slot)
            holders.reassign(self.file, slot, person, Actor(new_id(), "管理员"), "改派")
        self.keep(self.file)
