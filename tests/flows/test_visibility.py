"""Who sees what, and when: lists equal their counts for every role; messages reach those concerned."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from services.demo.client import Person, Refused
from tests.flows.county import ROLES, County, pages, refusal

EVERYBODY = (*ROLES, "admin", "stranger")


@pytest.fixture(scope="module")
def busy(county: County) -> County:
    """A county with plans in every state, and a handler of another unit with plans of his own."""
    stranger = county.hire(county.unit("示例县中医院"), "华佗", "handler")
    county.people["stranger"] = stranger
    county.world.settle()
    county.draft()
    county.submitted()
    county.submitted("150000.00")
    county.withdraw(county.submitted())
    county.decide(county.head, county.submitted(), "disagree", "不同意")
    usable = county.submitted()
    county.decide(county.head, usable)
    county.decide(county.supervisor, usable)
    county.draft(by=stranger, allocations=[])
    county.submit(county.draft(by=stranger, allocations=[]), by=stranger)
    county.world.settle()
    return county


def may_read(person: Person, path: str) -> bool:
    try:
        person.get(path)
    except Refused as refused:
        if refused.status != 404:
            raise
        return False
    return True


def readers(county: County, plan_id: str) -> set[str]:
    """Who finds the plan, in plans; and, once it is under review, its case in approvals."""
    return {role for role in EVERYBODY if may_read(county.people[role], f"/api/plans/plans/{plan_id}")}


def test_a_reviewer_of_the_district_sees_a_plan_from_the_moment_that_it_is_his_turn(busy: County) -> None:
    unit = {"handler", "head", "leader", "unit_admin"}
    above = {"district_admin", "finance"}
    plan_id = busy.draft()
    assert readers(busy, plan_id) == unit | above
    busy.submit(plan_id)
    busy.world.settle()
    assert readers(busy, plan_id) == unit | above
    busy.decide(busy.head, plan_id)
    assert readers(busy, plan_id) == unit | above | {"supervisor"}
    busy.decide(busy.supervisor, plan_id, "disagree", "请补充")
    assert readers(busy, plan_id) == unit | above | {"supervisor"}, "whoever was asked once may look again"


@pytest.mark.parametrize("path", ["", "/history", "/rounds", "/submission"])
def test_what_is_not_yours_is_not_there(busy: County, path: str) -> None:
    plan_id = busy.submitted()
    for role in ("stranger", "supervisor", "admin"):
        refused = refusal(partial(busy.people[role].get, f"/api/plans/plans/{plan_id}{path}"))
        assert (refused.status, refused.problem["code"]) == (404, "not_found"), role


def test_nobody_decides_what_is_not_his(busy: County) -> None:
    plan_id = busy.submitted()
    (slot,) = busy.todo(busy.head, plan_id)
    for role in sorted(set(EVERYBODY) - {"head"}):
        act = f"/api/approvals/slots/{slot['id']}/agree"
        refused = refusal(partial(busy.people[role].post, act, {"opinion": ""}, slot["etag"]))
        assert refused.status in (403, 404), role
    assert busy.plan(plan_id)["status"] == "under_review"


@pytest.mark.parametrize("role", EVERYBODY)
def test_every_list_of_plans_has_as_many_rows_as_is_counted(busy: County, role: str) -> None:
    person = busy.people[role]
    counts = person.get("/api/plans/plans/counts")["counts"]
    for tab, numbers in counts.items():
        rows = pages(person, "/api/plans/plans", tab=tab)
        assert len({row["id"] for row in rows}) == len(rows) == numbers.pop("all"), tab
        assert tally(rows, "status") == numbers, tab
        assert all(may_read(person, f"/api/plans/plans/{row['id']}") for row in rows), tab


@pytest.mark.parametrize("role", EVERYBODY)
def test_every_list_of_reviews_and_messages_has_as_many_rows_as_is_counted(busy: County, role: str) -> None:
    person = busy.people[role]
    counts = person.get("/api/approvals/counts")
    for name in ("todo", "done"):
        assert len(pages(person, f"/api/approvals/{name}")) == counts[name], name
    cases = pages(person, "/api/approvals/cases")
    assert all(may_read(person, f"/api/approvals/cases/{case['id']}") for case in cases)
    inbox = person.get("/api/notify/messages/counts")
    for tab in ("unread", "todo"):
        assert len(pages(person, "/api/notify/messages", tab=tab)) == inbox[tab], tab


def test_the_scopes_of_the_roles_differ_as_they_should(busy: County) -> None:
    def seen(role: str, tab: str) -> int:
        found: int = busy.people[role].get("/api/plans/plans/counts")["counts"][tab]["all"]
        return found

    assert seen("stranger", "mine") == seen("stranger", "unit") == 2
    assert seen("handler", "mine") == seen("handler", "unit") == seen("unit_admin", "unit")
    assert seen("finance", "district") == seen("handler", "unit") + seen("stranger", "unit")
    assert [seen("admin", tab) for tab in ("mine", "held", "unit", "district")] == [0, 0, 0, 0]
    assert pages(busy.admin, "/api/approvals/cases") == []


def told(person: Person) -> list[dict[str, Any]]:
    """The messages of a person about documents; that somebody cannot be reached is about no document."""
    messages = pages(person, "/api/notify/messages", tab="all")
    return [message for message in messages if message["kind"] != "person.unreachable"]


def test_no_event_is_told_twice_and_nobody_is_told_of_what_he_cannot_see(busy: County) -> None:
    for role in EVERYBODY:
        person = busy.people[role]
        messages = told(person)
        assert len({message["event_id"] for message in messages}) == len(messages), role
        for message in messages:
            kind, _, key = message["link"].rpartition("/")
            path = {"plans": "/api/plans/plans", "cases": "/api/approvals/cases"}[kind.rpartition("/")[2]]
            assert may_read(person, f"{path}/{key}"), (role, message["title"])
    assert not told(busy.admin)
    assert not told(busy.finance)


def tally(rows: list[dict[str, Any]], field: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row[field]] = found.get(row[field], 0) + 1
    return found
