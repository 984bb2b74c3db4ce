"""Quiet time: what comes then waits, leaves once when it is over, and says why; the inbox has it at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select

from services.notify.answer import Answer, Outcome
from services.notify.jobs import post_of
from services.notify.sending import claim
from shared import doing, jobs
from shared.events.approvals import SlotOverdue
from shared.events.directory import CalendarYearChanged
from tests.notify.choosing import NIGHT, it_is, runs_until_quiet, save, subjects, wants
from tests.notify.office import ADDRESS, Office, slot_closed, slot_opened, status_changed


@pytest.fixture
def quiet(any_office: Office) -> Office:
    """王芳 wants to be left alone at night."""
    any_office.has_address(any_office.wang, ADDRESS)
    wants(any_office, any_office.wang, **NIGHT)
    return any_office


def views(office: Office) -> list[dict[str, Any]]:
    """The deliveries of 王芳's newest message as she sees them."""
    newest = office.messages(office.wang)[0]
    found: list[dict[str, Any]] = office.get(office.wang, f"messages/{newest['id']}/deliveries").json()
    return found


def test_what_comes_at_night_leaves_once_in_the_morning_and_says_why(quiet: Office) -> None:
    it_is(quiet, "2026-11-23 22:30")
    quiet.hear(status_changed(quiet.wang, "usable", plan_number="JH-1"))
    assert quiet.counts(quiet.wang)["unread"] == 1
    (view,) = views(quiet)
    assert (view["state"], view["code"], view["next_try_at"]) == ("held", "quiet", "2026-11-23T23:00:00Z")
    assert view["moment"]["text"] == "免打扰时间 22:00–07:00；2026-11-24 07:00 发送"
    runs_until_quiet(quiet)
    it_is(quiet, "2026-11-24 06:59")
    runs_until_quiet(quiet)
    assert subjects(quiet) == []
    it_is(quiet, "2026-11-24 07:00")
    runs_until_quiet(quiet)
    assert subjects(quiet) == ["采购计划可使用：办公电脑采购"]
    assert views(quiet)[0]["state"] == "accepted"
    it_is(quiet, "2026-11-25 23:00")
    runs_until_quiet(quiet)
    assert len(quiet.mails()) == 1
    assert len(quiet.attempts()) == 1


