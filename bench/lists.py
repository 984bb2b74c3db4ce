"""First pages of lists over HTTP, p95: 100,000 documents of a type against 1,000, made by direct inserts."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from bench.filling import Ids, analyse, multiply, open_database
from bench.loader import Load, request, send
from bench.product import Product, product
from bench.result import Figure, Goal, interleaved, percentile
from services.demo.client import Person
from services.demo.imports import Everything
from services.demo.sample import Sample
from services.demo.story import Story
from shared.clock import Clock

SMALL = 1_000
PAGE = 50
UNITS = 20
"""The district's units; the measured one has this part of the plans."""
LISTS = {
    "plans of the unit": ("handler", "/api/plans/plans?tab=unit"),
    "plans of the district": ("district_admin", "/api/plans/plans?tab=district"),
    "requests of the unit": ("handler", "/api/plans/requests?tab=unit"),
    "import applications of the unit": ("handler", "/api/plans/import-approvals?tab=unit"),
    "to-do": ("supervisor", "/api/approvals/todo"),
    "done": ("supervisor", "/api/approvals/done"),
}
STATUSES = "(ARRAY['usable','usable','usable','under_review','returned','draft'])[1 + g % 6]"


@dataclass
class Office:
    """A running system with so many plans, and its people."""

    port: int
    sample: Sample

    def check(self, name: str) -> None:
        """Raises `RuntimeError` unless the first page is a full one: else two sizes would not compare."""
        who, path = LISTS[name]
        headers = {"Authorization": f"Bearer {self.sample.people[who].token}"}
        answer = httpx.get(
            f"http://127.0.0.1:{self.port}{path}", headers=headers, trust_env=False, timeout=30
        )
        if len(answer.json().get("items", ())) < PAGE:
            raise RuntimeError(f"{name}: no full page, {answer.text[:300]}")

    def p95(self, name: str, seconds: float) -> float:
        who, path = LISTS[name]
        person: Person = self.sample.people[who]
        text = request("GET", path, {"Authorization": f"Bearer {person.token}"})
        answers = send(Load(self.port, [text], seconds, connections=1, again=True))
        assert answers.per_second > 0
        return percentile(answers.delays, 0.95)


def measure(rounds: int, quick: bool) -> Iterable[Figure]:
    seconds, large = (1.0, 20_000) if quick else (2.0, 100_000)
    with ExitStack() as both:
        few, many = (office(both.enter_context(product()), plans) for plans in (SMALL, large))
        for name in LISTS:
            for one in (few, many):
                one.check(name)
                one.p95(name, 0.3)  # warm
            ours, floor = interleaved(
                rounds, partial(many.p95, name, seconds), partial(few.p95, name, seconds)
            )
            title = f"first page, {name}, p95 at {large:,} documents against {SMALL:,}"
            yield Figure(title, "ms", Goal(1.5), ours, floor)


def office(made: Product, plans: int) -> Office:
    found: list[dict[str, Any]] = []

    def act(sample: Sample) -> None:
        request_and_import(sample)
        found.append(under_review(sample))

    sample = made.with_district(act)
    fill(made, found[0], sample, plans)
    web = made.run("web")
    return Office(web.port, sample)


def request_and_import(sample: Sample) -> None:
    """The templates of requests and import applications."""
    life = Everything(sample, Clock().today().year, say=lambda _: None)
    life.revoke()
    life.publish_a_notice()


def under_review(sample: Sample) -> dict[str, Any]:
    """The template: a plan of the story that waits for the district's reviewer."""
    story = Story(sample, Clock().today().year, say=lambda _: None)
    plan = story.apply()
    story.submit(sample.handler, f"/api/plans/plans/{plan['id']}")
    for reviewer in (sample.head, sample.leader):
        story.decide(reviewer, "agree", "同意")
    api = sample.supervisor.api
    api.wait(lambda: story.first_todo(sample.supervisor), "to-do of the district")
    api.wait(lambda: told_plans(sample, plan["id"]), "step in plans")
    return plan


def told_plans(sample: Sample, plan_id: str) -> bool | None:
    holders = sample.handler.get(f"/api/plans/plans/{plan_id}")["current_holders"]
    return sample.supervisor.name in holders or None


def fill(made: Product, plan: dict[str, Any], sample: Sample, count: int) -> None:
    """Copies of the template over many units; one in six waits for the supervisor, who decided the rest."""
    plans, cases, others = Ids(), Ids(1), Ids(2)
    unit = f"CASE WHEN g % {UNITS} = 0 THEN t.organisation_id ELSE md5((g % {UNITS})::text)::uuid END"
    with open_database(made.here, "plans") as database:
        numbers = {"application_number": "'B-' || g", "plan_number": "NULL"}
        whose = {"organisation_id": unit, "status": STATUSES}
        multiply(database, "plan", f"t.id = '{plan['id']}'", count, id=plans.sql(), **numbers, **whose)
        of_plan = f"t.plan_id = '{plan['id']}'"
        for table in ("plan_item", "allocation"):
            multiply(database, table, of_plan, count, plan_id=plans.sql())
        own = {"slot_id": "gen_random_uuid()", "open": "t.open AND g % 6 = 3"}
        of_document = f"t.document_id = '{plan['id']}'"
        multiply(database, "reader_slot", of_document, count, document_id=plans.sql(), **own)
        numbers = {"application_number": "'I-' || g", "approval_number": "NULL"}
        for table, more in (("plan_request", {}), ("import_approval", numbers)):
            multiply(database, table, "true", count, id=others.sql(), organisation_id=unit, **more)
    with open_database(made.here, "approvals") as database:
        case = {"id": cases.sql(), "doc_id": plans.sql(), "organisation_id": unit}
        multiply(database, "case", f"t.doc_id = '{plan['id']}'", count, **case)
        open_now = "(g % 6 = 3 OR t.state <> 'open')"
        slot = {
            "id": "gen_random_uuid()",
            "case_id": cases.sql(),
            "doc_id": plans.sql(),
            "state": f"CASE WHEN {open_now} THEN t.state ELSE 'agreed' END",
            "acted_by": f"CASE WHEN {open_now} THEN t.acted_by ELSE t.holder_id END",
            "opened_at": "t.opened_at - g * interval '1 minute'",
            "closed_at": f"CASE WHEN {open_now} THEN t.closed_at ELSE now() - g * interval '1 minute' END",
        }
        multiply(database, "slot", f"t.doc_id = '{plan['id']}'", count, **slot)
    analyse(made.here, "plans", "approvals")
