"""What the district and the kind of unit allow: plans without a budget, and imported products."""

from __future__ import annotations

from typing import Any

from tests.flows.county import County, refusal


def set_rule(county: County, topic: str, content: dict[str, Any] | None) -> None:
    """Publishes a version that holds from today on."""
    path = f"/api/plans/districts/{county.sample.district}/rules/{topic}"
    county.district_admin.get(path)
    today = county.world.clock.today().isoformat()
    body = {"effective_from": today, "source": "县财购〔2026〕1号", "content": content}
    county.district_admin.post(f"{path}/versions", body, county.district_admin.etags[path])


def codes(county: County, plan_id: str) -> list[str]:
    refused = refusal(lambda: county.submit(plan_id))
    assert refused.status == 422
    return [problem["code"] for problem in refused.problem["errors"]]


def test_a_plan_without_a_budget_goes_through_where_the_district_allows_it(county: County) -> None:
    before = county.reserved()
    plan_id = county.submitted(allocations=[])
    county.decide(county.head, plan_id)
    county.decide(county.supervisor, plan_id)
    plan = county.plan(plan_id)
    assert (plan["status"], plan["allocations"]) == ("usable", [])
    assert county.reserved() == before
    assert county.case(plan_id)["facts"]["has_budget"] is False


def test_a_plan_without_a_budget_is_refused_where_the_district_forbids_it(county: County) -> None:
    set_rule(county, "direct_application", {"allowed": False})
    assert county.handler.get("/api/plans/form")["direct_application"] is False
    plan_id = county.draft(allocations=[])
    assert codes(county, plan_id) == ["budget_required"]
    assert county.plan(plan_id)["status"] == "draft"
    set_rule(county, "direct_application", None)
    county.submit(plan_id)
    county.world.settle()
    assert county.plan(plan_id)["status"] == "under_review"


def test_a_year_that_the_district_has_closed_takes_no_submission(county: County) -> None:
    plan_id = county.draft()
    set_rule(county, "years", {"years": [{"year": 2027}]})
    assert codes(county, plan_id) == ["year_not_open"]
    set_rule(county, "years", None)
    county.submit(plan_id)
    county.world.settle()
    assert county.plan(plan_id)["status"] == "under_review"


def test_an_imported_product_of_a_hospital_needs_an_approval_first(county: County) -> None:
    before = county.reserved()
    plan_id = county.draft(is_imported=True)
    assert codes(county, plan_id) == ["import_approval_required"]
    assert county.reserved() == before


def test_an_imported_product_of_a_university_is_filed(county: County) -> None:
    unit = county.unit("示例学院", kind="university", import_exempt_class="university")
    handler, reviewer = county.hire(unit, "蔡元培", "handler"), county.hire(unit, "胡适", "reviewer")
    boss = county.hire(unit, "陶行知", "unit_administrator")
    county.world.settle()
    selector = {"in": "own_unit", "role": "reviewer"}
    county.publish_chain(
        boss, {"key": "dean", "name": "院领导审核", "selector": selector, "pick": "submitter"}
    )
    note = "科研仪器，按规定备案"
    bare = county.draft(by=handler, allocations=[], is_imported=True)
    refused = refusal(lambda: county.submit(bare, [reviewer], by=handler))
    assert [problem["code"] for problem in refused.problem["errors"]] == ["import_filing_note_required"]
    plan_id = county.draft(by=handler, allocations=[], is_imported=True, import_filing_note=note)
    county.submit(plan_id, [reviewer], by=handler)
    county.world.settle()
    county.decide(reviewer, plan_id)
    county.decide(county.supervisor, plan_id)
    plan = county.plan(plan_id, handler)
    assert (plan["status"], plan["import_filing_note"]) == ("usable", note)
    assert county.case(plan_id, handler)["content"]["import_filing_note"] == note


def test_everything_that_is_wrong_is_said_at_once(county: County) -> None:
    plan_id = county.draft(is_imported=True, method=None, contact_phone="", allocations=[])
    found = codes(county, plan_id)
    assert {"import_approval_required", "required"} <= set(found)
    assert county.plan(plan_id)["application_number"] is None
