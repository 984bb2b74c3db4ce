"""Steps: how many must agree, what happens when the applicant or somebody who has agreed is found again."""

from __future__ import annotations

from typing import Any

import pytest

from services.approvals.step import Step
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_decisions import code


def panel(key: str = "panel", **more: Any) -> dict[str, Any]:
    """Wang, zhao and xu of the school."""
    return step(key, selector={"role": "reviewer", "position": "panel"}, **more)


@pytest.fixture
def panel_office(office: Office) -> Office:
    office.add("xu", office.school, "reviewer", positions=["panel"])
    office.change("wang", 2, "reviewer", positions=["panel"])
    office.change("zhao", 2, "reviewer", positions=["panel"])
    return office


def states(office: Office, doc_id: Any) -> list[tuple[str, str]]:
    return [(one["state"], one["skipped_by"]) for one in office.case("li", doc_id)["route"]]


def test_two_of_three_agree_and_the_third_is_asked_no_more(panel_office: Office) -> None:
    office = panel_office
    office.publish("chen", "unit", [panel(quorum="at_least", at_least=2)])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit()
    assert office.agree("wang").json()["current_step"] == "环节panel"
    current = office.case("li", doc_id)["route"][0]
    assert (current["agreed"], current["needed"], current["state"]) == (1, 2, "current")
    assert office.agree("xu").json()["current_step"] == "环节finance"
    assert office.get("zhao", "todo")["items"] == []
    holders = office.case("li", doc_id)["route"][0]["holders"]
    assert sorted(one["state"] for one in holders) == ["agreed", "agreed", "cancelled"]


def test_one_disagreement_of_three_returns_the_document(panel_office: Office) -> None:
    office = panel_office
    office.publish("chen", "unit", [panel(quorum="at_least", at_least=2)])
    office.publish("zhou", "district", [])
    office.submit()
    office.agree("wang")
    assert office.disagree("zhao").json()["case_state"] == "returned"


def test_too_few_people_are_refused_at_once_where_the_step_says_so(panel_office: Office) -> None:
    office = panel_office
    unit = office.publish("chen", "unit", [panel(quorum="at_least", at_least=3)])
    office.publish("zhou", "district", [])
    office.change("xu", 2, "reviewer")
    office.submit()
    assert office.told("case.refused")[-1].data["code"] == "too_few_reviewers"
    office.change("xu", 3, "reviewer", positions=["panel"])
    office.republish("chen", unit, [panel(quorum="at_least", at_least=3, on_empty="administrator")])
    office.change("xu", 4, "reviewer")
    doc_id, _ = office.submit()
    case = office.case("chen", doc_id)
    assert case["attention"] == "too_few_reviewers"
    assert [one["state"] for one in case["route"][0]["holders"]] == ["open", "open", "vacant"]
    office.agree("wang")
    office.agree("zhao")
    vacant = office.case("chen", doc_id)["route"][0]["holders"][2]
    body = {"to": str(office.id("xu")), "reason": "补足人数"}
    answer = office.post("chen", f"slots/{vacant['slot_id']}/reassign", body, If_Match=vacant["etag"])
    assert answer.status_code == 200
    assert office.agree("xu").json()["case_state"] == "approved"


def test_a_picked_panel_is_large_enough_to_agree(panel_office: Office) -> None:
    office = panel_office
    office.publish("chen", "unit", [panel(quorum="at_least", at_least=2, pick="submitter")])
    office.publish("zhou", "district", [])
    office.submit(["wang"])
    assert office.told("case.refused")[-1].data["code"] == "too_few_picks"
    office.submit(["wang", "xu"])
    office.agree("wang")
    assert office.agree("xu").json()["case_state"] == "approved"


@pytest.mark.parametrize(
    ("quorum", "at_least"), [("any", 2), ("all", 1), ("at_least", None), ("at_least", 0)]
)
def test_a_number_goes_with_its_quorum(office: Office, quorum: str, at_least: int | None) -> None:
    body = {
        "level": "unit",
        "doc_type": "plan",
        "name": "审核链",
        "steps": [step("head", quorum=quorum, at_least=at_least)],
    }
    assert office.post("chen", "chains", body).status_code == 422


def test_who_leaves_a_panel_is_missed_only_when_it_is_too_small_without_him(panel_office: Office) -> None:
    office = panel_office
    office.publish("chen", "unit", [panel(quorum="at_least", at_least=2)])
    office.publish("zhou", "district", [])
    doc_id, _ = office.submit()
    office.agree("wang")
    office.change("xu", 2)
    assert office.told("case.attention_raised") == []
    office.change("zhao", 3)
    assert [one.data["reason"] for one in office.told("case.attention_raised")] == ["holder_left"]
    assert office.case("chen", doc_id)["attention"] == "holder_left"


def applied_by(office: Office, who: str) -> Any:
    update = {"applicant_id": office.id(who), "applicant_name": who}
    return office.submission().model_copy(update=update)


