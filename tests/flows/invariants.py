"""What must hold of plans, money, cases and messages at every moment, each rule under its name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.approvals.case import Case, CaseRound, CaseState
from services.approvals.case_event import CaseEvent
from services.approvals.slot import DECIDED, Slot, SlotState
from services.notify.delivery import Delivery
from services.notify.handlers import OUTCOMES
from services.notify.message import Message
from services.plans.budget import EFFECTS, SUMS, BudgetEntry, BudgetLine, Entry, Reservation
from services.plans.plan import Plan, Status
from services.plans.review import DocumentHistory
from shared.outbox import OutboxRow
from shared.store import Look
from tests.world import World

HELD = {Status.UNDER_REVIEW, Status.USABLE}
OUTCOME_EVENTS = ("case.approved", "case.returned", "case.withdrawn", "case.terminated", "case.refused")
SAME = {
    Status.UNDER_REVIEW: CaseState.REVIEWING,
    Status.RETURNED: CaseState.RETURNED,
    Status.WITHDRAWN: CaseState.WITHDRAWN,
    Status.USABLE: CaseState.APPROVED,
    Status.VOID: CaseState.TERMINATED,
}


class Invariants:
    """Looks at some plans and budget lines of a world; remembers what must not change any more."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plans: list[UUID] = []
        self.lines: list[UUID] = []
        self.numbers: dict[UUID, str] = {}
        self.records: dict[UUID, dict[str, Any]] = {}

    def check(self) -> None:
        """Everything that holds at any moment, whatever is still on its way."""
        with self.world.service("plans").store.read() as look:
            plans = look.all(select(Plan).where(Plan.id.in_(self.plans)))
            self.money_is_never_negative_nor_more_than_approved(look)
            self.ledger_equals_cached_sums(look)
            self.a_plan_holds_all_its_money_or_none(look, plans)
            self.numbers_are_given_once_and_grow(plans)
            self.versions_grow_and_history_replays(look, plans)
        with self.world.service("approvals").store.read() as look:
            self.one_running_case_and_one_outcome_per_round(look)
            self.withdrawal_or_decision_never_both(look)
            self.an_approved_round_has_every_step_agreed_in_order(look)
            self.decisions_are_by_their_holders_and_disagreements_say_why(look)

    def check_settled(self) -> None:
        """What holds once everything has arrived."""
        self.check()
        self.plans_and_cases_agree()
        self.everybody_was_told_exactly_once()

    # 1, 2, 3: money

    def money_is_never_negative_nor_more_than_approved(self, look: Look) -> None:
        for line in self._lines(look):
            taken = (line.reserved_fen, line.committed_fen, line.consumed_fen)
            assert min(taken) >= 0, "invariant 1"
            assert sum(taken) <= line.approved_fen + line.adjusted_fen, "invariant 1"

    def ledger_equals_cached_sums(self, look: Look) -> None:
        for line in self._lines(look):
            sums = dict.fromkeys(SUMS, 0)
            for entry in look.all(select(BudgetEntry).where(BudgetEntry.line_id == line.id)):
                for name, sign in zip(SUMS, EFFECTS[Entry(entry.kind)], strict=True):
                    sums[name] += sign * entry.amount_fen
            assert sums == {name: getattr(line, name) for name in SUMS}, "invariant 2"
            held = look.all(select(Reservation).where(Reservation.line_id == line.id))
            assert sum(one.reserved_fen for one in held) == line.reserved_fen, "invariant 2"

    def a_plan_holds_all_its_money_or_none(self, look: Look, plans: Iterable[Plan]) -> None:
        for plan in plans:
            held = look.all(select(Reservation).where(Reservation.plan_id == plan.id))
            total = sum(one.reserved_fen + one.committed_fen + one.consumed_fen for one in held)
            assert total == (plan.amount_fen if plan.status in HELD else 0), "invariant 3"

    # 6, 7, 8, 15, 19: review

    def one_running_case_and_one_outcome_per_round(self, look: Look) -> None:
        cases = look.all(select(Case).where(Case.doc_id.in_(self.plans)))
        live = Counter(case.doc_id for case in cases if not case.final)
        assert all(number == 1 for number in live.values()), "invariant 6"
        told = look.all(select(OutboxRow).where(OutboxRow.type.in_(OUTCOME_EVENTS)))
        mine = Counter(
            (row.data["doc_id"], row.data["round"])
            for row in told
            if UUID(row.data["doc_id"]) in self.plans and row.type != "case.terminated"
        )
        assert all(number == 1 for number in mine.values()), "invariant 6"

    def withdrawal_or_decision_never_both(self, look: Look) -> None:
        acts: dict[tuple[UUID, int], set[str]] = defaultdict(set)
        for entry in self._acts(look):
            acts[entry.case_id, entry.round].add(entry.type)
        for done in acts.values():
            assert "withdrawn" not in done or not done & {"agreed", "disagreed"}, "invariant 7"

    def an_approved_round_has_every_step_agreed_in_order(self, look: Look) -> None:
        approved = select(Case).where(Case.doc_id.in_(self.plans), Case.state == CaseState.APPROVED)
        for case in look.all(approved):
            running = look.session.get_one(CaseRound, (case.id, case.round))
            wanted = [step.key for step in running.steps if step.applies]
            agreed = [
                entry.step_key
                for entry in self._acts(look)
                if (entry.case_id, entry.round, entry.type) == (case.id, case.round, "agreed")
            ]
            assert agreed == wanted, "invariant 8"

    def decisions_are_by_their_holders_and_disagreements_say_why(self, look: Look) -> None:
        for slot in look.all(select(Slot).where(Slot.doc_id.in_(self.plans))):
            if slot.state == SlotState.DISAGREED:
                assert slot.opinion.strip(), "invariant 15"
            if slot.state in DECIDED:
                case = look.session.get_one(Case, slot.case_id)
                assert slot.acted_by == slot.holder_id != case.applicant_id, "invariant 19"

    # 16: deliveries

    def plans_and_cases_agree(self) -> None:
        """However events were delivered, both sides end in the same state."""
        with self.world.service("approvals").store.read() as look:
            newest = select(Case).where(Case.doc_id.in_(self.plans)).order_by(Case.opened_at)
            found = look.all(newest)
            cases = {case.doc_id: (case.state, case.round) for case in found}
            assert [case.id for case in found if case.unsettled_since is not None] == [], "I39"
        with self.world.service("plans").store.read() as look:
            for plan in look.all(select(Plan).where(Plan.id.in_(self.plans), Plan.round > 0)):
                assert cases[plan.id] == (SAME[Status(plan.status)], plan.round), "invariant 16"

    def snapshot(self) -> list[Any]:
        """Everything that a second delivery must leave as it is."""
        seen: list[Any] = []
        with self.world.service("plans").store.read() as look:
            plans = look.all(select(Plan).where(Plan.id.in_(self.plans)).order_by(Plan.id))
            seen += [plan.to_record() | {"version": plan.version} for plan in plans]
            seen += [[getattr(line, name) for name in SUMS] for line in self._lines(look)]
        with self.world.service("approvals").store.read() as look:
            cases = look.all(select(Case).where(Case.doc_id.in_(self.plans)).order_by(Case.id))
            seen += [(case.state, case.round, case.event_hash) for case in cases]
        with self.world.service("notify").store.read() as look:
            seen.append(sorted(look.all(select(Message.id))))
        return seen

    # 17, 18: numbers and history

    def numbers_are_given_once_and_grow(self, plans: Iterable[Plan]) -> None:
        given = {plan.id: plan.plan_number for plan in plans if plan.plan_number}
        assert len(set(given.values())) == len(given), "invariant 17"
        for plan_id, number in self.numbers.items():
            assert given[plan_id] == number, "invariant 17"
        last = max(self.numbers.values(), default="")
        fresh = [number for plan_id, number in given.items() if plan_id not in self.numbers]
        assert all(number > last for number in fresh), "invariant 17"
        self.numbers = given

    def versions_grow_and_history_replays(self, look: Look, plans: Iterable[Plan]) -> None:
        for plan in plans:
            record = plan.to_record() | {"version": plan.version}
            known = self.records.get(plan.id, record)
            assert plan.version > known["version"] or record == known, "invariant 18"
            self.records[plan.id] = record
            replayed: dict[str, Any] = {}
            history = (
                select(DocumentHistory)
                .where(DocumentHistory.document_id == plan.id)
                .order_by(DocumentHistory.seq)
            )
            for entry in look.all(history):
                for change in entry.changes:
                    assert replayed.get(change["field"]) == change["old"], "invariant 18"
                    replayed[change["field"]] = change["new"]
            now = {field: value for field, value in plan.to_record().items() if value is not None}
            assert {field: value for field, value in replayed.items() if value is not None} == now, (
                "invariant 18"
            )

    # 20: messages

    def everybody_was_told_exactly_once(self) -> None:
        with self.world.service("notify").store.read() as look:
            messages = look.all(select(Message))
            deliveries = look.all(select(Delivery))
        told = Counter((message.event_id, message.person_id) for message in messages)
        assert all(number == 1 for number in told.values()), "invariant 20"
        sent = Counter((delivery.message_id, delivery.channel) for delivery in deliveries)
        assert all(number == 1 for number in sent.values()), "invariant 20"
        with self.world.service("plans").store.read() as look:
            changed = look.all(select(OutboxRow).where(OutboxRow.type == "plan.status_changed"))
        for row in changed:
            if UUID(row.data["plan_id"]) in self.plans:
                expected = 1 if row.data["status"] in OUTCOMES else 0
                assert told[row.event_id, UUID(row.data["applicant_id"])] == expected, "invariant 20"

    def _lines(self, look: Look) -> list[BudgetLine]:
        return look.all(select(BudgetLine).where(BudgetLine.id.in_(self.lines)).order_by(BudgetLine.id))

    def _acts(self, look: Look) -> list[CaseEvent]:
        mine = select(Case.id).where(Case.doc_id.in_(self.plans))
        wanted = select(CaseEvent).where(CaseEvent.case_id.in_(mine))
        return look.all(wanted.order_by(CaseEvent.case_id, CaseEvent.seq))
