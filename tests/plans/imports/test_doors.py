"""The doors of import applications: who may what, bad input, lists and counts."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from shared.events.approvals import SlotOpened
from tests.plans.imports.customs import EXPERTS, FORM, ITEM, Customs

VERBS = ("submit", "send", "abandon", "revoke")
READS = ("", "/history", "/rounds", "/submission", "/objections", "/coverage")


def post(customs: Customs, **changes: Any) -> Response:
    return customs.town.ask(customs.town.lin, "POST", "import-approvals", json={**FORM, **changes})


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
        (item(unit_price="9999999999999.99", quantity="1000"), "/items/0", "amount_too_large"),
        (item(quantity="0"), "/items/0/quantity", "quantity_not_positive"),
        (item(quantity="1.2345"), "/items/0/quantity", "quantity_too_precise"),
        (item(catalogue_code="Z1"), "/items/0/catalogue_code", "string_pattern_mismatch"),
        (item(surprise=1), "/items/0/surprise", "extra_forbidden"),
        ({"items": [ITEM] * 101}, "/items", "too_long"),
        ({"experts": [EXPERTS[0]] * 26}, "/experts", "too_long"),
        ({"experts": [{**EXPERTS[0], "expert_role": "king"}]}, "/experts/0/expert_role", "unknown_choice"),
        ({"experts": [{**EXPERTS[0], "opinion": "长" * 2001}]}, "/experts/0/opinion", "string_too_long"),
        ({"category": "gold"}, "/category", "unknown_choice"),
        ({"name": "长" * 201}, "/name", "string_too_long"),
        ({"reason": 5}, "/reason", "string_type"),
        ({"name": "a\0b"}, "", "value_error"),
        ({"fiscal_year": 2**80}, "/fiscal_year", "less_than_equal"),
        ({"fiscal_year": 2030}, "/fiscal_year", "year_not_open"),
        ({"attachments": [{"id": "x"}]}, "/attachments/0/id", "uuid_parsing"),
        (
            {"attachments": [{"id": "00000000-0000-7000-8000-000000000000"}]},
            "/attachments/0",
            "unknown_attachment",
        ),
    ],
)
def test_bad_input_is_refused_with_a_code_and_a_pointer(
    shared_customs: Customs, changes: dict[str, Any], pointer: str, code: str
) -> None:
    answer = post(shared_customs, **changes)
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert code in {error["code"] for error in errors}
    assert any(error["pointer"].startswith(pointer) for error in errors)


def test_every_problem_of_a_submission_at_once(shared_customs: Customs) -> None:
    approval = shared_customs.draft(
        attachments=[], name="", experts=[], **item(catalogue_code="A99999999", technical_reason="")
    )
    answer = shared_customs.submit(approval)
    assert {(error["code"], error["pointer"]) for error in answer.json()["errors"]} == {
        ("required", "/name"),
        ("required", "/items/0/technical_reason"),
        ("catalogue_code_unknown", "/items/0/catalogue_code"),
        ("experts_too_few", "/experts"),
        ("expert_legal_missing", "/experts"),
        ("attachment_required", "/attachments"),
        ("import_support_missing", "/attachments"),
    }
    assert shared_customs.now(approval)["status"] == "draft"


def test_content_that_is_too_large_is_told_before(shared_customs: Customs) -> None:
    long = {"technical_reason": "长" * 1000, "domestic_reason": "长" * 1000}
    approval = shared_customs.draft(items=[{**ITEM, **long} for _ in range(50)])
    codes = {error["code"] for error in shared_customs.submit(approval).json()["errors"]}
    assert codes == {"content_too_large"}


def test_another_unit_does_not_learn_of_an_application(shared_customs: Customs) -> None:
    town, approval = shared_customs.town, shared_customs.submitted()
    url = f"import-approvals/{approval['id']}"
    for who in (town.he, town.yuan, town.platform, town.rui):
        for path in READS:
            assert town.ask(who, "GET", url + path).status_code == 404, path
        for verb in VERBS:
            answer = shared_customs.act(who, approval, verb, **({"reason": "不"} if verb == "revoke" else {}))
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        match = {"If-Match": '"v1"'}
        assert town.ask(who, "PUT", url, json=FORM, headers=match).status_code == 404
        assert town.ask(who, "DELETE", url, headers=match).status_code == 404
    for path in READS:
        assert town.http.get(url + path).json()["code"] == "not_signed_in"


def test_a_reviewer_reads_from_the_moment_that_he_is_asked(shared_customs: Customs) -> None:
    town, approval = shared_customs.town, shared_customs.submitted()
    shared_customs.tell(SlotOpened, approval, holder_id=town.rui)
    for path in READS:
        assert town.ask(town.rui, "GET", f"import-approvals/{approval['id']}{path}").status_code == 200
    file = approval["attachments"][0]["id"]
    assert town.ask(town.rui, "GET", f"attachments/{file}").status_code == 200
    assert town.ask(town.he, "GET", f"attachments/{file}").status_code == 404


def test_colleagues_and_the_district_read_but_only_the_applicant_writes(shared_customs: Customs) -> None:
    town, approval = shared_customs.town, shared_customs.draft()
    for reader in (town.wu, town.shen, town.an, town.qian, town.du):
        seen = shared_customs.now(approval, reader)
        assert not any(action["allowed"] for action in seen["available_actions"])
        assert all(action["reason"] for action in seen["available_actions"])
    for who, code in (
        (town.wu, "applicant_only"),
        (town.shen, "role_required"),
        (town.qian, "role_required"),
    ):
        for verb in ("submit", "send", "abandon"):
            answer = shared_customs.act(who, approval, verb)
            assert (answer.status_code, answer.json()["code"]) == (403, code)
        match = {"If-Match": f'"v{approval["version"]}"'}
        url = f"import-approvals/{approval['id']}"
        assert town.ask(who, "PUT", url, json=FORM, headers=match).json()["code"] == code
        assert town.ask(who, "DELETE", url, headers=match).json()["code"] == code
    assert town.ask(town.shen, "POST", "import-approvals", json=FORM).json()["code"] == "role_required"


def test_changes_need_the_version_that_was_seen(shared_customs: Customs) -> None:
    town, approval = shared_customs.town, shared_customs.draft()
    url, body = f"import-approvals/{approval['id']}", shared_customs.form()
    saved = town.ask(town.lin, "PUT", url, json=body, headers={"If-Match": '"v1"'})
    assert saved.headers["etag"] == '"v2"'
    stale = shared_customs.submit(approval)
    assert (stale.status_code, stale.json()["etag"]) == (412, '"v2"')
    assert town.ask(town.lin, "PUT", url, json=body).json()["code"] == "if_match_required"
    other_year = town.ask(
        town.lin, "PUT", url, json={**body, "fiscal_year": 2027}, headers={"If-Match": '"v2"'}
    )
    assert other_year.json()["errors"][0]["code"] == "fiscal_year_fixed"
    assert town.ask(town.lin, "DELETE", url, headers={"If-Match": '"v2"'}).status_code == 204
    assert town.ask(town.lin, "GET", url).status_code == 404


def test_what_is_under_review_is_not_changed(shared_customs: Customs) -> None:
    town, approval = shared_customs.town, shared_customs.submitted()
    url, match = f"import-approvals/{approval['id']}", {"If-Match": f'"v{approval["version"]}"'}
    for answer in (
        town.ask(town.lin, "PUT", url, json=FORM, headers=match),
        town.ask(town.lin, "DELETE", url, headers=match),
        *(shared_customs.act(town.lin, approval, verb) for verb in ("submit", "send", "abandon")),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
        assert answer.json()["approval_status"] == "first_review"


def test_lists_equal_their_counts(customs: Customs) -> None:
    town = customs.town
    customs.draft(name="草稿")
    customs.tell(SlotOpened, customs.submitted(name="送审"), holder_id=town.shen)
    customs.published(name="公示")
    approved = customs.approved(name="通过")
    customs.object(customs.published(name="异议"))

    def names(who: Any, tab: str, **query: str) -> list[str]:
        params = {"tab": tab, **query}
        return [row["name"] for row in town.do(who, "GET", "import-approvals", params=params)["items"]]

    assert names(town.lin, "mine") == ["异议", "通过", "公示", "送审", "草稿"]
    assert names(town.lin, "finished") == ["通过"]
    assert names(town.shen, "todo") == ["送审"]
    assert names(town.qian, "todo") == ["异议"]
    assert names(town.lin, "todo") == ["异议"]
    assert names(town.lin, "mine", status="approved") == ["通过"]
    assert names(town.lin, "mine", q=approved["approval_number"]) == ["通过"]
    assert names(town.lin, "mine", category="restricted") == []
    assert names(town.he, "unit") == names(town.lin, "district") == []
    for who in (town.lin, town.shen, town.qian, town.he):
        counts = town.do(who, "GET", "import-approvals/counts")["counts"]
        for tab, numbers in counts.items():
            assert len(names(who, tab)) == numbers["all"]
            assert sum(number for status, number in numbers.items() if status != "all") == numbers["all"]
    (row,) = town.do(town.lin, "GET", "import-approvals", params={"q": "送审"})["items"]
    assert (row["current_step"], row["current_holders"]) == ("单位审核", ["沈审核"])
    page = town.do(town.lin, "GET", "import-approvals", params={"limit": "2"})
    following = town.do(town.lin, "GET", "import-approvals", params={"limit": "2", "cursor": page["next"]})
    assert [row["name"] for row in following["items"]] == ["公示", "送审"]
