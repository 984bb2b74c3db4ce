"""Reads all databases when everything is quiet: nothing lost, nothing twice, every order kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from services.approvals.case import Case, CaseRound
from services.approvals.case_event import CaseEvent, first_hash, intact
from services.notify.answer import Outcome
from services.notify.attempt import Attempt
from services.notify.delivery import Delivery, State
from services.notify.handlers import OUTCOMES
from services.notify.kinds import KINDS
from services.notify.message import Message
from services.notify.moments.digest import CLOSE
from services.plans.budget import EFFECTS, SUMS, BudgetEntry, BudgetLine, Entry
from services.plans.plan import Plan, Status
from services.runtime import NAMES
from shared.clock import Clock
from shared.inbox import Checkpoint, InboxRow, Unreadable
from shared.jobs import Job
from shared.outbox import OutboxPosition, OutboxRow
from shared.store import Store

NOW = Job.task != CLOSE
"""Jobs that belong to what has happened: a digest of to-dos waits for the next morning."""


class Books:
    """The databases of all services, opened to read."""

    def __init__(self, url_of: Callable[[str], str]) -> None:
        self.stores = {name: Store(name, url_of(name), Clock()) for name in NAMES}

    def all(self, service: str, statement: Any) -> list[Any]:
        with self.stores[service].read() as look:
            return look.all(statement)

    def outbox(self, service: str) -> list[OutboxRow]:
        return self.all(service, select(OutboxRow).order_by(OutboxRow.position))

    def head(self, service: str) -> int:
        last: int = self.all(service, select(OutboxPosition.last))[0]
        return last

    def unfinished(self) -> list[str]:
        """What is still on its way; empty when all is quiet."""
        heads = {name: self.head(name) for name in NAMES}
        return [left for name in NAMES for left in self._unfinished(name, heads)]

    def _unfinished(self, name: str, heads: dict[str, int]) -> Iterator[str]:
        for at in self.all(name, select(Checkpoint)):
            if at.position != heads[at.publisher]:
                yield f"{name} is at {at.position} of {heads[at.publisher]} of {at.publisher}"
        kept = self.all(name, select(func.count()).select_from(InboxRow))[0]
        jobs = self.all(name, select(Job.state).where(Job.state.in_(("queued", "running")), NOW))
        unsent = select(func.count()).where(OutboxRow.position.is_(None) | OutboxRow.published_at.is_(None))
        for what, count in {
            "inbox": kept,
            **Counter(jobs),
            "unpublished": self.all(name, unsent)[0],
        }.items():
            if count:
                yield f"{name}: {count} {what}"

    def end_leases(self) -> None:
        """A mail that was cut off is sent again when its job's lease is over; we do not wait for that."""
        with self.stores["notify"].work() as work:
            work.execute(update(Job).where(Job.state == "running").values(lease_until=work.now))

    def check(self, plans: set[str]) -> None:
        """Everything that must hold once `plans` were submitted, agreed to and are quiet."""
        for service in NAMES:
            feed_is_dense_and_in_order(self, service)
            receivers_have_all(self, service)
        plans_are_usable(self, plans)
        numbers_are_dense(self)
        ledger_adds_up(self)
        histories_are_whole(self)
        everybody_was_told_once(self)
        messages_kept_the_order(self)
        mail_went_out_once(self)

    def close(self) -> None:
        for store in self.stores.values():
            store.close()


@contextmanager
def opened(url_of: Callable[[str], str]) -> Iterator[Books]:
    books = Books(url_of)
    try:
        yield books
    finally:
        books.close()


def feed_is_dense_and_in_order(books: Books, service: str) -> None:
    rows = books.outbox(service)
    assert [row.position for row in rows] == list(range(1, books.head(service) + 1))
    versions: dict[str, int] = defaultdict(int)
    for row in rows:
        assert row.subject_version >= versions[row.subject], f"{service} #{row.position} {row.type}"
        versions[row.subject] = row.subject_version


def receivers_have_all(books: Books, service: str) -> None:
    for at in books.all(service, select(Checkpoint)):
        last = books.outbox(at.publisher)[-1:]
        assert [row.event_id for row in last] == [at.event_id], f"{service} follows {at.publisher}"
        assert at.waiting == 0
    assert books.all(service, select(InboxRow)) == []
    assert books.all(service, select(Unreadable)) == []
    assert books.all(service, select(Job.error).where(Job.state != "done", NOW)) == []


