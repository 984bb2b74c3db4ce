"""To-do list and counts over HTTP, p95: 1,000,000 closed and 50,000 open slots against 1,000 slots."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from bench.filling import Ids, analyse, multiply, open_database
from bench.lists import PAGE, under_review
from bench.loader import Load, request, send
from bench.product import Product, product
from bench.result import Figure, Goal, interleaved, percentile
from services.demo.client import Person

ASKED = {
    "to-do, first page": "/api/approvals/todo",
    "done, first page": "/api/approvals/done",
    "counts": "/api/approvals/counts",
}
SLOTS = 3
"""Of each case: two closed steps of the unit, and one of the district that is open or closed."""


@dataclass(frozen=True)
class Size:
    """So many cases, of which so many wait at their last step; the measured reviewer has one part in `shared`
    of them, so that he has a full page in both sizes."""

    cases: int
    open: int
    shared: int

    @property
    def label(self) -> str:
        return f"{self.cases * SLOTS - self.open:,} closed and {self.open:,} open slots"


SMALL = Size(cases=333, open=100, shared=1)
LARGE = Size(cases=350_000, open=50_000, shared=50)
QUICK = Size(cases=35_000, open=5_000, shared=10)


@dataclass
class Desk:
    """A running system with so many slots, and the reviewer who asks."""

    port: int
    reviewer: Person
    size: Size

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.reviewer.token}"}

    def get(self, path: str) -> Any:
        url = f"http://127.0.0.1:{self.port}{path}"
        return httpx.get(url, headers=self.headers(), trust_env=False, timeout=60).json()

    def check(self) -> None:
        """Raises `RuntimeError` unless pages are full and counts are what was filled in."""
        mine = (self.size.open // self.size.shared, self.size.cases // self.size.shared)
        counts = self.get("/api/approvals/counts")
        if (counts["todo"], counts["todo"] + counts["done"]) != mine:
            raise RuntimeError(f"{counts} of {mine}")
        if any(len(self.get(path)["items"]) < PAGE for path in list(ASKED.values())[:2]):
            raise RuntimeError("no full page")

    def p95(self, path: str, seconds: float) -> float:
        answers = send(Load(self.port, [request("GET", path, self.headers())], seconds, 1, again=True))
        assert answers.per_second > 0
        return percentile(answers.delays, 0.95)


def measure(rounds: int, quick: bool) -> Iterable[Figure]:
    seconds, large = (1.0, QUICK) if quick else (3.0, LARGE)
    with ExitStack() as both:
        few, many = (desk(both.enter_context(product()), size) for size in (SMALL, large))
        for one in (few, many):
            one.check()
        for name, path in ASKED.items():
            for one in (few, many):
                one.p95(path, 0.3)  # warm
            ours, floor = interleaved(
                rounds, partial(many.p95, path, seconds), partial(few.p95, path, seconds)
            )
            yield Figure(f"{name}, p95 at {large.label} against 1,000", "ms", Goal(1.5), ours, floor)


def desk(made: Product, size: Size) -> Desk:
    found: list[dict[str, Any]] = []
    sample = made.with_district(lambda sample: found.append(under_review(sample)))
    fill(made, found[0]["id"], size)
    return Desk(made.run("web").port, sample.supervisor, size)


def fill(made: Product, plan: str, size: Size) -> None:
    """Copies of a case that waits at its last step; the template itself goes, so that the numbers are
    round."""
    cases, documents = Ids(1), Ids(2)
    of_plan = f"t.doc_id = '{plan}'"
    is_open = f"(t.state = 'open' AND g <= {size.open})"
    holder = f"CASE WHEN g % {size.shared} = 0 THEN t.holder_id ELSE md5((g % {size.shared})::text)::uuid END"
    with open_database(made.here, "approvals") as database:
        case = {"id": cases.sql(), "doc_id": documents.sql()}
        multiply(database, "case", of_plan, size.cases, **case)
        slot = {
            "id": "gen_random_uuid()",
            "case_id": cases.sql(),
            "doc_id": documents.sql(),
            "state": f"CASE WHEN {is_open} THEN 'open' ELSE 'agreed' END",
            "holder_id": holder,
            "acted_by": f"CASE WHEN {is_open} THEN NULL ELSE {holder} END",
            "opened_at": "t.opened_at - g * interval '1 minute'",
            "closed_at": f"CASE WHEN {is_open} THEN NULL ELSE now() - g * interval '1 minute' END",
        }
        multiply(database, "slot", of_plan, size.cases, **slot)
        database.exec_driver_sql(
            f"UPDATE slot SET state = 'cancelled' WHERE doc_id = '{plan}' AND state = 'open'"
        )
    analyse(made.here, "approvals")
