"""Chains: who may edit them, what keeps them from being published, and which one is in force."""

from __future__ import annotations

from typing import Any

import pytest

from shared.database import new_id
from tests.approvals.office import Office, finance_step, step


def create(office: Office, who: str, level: str = "unit", steps: Any = None, **more: Any) -> Any:
    body = {"level": level, "doc_type": "plan", "name": "审核链", "steps": steps or [step("head")], **more}
    return office.post(who, "chains", body)


def codes(answer: Any) -> list[str]:
    return [problem["code"] for problem in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("who", "level", "more", "status"),
    [
        ("chen", "unit", {}, 201),
        ("li", "unit", {}, 403),
        ("wang", "unit", {}, 403),
        ("zhou", "unit", {}, 403),
        ("zhou", "district", {}, 201),
        ("chen", "district", {}, 403),
        ("qian", "district", {}, 403),
        ("wu", "district", {"district_code": "140105"}, 201),
        ("zhou", "district", {"district_code": "140100"}, 403),
        ("zhou", "district", {"district_code": "999999"}, 422),
        ("chen", "unit", {"district_code": "140105"}, 422),
    ],
)
def test_administrators_of_its_level_make_chains(
    office: Office, who: str, level: str, more: dict[str, Any], status: int
) -> None:
    assert create(office, who, level, **more).status_code == status


def test_there_is_one_chain_per_owner_and_type(office: Office) -> None:
    made = create(office, "chen")
    again = create(office, "chen")
    assert (again.status_code, again.json()["code"]) == (409, "chain_exists")
    assert again.json()["chain_id"] == made.json()["id"]


def test_a_chain_is_seen_by_its_unit_and_by_the_districts_above(office: Office) -> None:
    office.add("hu", office.bureau, "unit_administrator")
    unit, district = office.usual_chains()
    assert {row["id"] for row in office.get("li", "chains")["items"]} == {unit, district}
    assert {row["id"] for row in office.get("wu", "chains")["items"]} == {unit, district}
    assert {row["id"] for row in office.get("hu", "chains")["items"]} == {district}
    assert office.send("hu", "GET", f"chains/{unit}").status_code == 404
    edit = {"name": "审核链", "steps": [step("head")]}
    assert office.send("hu", "PUT", f"chains/{unit}/draft", edit, If_Match='"v2"').status_code == 404
    assert office.send("li", "PUT", f"chains/{unit}/draft", edit, If_Match='"v2"').status_code == 403
    assert office.post("wu", f"chains/{unit}/publish", If_Match='"v2"').status_code == 403


def test_an_edit_needs_the_version_that_was_seen(office: Office) -> None:
    chain = create(office, "chen").json()["id"]
    edit = {"name": "新名称", "steps": [step("head")]}
    assert office.send("chen", "PUT", f"chains/{chain}/draft", edit).status_code == 428
    assert office.send("chen", "PUT", f"chains/{chain}/draft", edit, If_Match='"v9"').status_code == 412
    edited = office.send("chen", "PUT", f"chains/{chain}/draft", edit, If_Match='"v1"')
    assert (edited.status_code, edited.headers["etag"], edited.json()["name"]) == (200, '"v2"', "新名称")


def test_publishing_makes_an_immutable_version_and_tells(office: Office) -> None:
    chain, _ = office.usual_chains()
    same = office.post("chen", f"chains/{chain}/publish", If_Match='"v2"')
    assert (same.status_code, same.json()["code"]) == (409, "nothing_to_publish")
    office.republish("chen", chain, [step("head", pick="submitter"), step("chief")])
    shown = office.get("chen", f"chains/{chain}")
    assert [(version["n"], len(version["steps"])) for version in shown["versions"]] == [(2, 2), (1, 1)]
    told = [event.data for event in office.told("chain.published") if event.data["chain_id"] == chain]
    assert [(event["version"], event["level"], event["owner"]) for event in told] == [
        (1, "unit", str(office.school)),
        (2, "unit", str(office.school)),
    ]


