"""People who leave, and administrators who help: no case is ever stuck without somebody being told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.approvals import jobs
from shared.clock import local_date
from shared.events.directory import Appointment, OrganisationChanged, PersonChanged
from tests.approvals.office import Office, finance_step, step


def reassign(office: Office, who: str, slot: dict[str, Any], to: str, reason: str = "原审核人离任") -> Any:
    slot_id = slot.get("slot_id") or slot["id"]
    body = {"to": str(office.id(to)), "reason": reason}
    return office.post(who, f"slots/{slot_id}/reassign", body, If_Match=slot["etag"])


def holders(office: Office, doc_id: Any, index: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.case("chen", doc_id)["route"][index]["holders"]
    return found


def test_i33_a_deactivated_holder_raises_attention(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    office.change("wang", 2, "reviewer", active=False, epoch=2)
    (raised,) = office.told("case.attention_raised")
    assert (raised.data["reason"], raised.data["administrator_ids"]) == (
        "holder_left",
        [str(office.id("chen"))],
    )
    assert office.told("slot.closed")[-1].data["outcome"] == "vacant"
    office.change("wang", 3, "reviewer", active=False, epoch=2)
    assert len(office.told("case.attention_raised")) == 1
    case = office.case("chen", doc_id)
    assert (case["state"], case["attention"]) == ("reviewing", "holder_left")
    assert office.get("chen", "counts")["attention"] == 1
    assert [row["id"] for row in office.get("chen", "cases", attention=True)["items"]] == [case["id"]]

    moved = reassign(office, "chen", holders(office, doc_id)[0], "zhao")
    assert moved.json()["current_holders"] == ["zhao"]
    assert office.get("chen", "counts")["attention"] == 0
    assert office.agree("zhao").json()["current_step"] == "环节finance"
    assert office.case("chen", doc_id)["history_intact"]


def test_i33_others_of_an_any_one_step_go_on(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang", "zhao"])
    office.change("wang", 2)
    assert office.told("case.attention_raised") == []
    assert [one["state"] for one in holders(office, doc_id)] == ["cancelled", "open"]
    assert office.agree("zhao").status_code == 200


def test_i33_an_all_step_waits_for_the_place_of_who_left(office: Office) -> None:
    office.publish("chen", "unit", [step("panel", quorum="all")])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit()
    office.change("wang", 2, "handler")
    assert office.agree("zhao").json()["current_step"] == "环节panel"
    office.add("xu", office.school, "reviewer")
    vacant = next(one for one in holders(office, doc_id) if one["state"] == "vacant")
    late = office.post("wang", f"slots/{vacant['slot_id']}/agree", {}, If_Match=vacant["etag"])
    assert (late.status_code, late.json()["code"]) == (403, "not_your_turn")
    assert reassign(office, "chen", vacant, "zhao").json()["errors"][0]["code"] == "excluded"
    assert reassign(office, "chen", vacant, "xu").status_code == 200
    assert office.agree("xu").json()["current_step"] == "环节finance"


def test_who_comes_back_finds_his_slot_again(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    office.change("wang", 2, "handler")
    assert office.get("wang", "todo")["items"] == []
    office.change("wang", 3, "handler", "reviewer")
    assert office.get("chen", "counts")["attention"] == 0
    assert office.agree("wang").status_code == 200


def test_an_appointment_that_ends_by_its_date_raises_attention(office: Office) -> None:
    office.usual_chains()
    last_day = Appointment(organisation_id=office.school, role="reviewer", valid_until=date(2026, 11, 24))
    office.hear(
        PersonChanged(
            person_id=office.id("wang"), version=2, name="wang", active=True, epoch=1, appointments=[last_day]
        )
    )
    office.submit(["wang"])
    office.clock.move(days=1)
    office.run_ticks()
    assert office.told("case.attention_raised") == []
    office.clock.move(days=1)
    office.run_ticks()
    assert len(office.told("case.attention_raised")) == 1


def test_everybody_whose_appointment_ends_or_begins_by_its_date_is_looked_at(
    each_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = each_office
    monkeypatch.setattr(jobs, "PER_PAGE", 2)
    panel = [f"for a day {office.beginnings} {n}" for n in range(5)]
    tomorrow = local_date(office.clock.now()) + timedelta(days=1)
    for name in panel:
        office.add(name, office.school)
        appoint(office, name, 2, valid_until=tomorrow)
    office.publish("chen", "unit", [step("panel", quorum="all", pick="submitter")])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(panel)
    office.clock.move(days=1)
    office.run_ticks()
    assert {one["state"] for one in holders(office, doc_id)} == {"open"}
    office.clock.move(days=1)
    office.run_ticks()
    assert {one["state"] for one in holders(office, doc_id)} == {"vacant"}
    appoint(office, panel[3], 3, valid_from=tomorrow + timedelta(days=2))
    office.run_ticks()
    assert {one["state"] for one in holders(office, doc_id)} == {"vacant"}
    office.clock.move(days=1)
    office.run_ticks()
    assert [one["name"] for one in holders(office, doc_id) if one["state"] == "open"] == [panel[3]]
    office.change(panel[3], 4, active=False)


def appoint(office: Office, name: str, version: int, **dates: Any) -> None:
    """A person reviews in his unit from a day or until one."""
    person_id, unit = office.people[name]
    only = Appointment(organisation_id=unit, role="reviewer", **dates)
    office.hear(
        PersonChanged(
            person_id=person_id, version=version, name=name, active=True, epoch=1, appointments=[only]
        )
    )


def test_a_closed_organisation_leaves_no_undecidable_slot(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    office.agree("wang")
    office.hear(
        OrganisationChanged(
            organisation_id=office.finance,
            version=2,
            uscc="1214000000TEXT021N",
            name="示例区财政局",
            kind="finance",
            district_code="140105",
            active=False,
        )
    )
    (raised,) = office.told("case.attention_raised")
    assert raised.data["step_name"] == "环节finance"


def test_administrators_reassign_within_their_segment(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    slot = office.slot("wang")
    assert reassign(office, "wang", slot, "zhao").json()["code"] == "not_case_administrator"
    assert reassign(office, "chen", slot, "chen").json()["code"] == "not_to_yourself"
    assert reassign(office, "chen", slot, "qian").json()["errors"][0]["code"] == "not_eligible"
    assert reassign(office, "chen", slot, "wang").json()["errors"][0]["code"] == "already_holder"
    assert reassign(office, "chen", slot, "li").json()["errors"][0]["code"] == "excluded"
    assert reassign(office, "chen", slot, "zhao", reason=" ").status_code == 422
    assert reassign(office, "chen", slot, "zhao").status_code == 200
    closed, opened = office.told()[-2:]
    assert (closed.type, closed.data["outcome"]) == ("slot.closed", "transferred")
    assert (opened.type, opened.data["holder_id"]) == ("slot.opened", str(office.id("zhao")))
    late = office.agree("wang", slot)
    assert (late.status_code, late.json()["code"]) == (409, "already_reassigned")

    office.agree("zhao")
    qian = next(one for one in holders(office, doc_id, 1) if one["name"] == "qian")
    assert reassign(office, "chen", qian, "zhou").json()["code"] == "not_case_administrator"
    assert reassign(office, "wu", qian, "zhou").status_code == 200
    assert office.agree("zhou").json()["case_state"] == "approved"


def test_an_administrator_terminates_with_a_reason(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    case = office.case("chen", doc_id)
    path, tag = f"cases/{case['id']}/terminate", f'"v{case["version"]}"'
    assert office.post("li", path, {"reason": "不再需要"}, If_Match=tag).status_code == 403
    assert office.post("chen", path, {"reason": ""}, If_Match=tag).status_code == 422
    assert office.post("chen", path, {"reason": "不再需要"}, If_Match='"v9"').status_code == 412
    ended = office.post("chen", path, {"reason": "不再需要"}, If_Match=tag)
    assert ended.json()["state"] == "terminated"
    (told,) = office.told("case.terminated")
    assert (told.data["code"], told.data["text"]) == ("terminated_by_administrator", "不再需要")
    again = office.post("chen", path, {"reason": "不再需要"}, If_Match=ended.headers["etag"])
    assert (again.status_code, again.json()["code"]) == (409, "already_terminated")
    assert office.get("wang", "todo")["items"] == []


def test_a_cancelled_document_ends_its_case(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    office.disagree("wang")
    office.cancel(doc_id)
    office.cancel(doc_id)
    assert office.case("li", doc_id)["state"] == "terminated"
    assert [event.data["code"] for event in office.told("case.terminated")] == ["document_cancelled"]


def test_the_newest_case_is_that_of_the_newest_round_whatever_the_clock_says(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    case = office.case("chen", doc_id)
    body, tag = {"reason": "不再需要"}, f'"v{case["version"]}"'
    assert office.post("chen", f"cases/{case['id']}/terminate", body, If_Match=tag).status_code == 200
    office.clock.move(minutes=-2)  # another process, or a clock that was set right
    office.submit(["wang"], n=2, submission=office.submission(doc_id))
    running = office.case("li", doc_id)
    assert (running["state"], running["round"]) == ("reviewing", 2)
    office.submit(["zhao"], n=3, submission=office.submission(doc_id))
    assert office.case("li", doc_id)["round"] == 3
    assert office.withdraw("li", doc_id, query="?round=3").status_code == 200


def test_a_newer_submission_takes_the_place_of_a_running_round(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    office.submit(["zhao"], n=3, submission=office.submission(doc_id))
    assert office.get("wang", "todo")["items"] == []
    case = office.case("li", doc_id)
    assert (case["round"], case["state"], case["history_intact"]) == (3, "reviewing", True)
    office.submit(["wang"], n=2, submission=office.submission(doc_id))
    assert office.case("li", doc_id)["round"] == 3