def test_two_workers_release_it_once(quiet: Office) -> None:
    it_is(quiet, "2026-11-23 22:30")
    quiet.hear(status_changed(quiet.wang, "usable", plan_number="JH-1"))
    it_is(quiet, "2026-11-24 07:00")
    with quiet.store.read() as look:
        (job,) = look.all(select(jobs.Job.id).where(jobs.Job.task == "notify.send"))
    ran: list[bool] = []
    threads = [threading.Thread(target=lambda: ran.append(doing.run(quiet.here, job))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ran) == [False, False, False, True]
    assert len(quiet.mails()) == 1


def test_what_is_urgent_passes(quiet: Office) -> None:
    it_is(quiet, "2026-11-23 23:30")
    opened = slot_opened(quiet.wang)
    quiet.hear(opened)
    due = {"due_at": "2026-11-23T15:00:00Z", "budget_hours": 8}
    quiet.hear(SlotOverdue.model_validate(opened.model_dump() | due))
    runs_until_quiet(quiet)
    assert subjects(quiet) == ["已超期：办公电脑采购"]


def test_a_todo_that_is_done_by_the_morning_is_not_sent(quiet: Office) -> None:
    it_is(quiet, "2026-11-23 23:30")
    opened = slot_opened(quiet.wang)
    quiet.hear(opened)
    quiet.hear(slot_closed(opened))
    it_is(quiet, "2026-11-24 07:00")
    runs_until_quiet(quiet)
    assert quiet.mails() == []
    assert [(d.state, d.code) for d in quiet.deliveries()] == [("suppressed", "stale")]


def test_a_later_try_waits_for_the_morning_too(quiet: Office) -> None:
    it_is(quiet, "2026-11-23 21:59")
    quiet.hear(status_changed(quiet.wang, "usable", plan_number="JH-1"))
    (delivery,) = quiet.deliveries()
    claimed = claim(quiet.store, post_of(quiet.here), delivery.id, 1)
    assert claimed is not None
    quiet.note(claimed, Answer(Outcome.RETRY, "451"))
    it_is(quiet, "2026-11-23 22:05")
    runs_until_quiet(quiet)
    (delivery,) = quiet.deliveries()
    assert (delivery.state, delivery.code, delivery.tries, delivery.attempts) == ("held", "quiet", 1, 1)
    it_is(quiet, "2026-11-24 07:00")
    runs_until_quiet(quiet)
    assert [(d.state, d.tries) for d in quiet.deliveries()] == [("accepted", 2)]


def test_over_the_national_day_it_waits_for_the_first_working_day(any_office: Office) -> None:
    office = any_office
    it_is(office, "2026-09-30 22:10")
    office.has_address(office.wang, ADDRESS)
    wants(office, office.wang, working_days_only=True, **NIGHT)
    office.hear(status_changed(office.wang, "usable", plan_number="JH-1"))
    assert views(office)[0]["moment"]["text"] == (
        "免打扰时间 22:00–07:00；2026-10-01（周四，国庆节）至2026-10-07（周三，国庆节）为休息日；"
        "2026-10-08 07:00 发送"
    )
    for moment in ("2026-10-01 09:00", "2026-10-05 12:00", "2026-10-07 23:59", "2026-10-08 06:59"):
        it_is(office, moment)
        runs_until_quiet(office)
    assert office.mails() == []
    it_is(office, "2026-10-08 07:00")
    runs_until_quiet(office)
    assert len(office.mails()) == 1
    it_is(office, "2026-10-10 15:00")  # a Saturday that makes up for the holiday
    office.hear(status_changed(office.wang, "void"))
    runs_until_quiet(office)
    assert len(office.mails()) == 2


def test_the_days_that_administrators_have_entered_count(office: Office) -> None:
    days = [{"date": f"2027-01-0{n}", "working": n == 9, "note": "元旦"} for n in range(1, 10)]
    year = {"year": 2027, "version": 1, "complete": True, "days": days}
    office.hear(CalendarYearChanged.model_validate(year))
    office.has_address(office.wang, ADDRESS)
    wants(office, office.wang, working_days_only=True)
    it_is(office, "2027-01-01 10:00")
    office.hear(status_changed(office.wang, "usable", plan_number="JH-1"))
    (view,) = views(office)
    assert (view["next_try_at"], view["moment"]["warnings"]) == ("2027-01-09T00:30:00Z", [])


def test_a_year_without_a_calendar_is_no_obstacle(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    wants(office, office.wang, working_days_only=True)
    it_is(office, "2028-01-01 12:00")
    office.hear(status_changed(office.wang, "usable", plan_number="JH-1"))
    (view,) = views(office)
    assert view["moment"]["warnings"] == ["尚无 2028 年的工作日历，暂按周一至周五为工作日计算"]
    assert view["next_try_at"] == "2028-01-03T00:30:00Z"


def test_who_wants_it_otherwise_gets_what_was_held_at_once(quiet: Office) -> None:
    it_is(quiet, "2026-11-23 22:30")
    quiet.hear(status_changed(quiet.wang, "usable", plan_number="JH-1"))
    runs_until_quiet(quiet)
    assert save(quiet, quiet.wang).status_code == 200
    runs_until_quiet(quiet)
    assert len(quiet.mails()) == 1
    it_is(quiet, "2026-11-24 07:00")
    runs_until_quiet(quiet)
    assert len(quiet.mails()) == 1


def test_a_unit_sets_quiet_hours_and_a_person_does_without(office: Office) -> None:
    chief = office.person("安管理", office.unit, "unit_administrator")
    save(office, chief, path="preferences/unit", timing=NIGHT)
    wants(office, office.zhao, quiet_hours={})
    it_is(office, "2026-11-23 22:30")
    for person in (office.wang, office.zhao):
        office.hear(status_changed(person, "usable", plan_number="JH-1"))
    assert [d.state for d in office.deliveries()] == ["held", "queued"]


def test_what_a_unit_changes_holds_for_what_is_held_already(any_office: Office) -> None:
    office = any_office
    chief = office.person("安管理", office.unit, "unit_administrator")
    save(office, chief, path="preferences/unit", timing=NIGHT)
    wants(office, office.zhao, **NIGHT)
    office.has_address(office.wang, ADDRESS)
    office.has_address(office.zhao, "zhao@example.org")
    it_is(office, "2026-11-23 22:30")
    for person in (office.wang, office.zhao):
        office.hear(status_changed(person, "usable", plan_number="JH-1"))
    runs_until_quiet(office)
    assert office.mails() == []
    refused = save(office, chief, ("*", "email", "off"), path="preferences/unit", timing={})
    assert refused.status_code == 422
    runs_until_quiet(office)
    assert office.mails() == []
    assert save(office, chief, path="preferences/unit", timing={}).status_code == 200
    runs_until_quiet(office)
    assert [mail["To"] for mail in office.mails()] == [f"王芳 <{ADDRESS}>"]
    assert sorted(d.state for d in office.deliveries()) == ["accepted", "held"], "zhao has chosen himself"
