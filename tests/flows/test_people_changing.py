"""People who leave, and people whom a service has not heard of yet: nothing is refused, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.county import OWN, County, a_county


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[County]:
    """A county of its own, for tests that change its people."""
    made = a_county(tmp_path)
    yield made
    made.world.close()


def set_active(county: County, person_id: str, verb: str) -> None:
    path = f"/api/directory/people/{person_id}"
    county.unit_admin.get(path)
    county.unit_admin.post(f"{path}/{verb}", etag=county.unit_admin.etags[path])
    county.world.settle()


def current(county: County, plan_id: str) -> dict[str, Any]:
    (step,) = [step for step in county.case(plan_id)["route"] if step["state"] == "current"]
    return dict(step)


def test_when_a_reviewer_leaves_an_administrator_is_told_and_gives_the_step_to_another(
    alone: County,
) -> None:
    plan_id = alone.submitted()
    name = alone.plan(plan_id)["name"]
    set_active(alone, alone.head.id, "deactivate")
    assert alone.told(alone.unit_admin, name) == ["case.attention_raised"]
    assert alone.told(alone.district_admin, name) == []
    assert alone.unit_admin.get("/api/approvals/counts")["attention"] == 1
    assert alone.plan(plan_id)["status"] == "under_review"
    (vacant,) = current(alone, plan_id)["holders"]
    assert vacant["state"] == "vacant"
    path = f"/api/approvals/slots/{vacant['slot_id']}/reassign"
    body = {"to": alone.leader.id, "reason": "原审核人离任"}
    alone.unit_admin.post(path, body, etag=vacant["etag"])
    alone.world.settle()
    assert alone.unit_admin.get("/api/approvals/counts")["attention"] == 0
    assert alone.told(alone.leader, name) == ["slot.opened"]
    alone.decide(alone.leader, plan_id)
    alone.decide(alone.supervisor, plan_id)
    assert alone.plan(plan_id)["status"] == "usable"


def test_a_reviewer_who_comes_back_finds_his_to_do_again(alone: County) -> None:
    plan_id = alone.submitted()
    set_active(alone, alone.head.id, "deactivate")
    set_active(alone, alone.head.id, "activate")
    alone.people["head"] = alone.api.sign_in(alone.sample.logins["head"], alone.sample.password)
    alone.decide(alone.head, plan_id)
    alone.decide(alone.supervisor, plan_id)
    assert alone.plan(plan_id)["status"] == "usable"


def test_a_new_reviewer_of_whom_approvals_has_not_heard_is_no_reason_to_refuse(alone: County) -> None:
    boss = alone.hire(unit := alone.unit("示例县中学"), "孟母", "unit_administrator")
    alone.hire(unit, "颜回", "reviewer")
    alone.world.settle()
    alone.publish_chain(boss, {"key": "head", "name": "负责人审核", "selector": OWN, "pick": "submitter"})
    alone.world.settle()
    alone.world.cut_path("directory", "approvals")
    handler, reviewer = alone.hire(unit, "子路", "handler"), alone.hire(unit, "曾参", "reviewer")
    alone.world.settle()
    plan_id = alone.draft(by=handler, allocations=[])
    alone.submit(plan_id, [reviewer], by=handler)
    alone.world.settle()
    plan = alone.plan(plan_id, handler)
    assert (plan["status"], plan["case_id"]) == ("under_review", None), "it waits and is not refused"
    alone.world.heal()
    alone.decide(reviewer, plan_id)
    alone.decide(alone.supervisor, plan_id)
    plan = alone.plan(plan_id, handler)
    assert plan["status"] == "usable"
    assert alone.told(handler, plan["name"]) == ["plan.under_review", "plan.usable"]


@pytest.mark.parametrize("cure", ["heal", "repair"])
def test_a_new_unit_of_which_approvals_has_not_heard_is_no_reason_to_refuse(alone: County, cure: str) -> None:
    path = f"/api/approvals/districts/{alone.sample.district}/policy"
    alone.district_admin.get(path)
    alone.district_admin.put(path, {"unit_segment_optional": True}, alone.district_admin.etags[path])
    alone.world.cut_path("directory", "approvals")
    handler = alone.hire(alone.unit("示例县档案馆"), "司马谈", "handler")
    alone.world.settle()
    plan_id = alone.draft(by=handler, allocations=[])
    alone.submit(plan_id, [], by=handler)
    alone.world.settle()
    assert alone.plan(plan_id, handler)["status"] == "under_review"
    assert not alone.todo(alone.supervisor, plan_id)
    if cure == "repair":  # the broker stays silent: the feed brings what is missing
        alone.world.repair()
    else:
        alone.world.heal()
    alone.decide(alone.supervisor, plan_id, opinion="同意")
    assert alone.plan(plan_id, handler)["status"] == "usable"
    alone.world.heal()
