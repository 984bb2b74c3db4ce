"""Organisations that are closed, opened again, or merged into others, while their people review (I5, I33)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.approvals.desk import act, ids, names
from tests.approvals.office import Office
from tests.approvals.test_people import reassign


def close(office: Office, version: int = 2, active: bool = False) -> None:
    """The finance office of the county is closed, or there again."""
    of_it: Any = {"organisation_id": office.finance, "version": version, "active": active}
    office.organisation("示例区财政局", "140105", "finance", **of_it)


def places(office: Office, doc_id: UUID) -> list[tuple[str, str]]:
    """Who has which part in the step of the finance office."""
    holders = office.case("wu", doc_id)["route"][1]["holders"]
    return [(one["name"], one["state"]) for one in holders]


@pytest.fixture
def at_finance(office: Office) -> tuple[Office, UUID]:
    """A document that waits for the finance office."""
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    office.agree("wang")
    return office, doc_id


def test_i33_who_waits_for_others_leaves_a_closed_unit_too(at_finance: tuple[Office, UUID]) -> None:
    office, doc_id = at_finance
    act(office, "qian", "add-sign", office.slot("qian"), people=ids(office, "zhou"), order="before")
    close(office)
    assert {state for _, state in places(office, doc_id)} <= {"vacant", "cancelled"}
    assert office.case("wu", doc_id)["attention"] == "holder_left"
    assert office.case("wu", doc_id)["history_intact"]


def test_a_unit_that_is_there_again_gives_its_people_back(at_finance: tuple[Office, UUID]) -> None:
    office, doc_id = at_finance
    close(office)
    assert sorted(state for _, state in places(office, doc_id)) == ["cancelled", "vacant"]
    close(office, 3, active=True)
    (back,) = [name for name, state in places(office, doc_id) if state == "open"]
    assert office.get("wu", "counts")["attention"] == 0
    assert len(office.told("case.attention_cleared")) == 1
    told = len(office.told())
    close(office, 4, active=True)
    assert len(office.told()) == told, "another change of the unit means nothing to its reviewers"
    assert office.agree(back).json()["case_state"] == "approved"


def test_people_of_the_body_that_took_the_place_of_a_closed_one_go_on(
    at_finance: tuple[Office, UUID],
) -> None:
    office, doc_id = at_finance
    later, _ = office.submit(["wang"])
    merged = office.organisation("示例区财政金融局", "140105", "finance")
    office.add("hong", merged, "reviewer")
    close(office)
    (place,) = [one for one in office.case("wu", doc_id)["route"][1]["holders"] if one["state"] == "vacant"]
    assert names(office, "wu", {"id": place["slot_id"]}, "reassign") == ["hong"]
    assert reassign(office, "wu", place, "wang").json()["errors"][0]["code"] == "excluded"
    assert reassign(office, "wu", place, "zhao").json()["errors"][0]["code"] == "not_eligible"
    assert reassign(office, "wu", place, "hong").json()["current_holders"] == ["hong"]
    office.change("hong", 2, "reviewer", positions=["another"])
    assert office.agree("hong").json()["case_state"] == "approved"

    assert office.agree("wang").json()["current_holders"] == ["hong"], "a step that was still to come"
    assert office.agree("hong").json()["case_state"] == "approved"
    assert office.case("li", later)["history_intact"]


def test_who_moves_with_his_body_keeps_his_turn(at_finance: tuple[Office, UUID]) -> None:
    office, doc_id = at_finance
    merged = office.organisation("示例区财政金融局", "140105", "finance")
    close(office)
    (left,) = [name for name, state in places(office, doc_id) if state == "vacant"]
    office.people[left] = (office.id(left), merged)
    office.change(left, 2, "reviewer")
    (mine,) = [one for one in office.case("wu", doc_id)["route"][1]["holders"] if one["state"] == "open"]
    assert (mine["name"], mine["unit"]) == (left, "示例区财政金融局")
    office.add("hong", merged, "reviewer")
    until = {"deputy_id": str(office.id("hong")), "ends_at": "2026-11-30T00:00:00Z"}
    assert office.post(left, "substitutions", until).status_code == 201
    assert office.agree("hong").json()["case_state"] == "approved", "as one of his new unit"


def test_a_body_that_stands_beside_the_old_one_takes_nothing_from_it(
    at_finance: tuple[Office, UUID],
) -> None:
    office, _ = at_finance
    office.submit(["wang"])
    office.add("hong", office.organisation("示例区财政金融局", "140105", "finance"), "reviewer")
    assert office.agree("wang").json()["current_holders"] == ["qian", "sun"]