def test_an_applicant_who_reviews_himself_is_left_out_skipped_or_replaced_by_the_superior(
    office: Office,
) -> None:
    office.add("hu", office.bureau, "reviewer")
    unit = office.publish("chen", "unit", [step("head")])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(submission=applied_by(office, "wang"))
    assert [one["name"] for one in office.case("chen", doc_id)["route"][0]["holders"]] == ["zhao"]

    office.republish("chen", unit, [step("head", self_review="skip")])
    doc_id, _ = office.submit(submission=applied_by(office, "wang"))
    assert office.case("chen", doc_id)["route"][0]["skipped_by"] == "applicant_is_reviewer"
    assert office.case("chen", doc_id)["route"][0]["status_label"] == "申请人即审核人，按规则跳过"
    doc_id, _ = office.submit()
    assert office.case("chen", doc_id)["route"][0]["state"] == "current"

    office.republish("chen", unit, [step("head", self_review="superior")])
    doc_id, _ = office.submit(submission=applied_by(office, "wang"))
    route = office.case("chen", doc_id)["route"]
    assert [one["name"] for one in route[0]["holders"]] == ["hu"]
    office.change("hu", 2, "handler")
    assert office.told("case.attention_raised")[-1].data["reason"] == "holder_left"
    office.change("hu", 3, "reviewer")
    assert office.agree("hu").json()["current_step"] == "环节finance"


def test_the_superior_stands_in_for_people_of_the_own_unit_only(office: Office) -> None:
    body = {
        "level": "district",
        "doc_type": "plan",
        "name": "审核链",
        "steps": [finance_step(self_review="superior")],
    }
    made = office.post("zhou", "chains", body)
    found = office.post("zhou", f"chains/{made.json()['id']}/lint").json()["problems"]
    assert [(one["code"], one["pointer"]) for one in found] == [
        ("superior_not_allowed", "/steps/0/self_review")
    ]


def test_i28_who_has_agreed_decides_no_other_step_unless_the_district_skips_it(office: Office) -> None:
    office.publish(
        "chen",
        "unit",
        [step("first", pick="submitter"), step("second"), step("third", on_empty="administrator")],
    )
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(["wang"])
    office.agree("wang")
    office.agree("zhao")
    assert office.case("chen", doc_id)["attention"] == "nobody_to_review"

    policy = {"unit_segment_optional": False, "repeat": "skip_repeated"}
    assert office.send("zhou", "PUT", "districts/140105/policy", policy, If_Match='"v0"').status_code == 200
    assert office.get("chen", "districts/140105/policy")["repeat"] == "skip_repeated"
    doc_id, _ = office.submit(["wang"])
    assert office.agree("wang", office.slot("wang")).json()["current_step"] == "环节finance"
    assert states(office, doc_id)[:3] == [
        ("done", ""),
        ("skipped_by_rule", "repeated"),
        ("skipped_by_rule", "repeated"),
    ]
    (current,) = [one for one in office.case("li", doc_id)["route"] if one["state"] == "current"]
    assert current["repeat"] == "skip_repeated"


def test_i28_a_step_of_all_is_skipped_only_when_all_of_it_have_agreed(panel_office: Office) -> None:
    office = panel_office
    office.publish("chen", "unit", [panel("first"), panel("second", quorum="all")])
    office.publish("zhou", "district", [])
    policy = {"unit_segment_optional": False, "repeat": "skip_repeated"}
    office.send("zhou", "PUT", "districts/140105/policy", policy, If_Match='"v0"')
    office.submit()
    assert office.agree("wang").json()["current_holders"] == ["xu", "zhao"]
    office.agree("xu")
    assert office.agree("zhao").json()["case_state"] == "approved"


def test_i8_a_running_round_keeps_the_policy_that_it_began_with(office: Office) -> None:
    office.publish("chen", "unit", [step("first", pick="submitter"), step("second")])
    office.publish("zhou", "district", [])
    office.submit(["wang"])
    policy = {"unit_segment_optional": False, "repeat": "skip_repeated"}
    office.send("zhou", "PUT", "districts/140105/policy", policy, If_Match='"v0"')
    assert office.agree("wang").json()["current_holders"] == ["zhao"]


def test_a_step_of_before_reads_as_it_was_meant() -> None:
    old = {"key": "head", "name": "负责人", "selector": {"role": "reviewer", "in": "own_unit"}}
    read = Step.model_validate(old)
    assert (read.quorum, read.at_least, read.self_review) == ("any", None, "exclude")


def test_the_decider_sees_the_next_step_as_it_will_be_for_him(office: Office) -> None:
    office.publish("chen", "unit", [step("first"), step("second", pick="previous_actor")])
    office.publish("zhou", "district", [])
    doc_id, _ = office.submit()
    for who, other in (("wang", "zhao"), ("zhao", "wang")):
        following = office.case(who, doc_id)["next_step"]
        assert [one["name"] for one in following["candidates"]] == [other]
    assert code(office.agree("wang")) == (422, "pick_required")