def test_a_draft_with_mistakes_is_kept_but_not_published(office: Office) -> None:
    steps = [
        step("head", condition={"op": "like", "fact": "kind", "value": "x"}),
        step("head", selector={"role": "auditor"}),
        step("named", selector={"people": [str(new_id()), str(office.id("qian"))]}, pick="submitter"),
        step("body", selector={"role": "reviewer", "in": "district_body"}),
        step("odd", selector={"role": "reviewer", "in": "own_unit", "kind": "finance"}),
        step("root", selector={"role": "platform_administrator"}, on_empty="skip"),
    ]
    made = create(office, "chen", steps=steps)
    assert made.status_code == 201
    url = f"chains/{made.json()['id']}"
    linted = [problem["code"] for problem in office.post("chen", f"{url}/lint").json()["problems"]]
    refused = office.post("chen", f"{url}/publish", If_Match='"v1"')
    assert refused.status_code == 422
    assert sorted(codes(refused)) == sorted(linted)
    assert set(linted) == {
        "unknown_operator",
        "duplicate_key",
        "empty_selector",
        "person_not_found",
        "person_outside",
        "pick_not_allowed",
        "kind_required",
        "no_such_body",
        "kind_not_allowed",
        "role_not_allowed",
    }
    office.submit(["wang"])
    (told,) = office.told("case.refused")
    assert told.data["code"] == "no_unit_chain"


def test_a_unit_chain_needs_a_step_and_a_district_chain_does_not(office: Office) -> None:
    empty = {"level": "unit", "doc_type": "plan", "name": "空", "steps": []}
    chain = office.post("chen", "chains", empty).json()["id"]
    assert codes(office.post("chen", f"chains/{chain}/publish", If_Match='"v1"')) == ["no_steps"]
    office.publish("zhou", "district", [])


def test_a_district_without_a_chain_inherits_from_the_nearest_above(office: Office) -> None:
    office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("wu", "district", [finance_step("province")])
    doc_id, _ = office.submit(["wang"])
    assert [one["key"] for one in office.case("li", doc_id)["route"]] == ["unit.head", "district.province"]
    office.publish("zhou", "district", [finance_step("county")])
    doc_id, _ = office.submit(["wang"])
    assert [one["key"] for one in office.case("li", doc_id)["route"]] == ["unit.head", "district.county"]


def test_i8_publishing_changes_no_running_round(office: Office) -> None:
    unit, district = office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    before = [one["key"] for one in office.case("li", doc_id)["route"]]
    office.republish("chen", unit, [step("head", pick="submitter"), step("extra")])
    office.republish("zhou", district, [finance_step(), finance_step("second")])
    assert [one["key"] for one in office.case("li", doc_id)["route"]] == before
    office.agree("wang")
    assert office.agree("qian").json()["case_state"] == "approved"
    other, _ = office.submit(["wang"])
    assert [one["key"] for one in office.case("li", other)["route"]] == [
        "unit.head",
        "unit.extra",
        "district.finance",
        "district.second",
    ]


def test_a_district_may_let_units_do_without_a_chain(office: Office) -> None:
    office.publish("zhou", "district", [finance_step()])
    office.submit()
    assert [event.data["code"] for event in office.told("case.refused")] == ["no_unit_chain"]
    policy = {"unit_segment_optional": True}
    path = "districts/140105/policy"
    assert office.send("chen", "PUT", path, policy, If_Match='"v0"').status_code == 403
    assert office.send("zhou", "PUT", path, policy).status_code == 428
    assert office.send("wu", "PUT", "districts/140000/policy", policy, If_Match='"v0"').status_code == 200
    assert office.get("li", path)["source"] == "140000"
    office.submit()
    assert [event.data["holder_id"] for event in office.told("slot.opened")] == [
        str(office.id("qian")),
        str(office.id("sun")),
    ]
    strict = {"unit_segment_optional": False}
    assert office.send("zhou", "PUT", path, strict, If_Match='"v0"').status_code == 200
    assert office.send("zhou", "PUT", path, strict, If_Match='"v0"').status_code == 412
    office.submit()
    assert len(office.told("case.refused")) == 2
    assert office.send("zhou", "GET", "districts/999999/policy").status_code == 404
