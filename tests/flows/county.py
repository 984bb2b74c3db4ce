"""A sample county in a `World`, and what its people do there over HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.demo.client import Api, Person, Refused
from services.demo.play import administrator
from services.demo.sample import Sample, build, fictional_uscc
from tests import fresh
from tests.world import World

ROLES = ("handler", "head", "leader", "supervisor", "unit_admin", "district_admin", "finance")
OWN = {"in": "own_unit", "role": "reviewer"}


class County:
    """Everybody of the sample is signed in; each act settles the world unless told not to."""

    def __init__(
        self, world: World, year: int = 2026, built: tuple[Sample, dict[str, Person]] | None = None
    ) -> None:
        self.world = world
        self.year = year
        self.api = Api(world.http, pause=world.settle)
        self.people: dict[str, Person]
        if built is not None:  # in a world of which this one is a copy
            sample, self.people = built
            self.people = self.people_as_signed_in()
            named = {name: self.people[name] for name in sample.people}
            self.sample = replace(sample, people=named)
            return
        admin = administrator(self.api, world.settings.data_dir / "first-admin")
        self.sample = build(self.api, admin, year)
        self.people = {**self.sample.people, "admin": admin}
        world.settle()

    def people_as_signed_in(self) -> dict[str, Person]:
        """Everybody as he is now, so that a later sign-in of one county is not another's."""
        return {name: replace(person, api=self.api, etags={}) for name, person in self.people.items()}

    def __getattr__(self, name: str) -> Person:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    # plans

    def form(self, amount: str = "1000.00", **changes: Any) -> dict[str, Any]:
        """A complete form for one thing, paid from the first budget line; above 100 000 yuan the unit's
        leader reviews too."""
        item = {"catalogue_code": "A02021003", "name": "打印机", "unit": "台", "quantity": "1"}
        return {
            "fiscal_year": self.year,
            "name": f"采购{secrets.token_hex(4)}",
            "kind": "goods",
            "organisation_form": "central_agency",
            "method": "open_tender",
            "implementation_form": "101",
            "leader": "王芳",
            "contact_name": "王芳",
            "contact_phone": "0351-0000000",
            "purpose": "更新设备",
            "expected_month": f"{self.year}-12",
            "items": [{**item, "unit_price": amount}],
            "allocations": [{"budget_line_id": self.sample.budget_lines[0]["id"], "amount": amount}],
            **changes,
        }

    def draft(self, amount: str = "1000.00", by: Person | None = None, **changes: Any) -> str:
        """A saved draft; its id."""
        form = self.form(amount, **changes)
        plan_id: str = (by or self.handler).post("/api/plans/plans", form)["id"]
        return plan_id

    def submit(
        self, plan_id: str, picks: Sequence[Person] | None = None, by: Person | None = None
    ) -> dict[str, Any]:
        """Submits to those picked, the head of department by default; nothing has travelled yet."""
        who, path = by or self.handler, f"/api/plans/plans/{plan_id}"
        who.get(path)
        chosen = [self.head] if picks is None else picks
        body = {"picks": [person.id for person in chosen]}
        answer: dict[str, Any] = who.post(f"{path}/submit", body, etag=who.etags[path])
        return answer

    def submitted(self, amount: str = "1000.00", **changes: Any) -> str:
        """A plan that waits for its first reviewer."""
        plan_id = self.draft(amount, **changes)
        self.submit(plan_id)
        self.world.settle()
        return plan_id

    def plan(self, plan_id: str, by: Person | None = None) -> dict[str, Any]:
        found: dict[str, Any] = (by or self.handler).get(f"/api/plans/plans/{plan_id}")
        return found

    def withdraw(self, plan_id: str, by: Person | None = None) -> None:
        (by or self.handler).post(f"/api/approvals/documents/plan/{plan_id}/withdraw")
        self.world.settle()

    # review

    def todo(self, reviewer: Person, plan_id: str) -> list[dict[str, Any]]:
        """A reviewer's open slots for one plan."""
        items = pages(reviewer, "/api/approvals/todo")
        return [slot for slot in items if slot["doc_id"] == plan_id]

    def decide(self, reviewer: Person, plan_id: str, verb: str = "agree", opinion: str = "") -> None:
        (slot,) = self.todo(reviewer, plan_id)
        reviewer.post(f"/api/approvals/slots/{slot['id']}/{verb}", {"opinion": opinion}, etag=slot["etag"])
        self.world.settle()

    def case(self, plan_id: str, by: Person | None = None) -> dict[str, Any]:
        found: dict[str, Any] = (by or self.handler).get(f"/api/approvals/documents/plan/{plan_id}/case")
        return found

    # money and messages

    def reserved(self, line: int = 0) -> str:
        """What plans hold of a budget line, in yuan."""
        shown = self.finance.get(f"/api/plans/budget-lines/{self.sample.budget_lines[line]['id']}")
        amount: str = shown["reserved"]
        return amount

    def told(self, person: Person, name: str) -> list[str]:
        """The kinds of messages that a person got about the plan of this name, oldest first."""
        items = pages(person, "/api/notify/messages", tab="all")
        return [item["kind"] for item in reversed(items) if name in item["title"] + item["body"]]

    # units

    def unit(self, name: str, **more: Any) -> str:
        """Another organisation of the county."""
        body = {
            "uscc": fictional_uscc(),
            "name": name,
            "kind": "purchaser",
            "district_code": self.sample.district,
            **more,
        }
        unit_id: str = self.district_admin.post("/api/directory/organisations", body)["id"]
        return unit_id

    def hire(self, unit_id: str, name: str, role: str, position: str = "科员", **more: str) -> Person:
        """A new person of a unit, signed in."""
        login = f"new.{secrets.token_hex(4)}"
        appointment = {"organisation_id": unit_id, "role": role, "positions": [position]}
        body = {
            "login": login,
            "name": name,
            "password": self.sample.password,
            "must_change_password": False,
            "appointments": [appointment],
            **more,
        }
        self.district_admin.post("/api/directory/people", body)
        return self.api.sign_in(login, self.sample.password)

    def publish_chain(self, by: Person, *steps: dict[str, Any]) -> None:
        """A chain of the unit that an administrator looks after."""
        chain = {"level": "unit", "doc_type": "plan", "name": "本单位审核", "steps": list(steps)}
        path = f"/api/approvals/chains/{by.post('/api/approvals/chains', chain)['id']}"
        by.get(path)
        by.post(f"{path}/publish", etag=by.etags[path])


_built: list[tuple[Sample, dict[str, Person]]] = []


def a_county(data_dir: Path) -> County:
    """A county in a world of its own; the first is built, the others are copies of what it was then."""
    if fresh.copied("county", data_dir):
        return County(World(data_dir), built=_built[0])
    county = County(World(data_dir))
    county.world.keep("county")
    _built.append((county.sample, county.people_as_signed_in()))
    return county


def pages(person: Person, path: str, **query: Any) -> list[dict[str, Any]]:
    """All rows of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = person.get(path, limit=3, **query, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page["next"] or ""
        if not cursor:
            return items


def refusal(act: Callable[[], object]) -> Refused:
    """The refusal that an act meets."""
    with pytest.raises(Refused) as caught:
        act()
    return caught.value
