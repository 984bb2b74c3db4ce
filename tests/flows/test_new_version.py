"""An administrator moves a running review to a new version of a chain; plan, people and messages follow."""

from __future__ import annotations

from tests.flows.county import OWN, County


def test_a_running_review_moves_to_the_new_version(county: County) -> None:
    admin = county.unit_admin
    checker = county.hire(county.head.organisation_id, "周复核", "reviewer", "复核人")
    county.world.settle()
    found = admin.get("/api/approvals/chains")["items"]
    chain = next(one for one in found if (one["level"], one["doc_type"]) == ("unit", "plan"))
    path = f"/api/approvals/chains/{chain['id']}"
    plan_id = county.submitted()
    name = county.plan(plan_id)["name"]
    county.decide(county.head, plan_id)
    draft = admin.get(path)
    extra = {"key": "checked_again", "name": "复核", "selector": {**OWN, "position": "复核人"}}
    steps = [*draft["steps"], extra]
    admin.put(f"{path}/draft", {"name": draft["name"], "steps": steps}, admin.etags[path])
    admin.get(path)
    admin.post(f"{path}/publish", etag=admin.etags[path])
    admin.get(path)

    shown = admin.post(f"{path}/migration", {})["rows"]
    (mine,) = [one for one in shown if one["doc_id"] == plan_id]
    assert (mine["outcome"], mine["code"]) == ("moves", ""), mine
    body = {"reason": "增加复核", "cases": [mine["case_id"]]}
    moved = admin.post(f"{path}/migrate", body, etag=admin.etags[path])["rows"]
    county.world.settle()
    assert [one["outcome"] for one in moved] == ["moved"]
    assert county.todo(county.supervisor, plan_id) == [], "his turn was cancelled"
    assert county.told(county.handler, name)[-1] == "case.migrated"
    stream = county.handler.get(f"/api/plans/plans/{plan_id}/history", tab="all")["items"]
    (entry,) = [one for one in stream if one["kind"] == "migrated"]
    assert entry["text"].startswith("审核流程改用新版，当前环节：复核，原因：增加复核")
    assert entry["actor_name"] == admin.name

    county.decide(checker, plan_id)
    county.decide(county.supervisor, plan_id)
    assert county.plan(plan_id)["status"] == "usable"
    assert county.case(plan_id)["history_intact"]
