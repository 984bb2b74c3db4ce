"""What keeps a chain from being published: people missing for any unit that follows it (I13)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.approvals.office import Office, finance_step, step

UP = {"role": "reviewer", "in": "superior_unit"}


def publish(office: Office, who: str, level: str, *steps: dict[str, Any]) -> Any:
    body = {"level": level, "doc_type": office.doc_type, "name": "审核链", "steps": list(steps)}
    made = office.post(who, "chains", body)
    if made.status_code == 409:
        chain = made.json()["chain_id"]
        tag = f'"v{office.get(who, f"chains/{chain}")["version"]}"'
        edit = {"name": "审核链", "steps": list(steps)}
        edited = office.send(who, "PUT", f"chains/{chain}/draft", edit, If_Match=tag)
        return office.post(who, f"chains/{chain}/publish", If_Match=edited.headers["etag"])
    return office.post(who, f"chains/{made.json()['id']}/publish", If_Match=made.headers["etag"])


def findings(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(problem["code"], problem["pointer"]) for problem in answer.json()["errors"]]


def a_unit(office: Office, name: str, *reviewers: str, **more: Any) -> UUID:
    """Another unit of the county, with a handler."""
    unit = office.organisation(name, "140105", **more)
    office.add(f"handler of {name}", unit, "handler")
    for reviewer in reviewers:
        office.add(reviewer, unit, "reviewer")
    return unit


def test_i13_a_district_chain_is_judged_for_every_unit_that_follows_it(office: Office) -> None:
    office.add("hu", office.bureau, "reviewer")
    assert publish(office, "zhou", "district", step("up", selector=UP)).status_code == 200
    for number in range(5):
        a_unit(office, f"示例区第{number}中学", superior_id=office.bureau)
    a_unit(office, "示例区文化馆")
    a_unit(office, "示例区图书馆", superior_id=office.organisation("示例区文化局", "140105", "supervising"))
    refused = publish(office, "zhou", "district", step("up", selector=UP), finance_step())
    assert findings(refused) == [
        ("no_such_body", "/steps/0/selector"),
        ("empty_selector", "/steps/0/selector"),
    ]
    texts = [problem["detail"] for problem in refused.json()["errors"]]
    assert texts == [
        "环节“环节up”没有对应的单位或机构：示例区文化馆",
        "环节“环节up”没有符合条件的审核人：示例区图书馆",
    ]
    lenient = step("up", selector=UP, on_empty="skip")
    assert publish(office, "zhou", "district", lenient, finance_step()).status_code == 200


def test_many_units_are_counted_and_some_are_named(office: Office) -> None:
    for number in range(5):
        a_unit(office, f"示例区第{number}中学")
    refused = publish(office, "zhou", "district", step("up", selector=UP))
    (problem,) = [one for one in refused.json()["errors"] if one["code"] == "no_such_body"]
    assert "示例区第0中学、示例区第1中学、示例区第2中学等 5 个单位" in problem["detail"]


def test_units_that_nobody_applies_for_and_districts_with_their_own_chain_are_not_asked(
    office: Office,
) -> None:
    office.organisation("示例区空壳单位", "140105")
    office.add("hu", office.bureau, "reviewer")
    assert publish(office, "zhou", "district", step("up", selector=UP)).status_code == 200
    a_unit(office, "示例区文化馆")
    province = step("province", selector={**UP, "in": "superior_unit"})
    assert publish(office, "wu", "district", province).status_code == 200
    refused = publish(office, "zhou", "district", step("up", selector=UP), finance_step())
    assert findings(refused) == [("no_such_body", "/steps/0/selector")]


def test_judging_costs_the_same_number_of_statements_whatever_the_number_of_units(office: Office) -> None:
    office.add("hu", office.bureau, "reviewer")
    publish(office, "chen", "unit", step("head"))
    publish(office, "zhou", "district", step("up", selector=UP), finance_step())
    chain = next(one for one in office.get("zhou", "chains")["items"] if one["level"] == "district")
    few = office.statements(lambda: office.post("zhou", f"chains/{chain['id']}/lint"))
    for number in range(20):
        a_unit(office, f"示例区第{number}中学", superior_id=office.bureau)
    assert office.statements(lambda: office.post("zhou", f"chains/{chain['id']}/lint")) == few


def test_i13_the_steps_of_a_route_need_different_people(office: Office) -> None:
    own = [step("one"), step("two"), step("three")]
    refused = publish(office, "chen", "unit", *own)
    assert findings(refused) == [("segregation_impossible", "/steps/0/selector")]
    (problem,) = refused.json()["errors"]
    assert problem["detail"] == (
        "环节“环节one”、“环节two”、“环节three”共需 3 名不同的审核人（申请人除外），现有 2 名"
    )
    office.add("xu", office.school, "reviewer")
    assert publish(office, "chen", "unit", *own).status_code == 200


def test_the_only_handler_cannot_review_his_own_document(office: Office) -> None:
    unit = office.organisation("示例区文化馆", "140105")
    office.add("chief", unit, "unit_administrator")
    office.add("sole", unit, "handler", "reviewer")
    refused = publish(office, "chief", "unit", step("head"))
    assert findings(refused) == [("segregation_impossible", "/steps/0/selector")]
    office.add("second", unit, "handler")
    assert publish(office, "chief", "unit", step("head")).status_code == 200


def test_a_step_that_skips_or_goes_up_for_the_applicant_needs_nobody_else(office: Office) -> None:
    unit = office.organisation("示例区文化馆", "140105", superior_id=office.bureau)
    office.add("chief", unit, "unit_administrator")
    office.add("sole", unit, "handler", "reviewer")
    assert publish(office, "chief", "unit", step("head", self_review="skip")).status_code == 200
    up = step("head", self_review="superior")
    assert findings(publish(office, "chief", "unit", up)) == [("segregation_impossible", "/steps/0/selector")]
    office.add("hu", office.bureau, "reviewer")
    assert publish(office, "chief", "unit", up).status_code == 200


def test_a_district_that_skips_who_has_agreed_needs_no_different_people(office: Office) -> None:
    office.change("zhao", 2, "handler")
    two = [step("one"), step("two")]
    assert findings(publish(office, "chen", "unit", *two)) == [
        ("segregation_impossible", "/steps/0/selector")
    ]
    policy = {"unit_segment_optional": False, "repeat": "skip_repeated"}
    assert office.send("zhou", "PUT", "districts/140105/policy", policy, If_Match='"v0"').status_code == 200
    assert publish(office, "chen", "unit", *two).status_code == 200


def test_a_number_of_reviewers_must_be_there(office: Office) -> None:
    three = step("panel", quorum="at_least", at_least=3)
    refused = publish(office, "chen", "unit", three)
    assert findings(refused) == [("quorum_impossible", "/steps/0/selector")]
    assert refused.json()["errors"][0]["detail"] == "环节“环节panel”不足 3 名审核人"
    office.add("xu", office.school, "reviewer")
    assert publish(office, "chen", "unit", three).status_code == 200


def test_steps_that_never_apply_to_one_document_may_share_their_reviewer(office: Office) -> None:
    office.change("zhao", 2, "handler")
    goods, works = ({"op": "eq", "fact": "kind", "value": kind} for kind in ("goods", "works"))
    large = {"op": "ge", "fact": "amount_fen", "value": 100}
    apart = publish(office, "chen", "unit", step("goods", condition=goods), step("works", condition=works))
    assert apart.status_code == 200
    together = publish(office, "chen", "unit", step("goods", condition=goods), step("large", condition=large))
    assert findings(together) == [("segregation_impossible", "/steps/0/selector")]


def test_both_segments_need_different_people(office: Office) -> None:
    named = {"people": [str(office.id("wang"))]}
    publish(office, "chen", "unit", step("head", selector=named))
    refused = publish(office, "zhou", "district", step("again", selector=named))
    assert findings(refused) == [("segregation_impossible", "/steps/0/selector")]
    assert "示例区第一小学" in refused.json()["errors"][0]["detail"]
    assert publish(office, "zhou", "district", step("any")).status_code == 200
    both = step("head", selector={"people": [str(office.id("wang")), str(office.id("zhao"))]})
    assert publish(office, "chen", "unit", both).status_code == 200
    assert findings(publish(office, "chen", "unit", both, step("more"))) == [
        ("segregation_impossible", "/steps/0/selector")
    ]


def test_bands_of_a_group_are_judged_before_publishing(office: Office) -> None:
    bands = [{"name": "small", "below": 100}, {"name": "large", "from": 100}]
    whole = {"op": "band", "fact": "amount_fen", "bands": bands, "group": "amount"}
    small, large = ({**whole, "in": [name]} for name in ("small", "large"))
    steps = [step("head", condition=small), step("leader", condition=large)]
    assert findings(publish(office, "chen", "unit", steps[0])) == [("bands_gap", "/steps/0/condition/in")]
    assert publish(office, "chen", "unit", *steps).status_code == 200
    publish(office, "zhou", "district", finance_step())
    for amount, key in ((99, "unit.head"), (100, "unit.leader")):
        doc_id, _ = office.submit(submission=office.submission(amount_fen=amount))
        route = office.case("li", doc_id)["route"]
        assert [one["key"] for one in route if one["applies"]] == [key, "district.finance"]


def test_people_named_for_overdue_turns_are_of_the_unit_as_well(office: Office) -> None:
    def late(*people: UUID) -> dict[str, Any]:
        levels = [{"selector": {"people": [str(one)]}} for one in people]
        return step("head", budget_hours=8, escalation=levels)

    refused = publish(office, "chen", "unit", late(office.id("zhao"), office.id("wu"), UUID(int=7)))
    assert findings(refused) == [
        ("person_outside", "/steps/0/escalation/1/selector/people/0"),
        ("person_not_found", "/steps/0/escalation/2/selector/people/0"),
    ]
    assert publish(office, "chen", "unit", late(office.id("zhao"))).status_code == 200
    outside = finance_step(budget_hours=8, escalation=late(office.id("wu"))["escalation"])
    assert findings(publish(office, "zhou", "district", outside)) == [
        ("person_outside", "/steps/0/escalation/0/selector/people/0")
    ]
    inside = finance_step(budget_hours=8, escalation=late(office.id("zhou"))["escalation"])
    assert publish(office, "zhou", "district", inside).status_code == 200


def test_a_condition_over_a_fact_that_no_document_has_is_warned_of(office: Office) -> None:
    office.add("xu", office.school, "reviewer")
    large = {"op": "ge", "fact": "amout_fen", "value": 100}
    odd = {"op": "and", "of": [{"op": "eq", "fact": "amount_fen", "value": 1}, large]}
    steps = [step("head", condition=large), step("odd", condition=odd), step("all")]
    body = {"level": "unit", "doc_type": office.doc_type, "name": "审核链", "steps": steps}
    chain = office.post("chen", "chains", body).json()["id"]
    assert lint(office, chain)["warnings"] == [], "nothing is known of documents yet"
    publish(office, "chen", "unit", step("head"))
    publish(office, "zhou", "district", finance_step())
    office.submit()
    edit = {"name": "审核链", "steps": steps}
    edited = office.send("chen", "PUT", f"chains/{chain}/draft", edit, If_Match=tag(office, chain))
    assert edited.status_code == 200
    found = lint(office, chain)
    assert [(one["code"], one["pointer"]) for one in found["warnings"]] == [
        ("unknown_fact", "/steps/0/condition"),
        ("unknown_fact", "/steps/1/condition"),
    ]
    assert found["warnings"][0]["text"].endswith("“amout_fen”，最近的单据都没有该要素；是否为“amount_fen”")
    assert publish(office, "chen", "unit", *steps).status_code == 200


def lint(office: Office, chain: str) -> dict[str, Any]:
    found: dict[str, Any] = office.post("chen", f"chains/{chain}/lint").json()
    return found


def tag(office: Office, chain: str) -> str:
    return f'"v{office.get("chen", f"chains/{chain}")["version"]}"'
