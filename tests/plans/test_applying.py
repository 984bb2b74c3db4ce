"""The door of plans: who may what, bad input, versions, attachments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from httpx2 import Response

from shared.events.approvals import CaseApproved, CaseReturned
from tests.plans.town import FORM, Town

ITEM = FORM["items"][0]


def post(town: Town, **changes: Any) -> Response:
    return town.ask(town.lin, "POST", "plans", json={**FORM, **changes})


def item(**changes: Any) -> dict[str, Any]:
    return {"items": [{**ITEM, **changes}]}


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        (item(unit_price="1e400"), "/items/0/unit_price", "amount_malformed"),
        (item(unit_price="NaN"), "/items/0/unit_price", "amount_malformed"),
        (item(unit_price="-1"), "/items/0/unit_price", "amount_negative"),
        (item(unit_price="1.234"), "/items/0/unit_price", "amount_too_precise"),
        (item(unit_price=6000), "/items/0/unit_price", "amount_not_text"),
        (item(unit_price="99999999999999999"), "/items/0/unit_price", "amount_too_large"),
        (item(unit_price="9999999999999.99", quantity="1000"), "/items/0", "amount_too_large"),
        (item(quantity="0"), "/items/0/quantity", "quantity_not_positive"),
        (item(quantity="1.2345"), "/items/0/quantity", "quantity_too_precise"),
        (item(catalogue_code="Z1"), "/items/0/catalogue_code", "string_pattern_mismatch"),
        (item(surprise=1), "/items/0/surprise", "extra_forbidden"),
        ({"surprise": 1}, "/surprise", "extra_forbidden"),
        ({"name": "长" * 201}, "/name", "string_too_long"),
        ({"name": 5}, "/name", "string_type"),
        ({"name": "a\0b"}, "", "value_error"),
        ({"kind": "gold"}, "/kind", "unknown_choice"),
        ({"fiscal_year": 2**80}, "/fiscal_year", "less_than_equal"),
        ({"fiscal_year": 2030}, "/fiscal_year", "year_not_open"),
        ({"intent_notice_date": "2026-02-30"}, "/intent_notice_date", "date_from_datetime_parsing"),
        ({"expected_month": "2026-13"}, "/expected_month", "string_pattern_mismatch"),
        ({"items": [ITEM] * 201}, "/items", "too_long"),
        ({"allocations": [{"budget_line_id": "x", "amount": "1"}]}, "", "uuid_parsing"),
    ],
)
def test_bad_input_is_refused_with_a_code_and_a_pointer(
    shared_town: Town, changes: dict[str, Any], pointer: str, code: str
) -> None:
    town = shared_town
    answer = post(town, **changes)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    errors = answer.json()["errors"]
    assert code in {error["code"] for error in errors}
    assert any(error["pointer"].startswith(pointer) for error in errors)


@pytest.mark.parametrize("raw", [b'{"fiscal_year": 1e400}', b'{"fiscal_year": NaN}', b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_form(shared_town: Town, raw: bytes) -> None:
    town = shared_town
    answer = town.ask(town.lin, "POST", "plans", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["code"]


def test_every_problem_of_a_submission_at_once(shared_town: Town) -> None:
    town = shared_town
    plan = town.draft(
        name="", method=None, items=[{**ITEM, "catalogue_code": "A99999999", "unit_price": None}]
    )
    answer = town.submit(plan)
    assert answer.status_code == 422
    found = {(error["code"], error["pointer"]) for error in answer.json()["errors"]}
    assert found >= {
        ("required", "/name"),
        ("required", "/method"),
        ("catalogue_code_unknown", "/items/0/catalogue_code"),
        ("required", "/items/0/unit_price"),
    }
    check = town.do(town.lin, "GET", f"plans/{plan['id']}/check")
    assert {(error["code"], error["pointer"]) for error in check["problems"]} == found
    assert town.plan(plan)["status"] == "draft"
    english = town.submit(plan, headers={"Accept-Language": "en"}).json()
    assert "is required" in json.dumps(english)


def test_another_unit_does_not_learn_of_a_plan(shared_town: Town) -> None:
    town = shared_town
    plan = town.draft()
    url = f"plans/{plan['id']}"
    for path in ("", "/history", "/rounds", "/check", "/submission"):
        assert town.ask(town.he, "GET", url + path).status_code == 404
    match = {"If-Match": '"v1"'}
    assert town.ask(town.he, "PUT", url, json=FORM, headers=match).status_code == 404
    assert town.ask(town.he, "DELETE", url, headers=match).status_code == 404
    assert town.submit(plan, town.he).status_code == 404
    assert town.ask(town.yuan, "GET", url).status_code == 404
    assert town.ask(town.platform, "GET", url).status_code == 404


def test_colleagues_and_the_district_read_but_only_the_applicant_writes(shared_town: Town) -> None:
    town = shared_town
    plan = town.draft()
    for reader in (town.wu, town.shen, town.qian, town.du):
        seen = town.do(reader, "GET", f"plans/{plan['id']}")
        assert not any(action["allowed"] for action in seen["available_actions"])
        assert all(action["reason"] for action in seen["available_actions"])
    assert town.save(plan, town.wu).json()["code"] == "applicant_only"
    assert town.submit(plan, town.wu).json()["code"] == "applicant_only"
    assert town.submit(plan, town.qian).json()["code"] == "role_required"
    assert town.ask(town.shen, "POST", "plans", json=FORM).json()["code"] == "role_required"
    assert town.http.get(f"plans/{plan['id']}").json()["code"] == "not_signed_in"


def test_what_may_be_done_is_told_by_the_server(shared_town: Town) -> None:
    town = shared_town

    def allowed(plan: dict[str, Any]) -> set[str]:
        return {action["action"] for action in plan["available_actions"] if action["allowed"]}

    plan = town.draft()
    assert allowed(plan) == {"edit", "submit", "delete"}
    plan = town.submit(plan).json()
    assert allowed(plan) == {"withdraw"}
    town.tell(CaseReturned, plan)
    assert allowed(town.plan(plan)) == {"edit", "submit", "abandon"}
    urls = {action["action"]: action["url"] for action in plan["available_actions"]}
    assert urls["withdraw"] == f"/api/approvals/documents/plan/{plan['id']}/withdraw"


def test_changes_need_the_version_that_was_seen(shared_town: Town) -> None:
    town = shared_town
    plan = town.draft()
    assert town.save(plan, name="一").headers["etag"] == '"v2"'
    stale = town.save(plan, name="二")
    assert (stale.status_code, stale.json()["etag"]) == (412, '"v2"')
    missing = town.ask(town.lin, "PUT", f"plans/{plan['id']}", json=FORM)
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_required")


def test_a_plan_under_review_is_not_changed(shared_town: Town) -> None:
    town = shared_town
    plan = town.submitted()
    for answer in (
        town.save(plan),
        town.submit(plan),
        town.ask(town.lin, "DELETE", f"plans/{plan['id']}", headers={"If-Match": '"v1"'}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
        assert answer.json()["plan_status"] == "under_review"


def test_the_year_stays_as_it_was_chosen(shared_town: Town) -> None:
    town = shared_town
    refused = town.save(town.draft(), fiscal_year=2027)
    assert refused.json()["errors"][0]["code"] == "fiscal_year_fixed"


def test_a_draft_is_deleted_but_not_what_was_once_submitted(shared_town: Town) -> None:
    town = shared_town
    draft = town.draft()
    url = f"plans/{draft['id']}"
    assert town.ask(town.lin, "DELETE", url, headers={"If-Match": '"v1"'}).status_code == 204
    assert town.ask(town.lin, "GET", url).status_code == 404
    plan = town.submitted()
    town.tell(CaseReturned, plan)
    plan = town.plan(plan)
    match = {"If-Match": f'"v{plan["version"]}"'}
    refused = town.ask(town.lin, "DELETE", f"plans/{plan['id']}", headers=match)
    assert refused.status_code == 409


def test_the_same_key_gives_the_same_plan_and_another_body_is_refused(shared_town: Town) -> None:
    town = shared_town
    key = {"Idempotency-Key": "k"}
    one = town.ask(town.lin, "POST", "plans", json=FORM, headers=key)
    two = town.ask(town.lin, "POST", "plans", json=FORM, headers=key)
    assert one.json() == two.json()
    other = town.ask(town.lin, "POST", "plans", json={**FORM, "name": "另"}, headers=key)
    assert other.json()["code"] == "idempotency_key_reused"


def test_the_preview_of_an_unsaved_form_is_what_a_saved_one_sends(town: Town) -> None:
    line = town.line()
    form = {**FORM, "allocations": [{"budget_line_id": line["id"], "amount": "60000.00"}]}
    unsaved = town.do(town.lin, "POST", "submission", json=form)
    plan = town.do(town.lin, "POST", "plans", json=form)
    saved = town.do(town.lin, "GET", f"plans/{plan['id']}/submission")
    assert unsaved["submission"]["digest"] == saved["submission"]["digest"]
    assert unsaved["submission"]["facts"] == saved["submission"]["facts"]
    edited = town.do(town.lin, "POST", "submission", json={**form, "plan_id": plan["id"]})
    assert edited["submission"]["doc_id"] == plan["id"]
    assert town.do(town.lin, "GET", "plans/counts")["counts"]["mine"]["all"] == 1
    other = town.ask(town.he, "POST", "submission", json={**form, "plan_id": plan["id"]})
    assert other.status_code == 404


def test_another_units_budget_line_is_unknown(shared_town: Town) -> None:
    town = shared_town
    line = town.line(unit=town.school, project_name="学校机密项目")
    parts = [{"budget_line_id": line["id"], "amount": "60000.00"}]
    plan = town.draft(allocations=parts)
    seen = town.do(town.lin, "GET", f"plans/{plan['id']}/submission")
    assert {problem["code"] for problem in seen["problems"]} == {"budget_line_unknown"}
    assert "学校机密项目" not in json.dumps([seen, town.plan(plan)], ensure_ascii=False)
    assert town.submit(plan).status_code == 422


def test_the_form_tells_what_the_console_needs(town: Town) -> None:
    line = town.line("70.00")
    form = town.do(town.lin, "GET", "form?year=2026")
    assert (form["organisation_name"], form["district_name"]) == ("市人民医院", "太原市")
    assert [(row["id"], row["available"]) for row in form["budget_lines"]] == [(line["id"], "70.00")]
    fields = {field["name"]: field for field in form["fields"]}
    assert {name for name, field in fields.items() if field["required"]} == {
        "fiscal_year",
        "name",
        "kind",
        "organisation_form",
        "method",
        "items",
    }
    assert fields["is_ppp"]["help_zh"]
    methods = {choice["code"]: choice for choice in fields["method"]["choices"]}
    assert methods["inquiry"]["kinds"] == ["goods"]
    assert "agreement_supply" not in methods
    assert set(fields) <= {*town.plan(town.draft()), "amount"}


def test_the_history_replays_to_the_plan_invariant_18(shared_town: Town) -> None:
    town = shared_town
    plan = town.draft()
    town.save(plan, name="改名", items=[{**ITEM, "quantity": "3"}])
    plan = town.submit(town.plan(plan)).json()
    town.tell(CaseReturned, plan)
    town.tell(CaseApproved, town.submit(town.plan(plan)).json())
    entries = town.stream(f"plans/{plan['id']}/history")
    kinds = [entry["kind"] for entry in entries]
    assert kinds == ["created", "edited", "submitted", "returned", "submitted", "usable"]
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert entries[3]["text"] == "单位审核：沈审核 不同意，意见：数量偏多"
    replayed: dict[str, Any] = {}
    for entry in entries:
        for change in entry["changes"]:
            assert replayed.get(change["field"]) == change["old"]
            replayed[change["field"]] = change["new"]
    now = town.plan(plan)
    assert replayed["status"] == "usable"
    for name in ("name", "amount", "plan_number", "application_number", "method", "fiscal_year", "purpose"):
        assert replayed[name] == now[name]
    assert replayed["items"] == [
        {key: value for key, value in row.items() if key != "catalogue_name"} for row in now["items"]
    ]


def test_a_key_is_forgotten_after_a_day(town: Town) -> None:
    key = {"Idempotency-Key": "k"}
    one = town.ask(town.lin, "POST", "plans", json=FORM, headers=key)
    town.clock.move(hours=23)
    town.run_ticks()
    assert town.ask(town.lin, "POST", "plans", json=FORM, headers=key).json()["id"] == one.json()["id"]
    town.clock.move(hours=2)
    town.run_ticks()
    assert town.ask(town.lin, "POST", "plans", json=FORM, headers=key).json()["id"] != one.json()["id"]
