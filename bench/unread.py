"""Unread number over HTTP, p95: people with 10,000 messages each against people with 100."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import httpx

from bench.filling import Ids, analyse, multiply, open_database
from bench.loader import Load, request, send
from bench.product import Product, product
from bench.readers import Reader, ids_of, readers
from bench.result import Figure, Goal, interleaved, percentile
from services.notify.message import Message
from shared.clock import Clock
from shared.database import new_id
from shared.store import Store

COUNTS = "/api/notify/messages/counts"
PEOPLE = 10
UNREAD = 50


@dataclass(frozen=True)
class Inboxes:
    """People with so many messages each, of which so many are unread."""

    messages: int
    unread: int
    people: Sequence[Reader]

    def check(self, port: int) -> None:
        """Raises `RuntimeError` unless the number is the one that was filled in."""
        for reader in (self.people[0], self.people[-1]):
            url = f"http://127.0.0.1:{port}{COUNTS}"
            answer = httpx.get(url, headers=reader.headers, trust_env=False, timeout=30).json()
            if answer != {"unread": self.unread, "todo": 0, "snoozed": 0}:
                raise RuntimeError(f"{answer} instead of {self.unread}")

    def p95(self, port: int, seconds: float) -> float:
        asked = [request("GET", COUNTS, reader.headers) for reader in self.people]
        answers = send(Load(port, asked, seconds, connections=1, again=True))
        assert answers.per_second > 0
        return percentile(answers.delays, 0.95)


def measure(rounds: int, quick: bool) -> Iterable[Figure]:
    seconds, many = (1.0, 10_000) if quick else (3.0, 10_000)
    with product() as made:
        sample = made.with_district(lambda _: None)
        unit = UUID(sample.hospital_id)
        few, usual, lazy = (
            Inboxes(count, unread, readers(made, unit, PEOPLE))
            for count, unread in ((100, UNREAD), (many, UNREAD), (many, many))
        )
        fill(made, (few, usual, lazy))
        port = made.run("web").port
        for inboxes in (few, usual, lazy):
            inboxes.check(port)
            inboxes.p95(port, 0.3)  # warm
        for name, inboxes in (("50 of them unread", usual), ("all unread", lazy)):
            ours, floor = interleaved(
                rounds, partial(inboxes.p95, port, seconds), partial(few.p95, port, seconds)
            )
            goal = Goal(1.5) if inboxes is usual else None
            yield Figure(
                f"unread number, {many:,} messages, {name}, p95 against 100", "ms", goal, ours, floor
            )


def fill(made: Product, all_: Iterable[Inboxes]) -> None:
    """Copies of one message; the oldest ones are read."""
    store = Store("notify", made.here.database("notify"), Clock())
    with store.work() as work:
        template = Message(
            id=new_id(),
            event_id=new_id(),
            person_id=new_id(),
            event_type="plan.status_changed",
            kind="plan.usable",
            subject="plan/0",
            title="采购计划可使用：办公电脑采购",
            body="采购计划“办公电脑采购”已可使用。",
            title_en="Plan usable",
            body_en="The plan is usable.",
            path="/plans/0",
            occurred_at=work.now,
            created_at=work.now,
        )
        work.add(template)
    store.close()
    with open_database(made.here, "notify") as database:
        for kind, inboxes in enumerate(all_, start=1):
            each = f"(1 + (g - 1) / {len(inboxes.people)})"
            multiply(
                database,
                "message",
                f"t.id = '{template.id}'",
                inboxes.messages * len(inboxes.people),
                id=Ids(kind).sql(),
                event_id="gen_random_uuid()",
                person_id=f"({ids_of(inboxes.people)})[1 + (g - 1) % {len(inboxes.people)}]",
                read_at=f"CASE WHEN {each} <= {inboxes.messages - inboxes.unread} THEN t.created_at END",
            )
    analyse(made.here, "notify")
