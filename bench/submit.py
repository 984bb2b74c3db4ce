"""The submit route over HTTP, one web process and 32 connections, against a bare insert route."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.filling import Ids, analyse, multiply, open_database
from bench.floor_submit import BODY
from bench.loader import Load, request, send
from bench.product import Process, Product, product
from bench.result import Figure, Goal, interleaved
from bench.servers import free_port
from services.demo.sample import Sample
from services.demo.story import Story
from shared.clock import Clock

LINES = 64
"""Budget lines that the plans draw on, two each, so that not all of them wait for one row."""


def measure(rounds: int, quick: bool) -> Iterable[Figure]:
    seconds, plans = (2.0, 600) if quick else (4.0, 2_000)
    with product() as made:
        drafts: list[dict[str, Any]] = []
        sample = made.with_district(lambda sample: drafts.append(draft(sample)))
        ids = fill(made, drafts[0], plans * rounds)
        made.run("web", "--service", "directory")
        web = made.run("web", "--service", "plans")
        requests = iter(
            [submit(sample, drafts[0], ids.of(number)) for number in range(1, plans * rounds + 1)]
        )
        with floor_process(made) as bare:
            ours, floor = interleaved(
                rounds,
                lambda: send(Load(web.port, take(requests, plans), seconds)).per_second,
                lambda: send(Load(bare.port, [create()], seconds, again=True)).per_second,
            )
    yield Figure("submit route, one web process, 32 connections", "requests/s", Goal(0.5, True), ours, floor)


def draft(sample: Sample) -> dict[str, Any]:
    story = Story(sample, Clock().today().year, say=lambda _: None)
    return story.apply()


def fill(made: Product, plan: dict[str, Any], count: int) -> Ids:
    """Copies of a draft, each with its items, and allocations over many budget lines."""
    ids, lines = Ids(), Ids(1)
    line = plan["allocations"][0]["budget_line_id"]
    with open_database(made.here, "plans") as database:
        rich = {"approved_fen": "10^13::bigint", "project_code": "'bench-' || g"}
        multiply(database, "budget_line", f"t.id = '{line}'", LINES, id=lines.sql(), **rich)
        multiply(database, "plan", f"t.id = '{plan['id']}'", count, id=ids.sql())
        of_plan = f"t.plan_id = '{plan['id']}'"
        multiply(database, "plan_item", of_plan, count, plan_id=ids.sql())
        drawn = lines.sql(f"1 + (g * 2 + t.position) % {LINES}")
        multiply(database, "allocation", of_plan, count, plan_id=ids.sql(), budget_line_id=drawn)
        own = {"document_id": ids.sql(), "id": Ids(2).sql()}
        multiply(database, "attachment", f"t.document_id = '{plan['id']}'", count, **own)
    analyse(made.here, "plans")
    return ids


def submit(sample: Sample, plan: dict[str, Any], plan_id: str) -> str:
    handler = sample.handler
    headers = {
        "Authorization": f"Bearer {handler.token}",
        "Idempotency-Key": secrets.token_hex(16),
        "If-Match": handler.etags["/api/plans/plans"],
    }
    return request("POST", f"/api/plans/plans/{plan_id}/submit", headers, {"picks": [sample.head.id]})


def create() -> str:
    return request("POST", "/plans", {}, BODY)


def take(requests: Iterator[str], count: int) -> list[str]:
    return [next(requests) for _ in range(count)]


@contextmanager
def floor_process(made: Product) -> Iterator[Process]:
    """The floor's server, on the database of plans."""
    port = free_port()
    command = [sys.executable, "-m", "bench.floor_submit", made.here.database("plans"), str(port)]
    process = Process(subprocess.Popen(command, text=True), port)
    try:
        process.wait_for_health()
        time.sleep(0.2)
        yield process
    finally:
        process.stop()