def plans_are_usable(books: Books, plans: set[str]) -> None:
    found = {str(plan.id): plan.status for plan in books.all("plans", select(Plan))}
    assert {plan: found.get(plan) for plan in plans if found.get(plan) != Status.USABLE} == {}
    assert len(found) == len(plans), "a retried request made a second plan"


def numbers_are_dense(books: Books) -> None:
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for plan in books.all("plans", select(Plan).where(Plan.status == Status.USABLE)):
        for kind in ("application_number", "plan_number"):
            numbers[plan.district_code, kind].append(int(getattr(plan, kind).rsplit("-", 1)[1]))
    for found in numbers.values():
        assert sorted(found) == list(range(1, len(found) + 1))


def ledger_adds_up(books: Books) -> None:
    entries = books.all("plans", select(BudgetEntry).order_by(BudgetEntry.id))
    usable = {plan.id: plan for plan in books.all("plans", select(Plan).where(Plan.status == Status.USABLE))}
    for line in books.all("plans", select(BudgetLine)):
        sums = dict.fromkeys(SUMS, 0)
        for entry in (entry for entry in entries if entry.line_id == line.id):
            for name, sign in zip(SUMS, EFFECTS[Entry(entry.kind)], strict=True):
                sums[name] += sign * entry.amount_fen
        assert sums == {name: getattr(line, name) for name in SUMS}
        parts = [part for plan in usable.values() for part in plan.allocations]
        assert line.reserved_fen == sum(part.amount_fen for part in parts if part.budget_line_id == line.id)
    once = Counter(
        (entry.plan_id, entry.line_id, entry.round, entry.kind) for entry in entries if entry.plan_id
    )
    assert [entry for entry, times in once.items() if times > 1] == []


def histories_are_whole(books: Books) -> None:
    events: dict[UUID, list[CaseEvent]] = defaultdict(list)
    for entry in books.all("approvals", select(CaseEvent).order_by(CaseEvent.case_id, CaseEvent.seq)):
        events[entry.case_id].append(entry)
    firsts = {
        frozen.case_id: first_hash(frozen.case_id, frozen.digest, frozen.route)
        for frozen in books.all("approvals", select(CaseRound).order_by(CaseRound.n.desc()))
    }
    for case in books.all("approvals", select(Case)):
        assert len(events[case.id]) == case.event_seq
        assert intact(events[case.id], firsts[case.id], case.event_hash)
        acts = [entry.type for entry in events[case.id]]
        assert acts.count("agreed") == len({entry.step_key for entry in events[case.id]} - {""})


def must_be_told(books: Books) -> Iterator[tuple[UUID, UUID]]:
    """(event, person) for every event that somebody has to hear of."""
    for row in books.outbox("approvals"):
        if row.type == "slot.opened":
            yield row.event_id, UUID(row.data["holder_id"])
    for row in books.outbox("plans"):
        if row.type == "plan.status_changed" and row.data["status"] in OUTCOMES:
            yield row.event_id, UUID(row.data["applicant_id"])


def everybody_was_told_once(books: Books) -> None:
    told = [(message.event_id, message.person_id) for message in books.all("notify", select(Message))]
    assert sorted(told) == sorted(must_be_told(books))


def messages_kept_the_order(books: Books) -> None:
    """What was told about one subject was told in the order in which it happened."""
    created = {message.event_id: message.created_at for message in books.all("notify", select(Message))}
    for service in ("plans", "approvals"):
        told: dict[str, list[Any]] = defaultdict(list)
        for row in books.outbox(service):
            if row.event_id in created:
                told[row.subject].append(created[row.event_id])
        for moments in told.values():
            assert all(earlier <= later for earlier, later in pairwise(moments))


def mail_went_out_once(books: Books) -> None:
    """One delivery per message that deserves a mail; accepted once, or no longer worth sending."""
    deliveries = books.all("notify", select(Delivery))
    per_message = Counter((delivery.message_id, delivery.channel) for delivery in deliveries)
    assert set(per_message.values()) <= {1}
    by_mail = [message.id for message in books.all("notify", select(Message)) if KINDS[message.kind].channels]
    assert sorted(message for message, _ in per_message) == sorted(by_mail)
    accepted = Counter(
        attempt.delivery_id
        for attempt in books.all("notify", select(Attempt).where(Attempt.outcome == Outcome.ACCEPTED))
    )
    for delivery in deliveries:
        if delivery.state == State.SUPPRESSED:
            assert delivery.code == "stale"
        else:
            assert (delivery.state, accepted[delivery.id]) == (State.ACCEPTED, 1)
