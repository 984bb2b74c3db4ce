"""Reviewers who are away or asleep: overdue turns go on and those in charge hear of it; nights are quiet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from services.demo.client import Person
from services.notify.delivery import Delivery
from services.notify.message import Message
from tests.flows.county import OWN, County, a_county


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[County]:
    """A county of its own, whose clock the test moves."""
    made = a_county(tmp_path)
    yield made
    made.world.close()


def school(county: County) -> dict[str, Person]:
    """A unit whose head of department has eight working hours, after which the leader takes over."""
    unit = county.unit("示例县中学")
    posts = {
        "boss": ("孟母", "unit_administrator", "校办主任"),
        "handler": ("子路", "handler", "科员"),
        "head": ("曾参", "reviewer", "部门负责人"),
        "leader": ("子贡", "reviewer", "分管领导"),
    }
    people = {key: county.hire(unit, *post) for key, post in posts.items()}
    county.world.settle()
    head, leader = ({**OWN, "position": position} for position in ("部门负责人", "分管领导"))
    escalation = [{"selector": leader, "after_hours": 0}]
    step = {"key": "head", "name": "负责人审核", "selector": head, "pick": "submitter"}
    county.publish_chain(people["boss"], step | {"budget_hours": 8, "escalation": escalation})
    county.world.settle()
    return people


def submitted(county: County, people: dict[str, Person]) -> str:
    """The name of a plan that waits for the head of department."""
    plan_id = county.draft(by=people["handler"], allocations=[])
    county.submit(plan_id, [people["head"]], by=people["handler"])
    county.world.settle()
    name: str = county.plan(plan_id, people["handler"])["name"]
    return name


def told(county: County, person: Person, name: str) -> list[tuple[str, str]]:
    """The kinds of messages that a person got about a plan, with the state of each one's mail, if there is
    any; oldest first."""
    with county.world.service("notify").store.read() as look:
        rows = look.session.execute(
            select(Message.kind, Delivery.state)
            .outerjoin(Delivery, Delivery.message_id == Message.id)
            .where(Message.person_id == UUID(person.id), Message.title.contains(name))
            .order_by(Message.id)
        )
        return [(row.kind, row.state or "") for row in rows]


def test_an_overdue_turn_goes_on_and_those_in_charge_hear_of_it(alone: County) -> None:
    people = school(alone)
    name = submitted(alone, people)
    for hours in (8, 16.75, 3):
        alone.world.pass_time(hours=hours)
    found = {key: [kind for kind, _ in told(alone, person, name)] for key, person in people.items()}
    assert found == {
        "boss": ["slot.escalated"],
        "handler": ["plan.under_review"],
        "head": ["slot.opened", "slot.due_soon", "slot.overdue", "slot.escalated"],
        "leader": ["slot.opened"],
    }


def test_a_reviewer_hears_of_his_turn_on_the_morning_after_the_holiday(alone: County) -> None:
    """Until Wednesday is a holiday that the administrators have entered in directory."""
    people = school(alone)
    head, boss = people["head"], people["boss"]
    wanted = {"timing": {"quiet_hours": {"begin": "20:00", "end": "07:30"}, "working_days_only": True}}
    for person, path in ((head, "/api/notify/preferences"), (alone.admin, "/api/directory/calendar/2026")):
        person.get(path)
    head.put("/api/notify/preferences", wanted, etag=head.etags["/api/notify/preferences"])
    days = [{"date": f"2026-11-{day}", "working": False, "note": "校庆"} for day in (23, 24, 25)]
    path = "/api/directory/calendar/2026"
    alone.admin.put(path, {"days": days}, etag=alone.admin.etags[path])
    alone.world.settle()
    name = submitted(alone, people)
    assert told(alone, head, name) == [("slot.opened", "held")]
    assert told(alone, boss, name) == []
    for hours in (15, 24, 31):  # Thursday, 07:00
        alone.world.pass_time(hours=hours)
        assert told(alone, head, name) == [("slot.opened", "held")]
    alone.world.pass_time(minutes=31)
    # it leaves, and finds that he has no address
    assert told(alone, head, name)[0] == ("slot.opened", "suppressed")
