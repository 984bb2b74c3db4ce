"""What people do all day over HTTP: they apply, they review, and they try again when nobody answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx

from services.demo.client import Person
from services.demo.sample import Sample
from shared.clock import Clock

YEAR = Clock().today().year
AWAY = (502, 503, 504)
NEEDS_LEADER = "100000.00"
"""From this amount on the unit's leader reviews too (the chain of the sample)."""


def wait_a_moment() -> None:
    """Lets the product work on between two looks."""
    time.sleep(0.05)


class Persistent:
    """Sends a request again, unchanged, until somebody answers; keeps what must never be answered (500)."""

    def __init__(self, client: httpx.Client, patience: float = 60) -> None:
        self.client = client
        self.patience = patience
        self.failures: list[str] = []
        self.retries = 0

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        until = monotonic() + self.patience
        while True:
            try:
                answer = self.client.request(method, url, **options)
            except httpx.TransportError:
                if monotonic() > until:
                    raise
            else:
                if answer.status_code not in AWAY or monotonic() > until:
                    self._note(method, url, answer)
                    return answer
            self.retries += 1
            time.sleep(0.2)

    def _note(self, method: str, url: str, answer: httpx.Response) -> None:
        if answer.status_code >= 500:
            self.failures.append(f"{method} {url}: {answer.status_code} {answer.text[:300]}")


@dataclass
class Office:
    """One unit at work. `plans` are the ids of what was submitted."""

    sample: Sample
    plans: list[str] = field(default_factory=list)

    def apply(self, name: str, amount: str = "1200.00") -> str:
        """The handler writes a plan and submits it to the head of his department."""
        handler = self.sample.handler
        plan = handler.post("/api/plans/plans", self._form(name, amount))
        path = f"/api/plans/plans/{plan['id']}"
        handler.get(path)
        handler.post(f"{path}/submit", {"picks": [self.sample.head.id]}, etag=handler.etags[path])
        self.plans.append(plan["id"])
        return str(plan["id"])

    def _form(self, name: str, amount: str) -> dict[str, Any]:
        item = {"catalogue_code": "A02021003", "name": "A4 打印机", "spec": "", "unit": "台"}
        return {
            "fiscal_year": YEAR,
            "name": name,
            "kind": "goods",
            "organisation_form": "central_agency",
            "method": "open_tender",
            "implementation_form": "101",
            "leader": "王芳",
            "contact_name": "王芳",
            "contact_phone": "0351-0000000",
            "purpose": "办公",
            "expected_month": f"{YEAR}-12",
            "items": [item | {"quantity": "1", "unit_price": amount}],
            "allocations": [{"budget_line_id": self.sample.budget_lines[0]["id"], "amount": amount}],
            "attachments": [],
        }

    @property
    def reviewers(self) -> list[Person]:
        return [self.sample.head, self.sample.leader, self.sample.supervisor]

    def all_usable(self) -> bool:
        """Whether every plan of the unit is usable, by the applicant's own count."""
        counts: dict[str, int] = self.sample.handler.get("/api/plans/plans/counts")["counts"]["mine"]
        return counts.get("usable", 0) == counts["all"] == len(self.plans)


def agree_with_all(reviewer: Person) -> int:
    """Agrees with whatever is on his list; answers how many that were."""
    todo = reviewer.get("/api/approvals/todo", limit=100)["items"]
    for slot in todo:
        path = f"/api/approvals/slots/{slot['id']}/agree"
        reviewer.post(path, {"opinion": "同意"}, etag=slot["etag"])
    return len(todo)


@contextmanager
def in_background(*acts: Callable[[], object]) -> Iterator[None]:
    """Repeats each act in a thread of its own while the block lasts; an error of one is raised at its end."""
    stop = threading.Event()

    def repeat(act: Callable[[], object]) -> None:
        while not stop.is_set():
            act()
            stop.wait(0.3)

    with ThreadPoolExecutor(max(1, len(acts))) as pool:
        running = [pool.submit(repeat, act) for act in acts]
        try:
            yield
        finally:
            stop.set()
        for one in running:
            one.result()
