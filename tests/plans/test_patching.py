"""Some fields of a draft are saved: the rest stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plans.town import FORM, Town

UPLOAD = {"files": {"file": ("采购需求.pdf", b"%PDF-1.4 needs", "application/pdf")}}


def told(plan: dict[str, Any], before: dict[str, Any]) -> set[str]:
    """What differs between two answers."""
    return {name for name in plan if plan[name] != before[name]}


def test_what_is_not_sent_stays(any_town: Town) -> None:
    town = any_town
    file = town.do(town.lin, "POST", "attachments", **UPLOAD)
    line = town.line("100000.00")
    plan = town.draft(
        agency="代理公司",
        price_ceiling="60000.00",
        intent_notice_date="2026-10-01",
        allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}],
        attachments=[{"id": file["id"], "attachment_kind": "requirement"}],
    )
    changed = town.patch(plan, purpose="改为教学使用", is_joint=True)
    assert changed.status_code == 200
    assert told(changed.json(), plan) == {"purpose", "is_joint", "version"}
    assert changed.headers["etag"] == f'"v{plan["version"] + 1}"'
    entry = town.stream(f"plans/{plan['id']}/history")[-1]
    assert {change["field"]: change["new"] for change in entry["changes"]} == {
        "purpose": "改为教学使用",
        "is_joint": True,
    }


def test_null_empties_a_field_and_a_list_is_replaced_as_a_whole(town: Town) -> None:
    plan = town.draft(agency="代理公司", price_ceiling="60000.00", is_ppp=True, sme_mode="whole")
    emptied = town.patch(plan, agency=None, price_ceiling=None, is_ppp=None, sme_mode=None).json()
    assert [emptied[name] for name in ("agency", "price_ceiling", "is_ppp", "sme_mode")] == [
        *("", None, False, None),
    ]
    item = {**FORM["items"][0], "quantity": "2.5"}
    priced = town.patch(emptied, items=[item, item]).json()
    assert [row["line_no"] for row in priced["items"]] == [1, 2]
    assert priced["amount"] == "30000.00"
    assert town.patch(priced, items=None).json()["items"] == []


def test_a_patch_is_judged_like_the_whole_form(town: Town) -> None:
    plan = town.draft()
    refused = town.patch(plan, kind="food", price_ceiling="1.234", of_nobody=1, name="长" * 201)
    assert {(error["pointer"], error["code"]) for error in refused.json()["errors"]} == {
        ("/kind", "unknown_choice"),
        ("/price_ceiling", "amount_too_precise"),
        ("/of_nobody", "extra_forbidden"),
        ("/name", "string_too_long"),
    }
    assert town.patch(plan, fiscal_year=2027).json()["errors"][0]["code"] == "fiscal_year_fixed"
    assert town.patch(plan, fiscal_year=2026).status_code == 200
    assert town.ask(town.lin, "PATCH", f"plans/{plan['id']}", json={}).status_code == 428


def test_who_may_and_when(town: Town) -> None:
    plan = town.draft()
    assert town.patch(plan, town.he, name="甲").status_code == 404
    assert town.patch(plan, town.wu, name="甲").json()["code"] == "applicant_only"
    town.patch(plan, name="乙")
    assert town.patch(plan, name="丙").json()["code"] == "changed_meanwhile"
    sent = town.submit(town.plan(plan)).json()
    assert town.patch(sent, name="丁").json()["code"] == "wrong_state"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7", b"{", b'{"name": "\\u0000"}'])
def test_what_is_no_patch(shared_town: Town, body: bytes) -> None:
    plan = shared_town.draft()
    headers = {"If-Match": f'"v{plan["version"]}"', "Content-Type": "application/merge-patch+json"}
    answer = shared_town.ask(shared_town.lin, "PATCH", f"plans/{plan['id']}", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
