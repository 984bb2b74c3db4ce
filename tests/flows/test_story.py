"""The whole story: apply, be sent back, correct, be agreed step by step, become usable; everybody is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.demo.story import Story
from tests.flows.county import ROLES, County
from tests.world import World


@pytest.fixture
def anywhere(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A world on SQLite and on PostgreSQL."""
    world = World(tmp_path, database_url)
    yield world
    world.close()


def test_the_story_ends_with_a_usable_plan_and_everybody_is_told_once(anywhere: World) -> None:
    county = County(anywhere)
    lines: list[str] = []
    plan = Story(county.sample, 2026, lines.append, anywhere.settle).play()
    anywhere.settle()
    assert (plan["status"], plan["round"], plan["returned"]) == ("usable", 2, None)
    assert plan["plan_number"] == f"{county.sample.district}-2026-000001"
    assert plan["application_number"] == f"SQ-{county.sample.district}-2026-000001"
    assert (county.reserved(0), county.reserved(1)) == ("416000.00", "60000.00")
    told = {role: county.told(county.people[role], plan["name"]) for role in (*ROLES, "admin")}
    assert told == {
        "handler": ["plan.under_review", "plan.returned", "plan.under_review", "plan.usable"],
        "head": ["slot.opened", "slot.opened"],
        "leader": ["slot.opened"],
        "supervisor": ["slot.opened"],
        **{role: [] for role in ("unit_admin", "district_admin", "finance", "admin")},
    }
    assert not any(county.todo(county.people[role], plan["id"]) for role in ROLES)


def test_what_was_sent_in_each_round_stays_as_it_was(county: County) -> None:
    plan = Story(county.sample, 2026, lambda _: None, county.world.settle).play()
    first, second = county.handler.get(f"/api/plans/plans/{plan['id']}/rounds")
    assert first["digest"] != second["digest"]
    assert {item["spec"] for item in first["content"]["items"]} == {""}
    case = county.case(plan["id"])
    assert case["digest"] == second["digest"]
    assert case["content"] == second["content"]
    assert case["history_intact"]
    acts = [entry["type"] for entry in case["timeline"]]
    assert acts == ["submitted", "disagreed", "submitted", "agreed", "agreed", "agreed"]


def test_the_story_in_a_year_without_a_published_calendar(world: World) -> None:
    world.clock.move(days=150)
    assert world.clock.today().year == 2027
    county = County(world, 2027)
    plan = Story(county.sample, 2027, lambda _: None, world.settle).play()
    assert plan["plan_number"] == f"{county.sample.district}-2027-000001"


def test_a_plan_of_the_old_year_that_is_agreed_after_midnight(world: World) -> None:
    until = datetime(2026, 12, 31, 15, 55, tzinfo=UTC)  # 23:55 in Shanghai
    world.clock.move(seconds=(until - world.clock.now()).total_seconds())
    assert world.clock.today().isoformat() == "2026-12-31"
    county = County(world, 2026)
    plan_id = county.submitted()
    world.clock.move(minutes=10)
    assert world.clock.today().isoformat() == "2027-01-01"
    county.decide(county.head, plan_id)
    county.decide(county.supervisor, plan_id)
    plan = county.plan(plan_id)
    assert (plan["status"], plan["fiscal_year"]) == ("usable", 2026)
    assert plan["plan_number"].endswith("-2026-000001")
    assert plan["submitted_at"].startswith("2026-12-31T15:55")
    assert county.handler.get("/api/plans/form")["open_years"] == [2027, 2028]
