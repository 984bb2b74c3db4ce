"""Who of a step's people is carried: panels, picks, and a round that would need nobody."""

from __future__ import annotations

from typing import Any

import pytest

from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_by_message import link, show
from tests.approvals.test_carrying import carried, document, states
from tests.approvals.test_preview import preview
from tests.approvals.test_statistics import statistics


def panel(**more: Any) -> dict[str, Any]:
    return carried("panel", **more)


@pytest.fixture
def panel_office(office: Office) -> Office:
    for name in ("gao", "ma", "xu"):
        office.add(name, office.school, "reviewer", positions=["panel"])
    return office


def test_two_of_three_are_carried_one_by_one(panel_office: Office) -> None:
    office = panel_office
    office.publish("chen", "unit", [panel(quorum="at_least", at_least=2)])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(submission=document(office))
    office.agree("gao")
    office.agree("ma")
    office.disagree("qian")
    office.change("ma", 2)
    office.submit(submission=document(office, doc_id), n=2)
    case = office.case("li", doc_id)
    assert [(one["name"], one["state"]) for one in case["route"][0]["holders"]] == [
        ("gao", "agreed"),
        ("xu", "open"),
    ]
    assert (case["route"][0]["agreed"], case["route"][0]["needed"]) == (1, 2)
    assert office.agree("xu").json()["current_step"] == "环节finance"


def test_of_a_step_of_all_only_those_are_asked_who_have_not_agreed(panel_office: Office) -> None:
    office = panel_office
    office.publish("chen", "unit", [panel(quorum="all")])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(submission=document(office))
    office.agree("gao")
    office.disagree("ma")
    office.submit(submission=document(office, doc_id), n=2)
    assert [(one["name"], one["state"]) for one in office.case("li", doc_id)["route"][0]["holders"]] == [
        ("gao", "agreed"),
        ("ma", "open"),
        ("xu", "open"),
    ]
    office.agree("ma")
    assert office.agree("xu").json()["current_step"] == "环节finance"
    office.disagree("qian")
    office.add("new", office.school, "reviewer", positions=["panel"])
    office.submit(submission=document(office, doc_id), n=3)
    assert states(office, doc_id) == ["current", "waiting"], "all includes who is there now"
    assert office.agree("new").json()["current_step"] == "环节finance"


def test_a_picked_reviewer_is_carried_without_being_picked_again(office: Office) -> None:
    office.publish("chen", "unit", [step("head", pick="submitter", may_carry=True)])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(["wang"], submission=document(office))
    office.agree("wang")
    office.disagree("qian")
    again = document(office, doc_id)
    assert preview(office, "li", again)["asks_pick"] is False
    office.submit(submission=again, n=2)
    assert states(office, doc_id) == ["carried", "current"]
    office.disagree("qian")
    changed = document(office, doc_id, name="别的")
    assert preview(office, "li", changed)["asks_pick"] is True
    office.submit(["zhao"], submission=changed, n=3)
    assert [one["name"] for one in office.case("li", doc_id)["route"][0]["holders"]] == ["zhao"]


def test_a_round_that_would_need_nobody_asks_the_last_step_again(office: Office) -> None:
    office.add("gao", office.school, "reviewer", positions=["panel"])
    large = {"op": "ge", "fact": "amount_fen", "value": 5_000_000}
    office.publish(
        "chen", "unit", [step("head", may_carry=True, attested=["name"]), panel(attested=["name"])]
    )
    office.publish("zhou", "district", [finance_step(condition=large)])
    big = document(office).model_copy(update={"facts": {"amount_fen": 9_000_000}})
    doc_id, _ = office.submit(submission=big)
    office.agree("wang")
    office.agree("gao")
    office.disagree("qian", opinion="减少数量")
    small = document(office, doc_id, purpose="少量")
    assert preview(office, "li", small)["first_step"] == "unit.panel"
    office.submit(submission=small, n=2)
    assert states(office, doc_id) == ["carried", "current", "skipped"]
    assert office.agree("gao").json()["case_state"] == "approved"


def test_i28_skipping_by_repetition_does_not_outlive_a_change(office: Office) -> None:
    """Wang's agreement to the first step let the second be skipped; it attests its fields too."""
    office.publish(
        "chen",
        "unit",
        [
            step("head", may_carry=True, attested=["name"]),
            step("chief", may_carry=True, attested=["purpose"]),
        ],
    )
    office.publish("zhou", "district", [finance_step()])
    policy = {"unit_segment_optional": False, "repeat": "skip_repeated"}
    office.send("zhou", "PUT", "districts/140105/policy", policy, If_Match='"v0"')
    doc_id, _ = office.submit(submission=document(office))
    assert office.agree("wang").json()["current_step"] == "环节finance"
    office.disagree("qian")
    office.submit(submission=document(office, doc_id), n=2)
    assert states(office, doc_id) == ["carried", "skipped_by_rule", "current"]
    office.disagree("qian")
    office.submit(submission=document(office, doc_id, purpose="办公"), n=3)
    assert states(office, doc_id) == ["current", "waiting", "waiting"]


def test_the_page_of_a_link_says_that_something_has_changed_since(office: Office) -> None:
    office.publish("chen", "unit", [step("head", may_carry=True, attested=["name"])])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(submission=document(office))
    office.agree("wang")
    office.disagree("qian")
    office.submit(submission=document(office, doc_id, name="别的"), n=2)
    assert "同意（第 1 轮）之后的变化：有 1 处" in show(office, link(office, "wang")).text
    assert "之后的变化" not in show(office, link(office, "zhao")).text


def test_what_was_agreed_before_a_newer_submission_came_is_carried_too(office: Office) -> None:
    office.publish("chen", "unit", [step("head", may_carry=True, attested=["name"])])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(submission=document(office))
    office.agree("wang")
    office.submit(submission=document(office, doc_id, purpose="办公"), n=2)
    case = office.case("li", doc_id)
    assert [one["type"] for one in case["timeline"]] == [
        *("submitted", "agreed", "superseded", "submitted", "carried")
    ]
    assert states(office, doc_id) == ["carried", "current"]


def test_a_carried_step_takes_no_time(office: Office) -> None:
    office.publish("chen", "unit", [step("head", may_carry=True, attested=["name"])])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(submission=document(office))
    office.clock.move(hours=1)
    office.agree("wang")
    office.disagree("qian")
    office.submit(submission=document(office, doc_id, purpose="办公"), n=2)
    office.clock.move(hours=1)
    assert office.agree("qian").json()["case_state"] == "approved"
    times = {one["key"]: one["time"]["count"] for one in statistics(office, "chen")["steps"]}
    assert times == {"unit.head": 1, "district.finance": 2}
