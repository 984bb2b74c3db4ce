"""Budgets of working time: due dates, reminders, overdue slots, and how a district sets its hours."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from services.approvals import alarms
from shared.clock import SHANGHAI
from shared.events.directory import CalendarDay, CalendarYearChanged
from tests.approvals.office import Office, finance_step, step


def with_budget(office: Office, hours: int = 8, **more: Any) -> str:
    """Chains whose first step, any reviewer of the school, has a budget."""
    chain = office.publish("chen", "unit", [step("head", budget_hours=hours, **more)])
    office.publish("zhou", "district", [finance_step()])
    return chain


def local(moment: str | datetime) -> str:
    """A moment as the office's own clock shows it."""
    parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{parsed.astimezone(SHANGHAI):%m-%d %H:%M}"


def set_hours(office: Office, who: str, code: str, *spans: str, **days: bool) -> Any:
    path = f"districts/{code}/timetable"
    tag = office.send(who, "GET", path).headers["etag"]
    body = {
        "spans": [{"opens": span[:5], "closes": span[6:]} for span in spans],
        "days": [{"date": day[1:].replace("_", "-"), "working": on} for day, on in days.items()],
    }
    return office.send(who, "PUT", path, body, If_Match=tag)


def test_a_slot_is_due_after_its_budget_of_working_hours(office: Office) -> None:
    with_budget(office)
    doc_id, _ = office.submit()
    row = office.slot("wang")
    assert (row["budget_hours"], local(row["due_at"])) == (8, "11-24 09:30")
    assert (row["time_state"], row["time_label"]) == ("on_time", "办理中")
    (one, _) = office.case("li", doc_id)["route"][0]["holders"]
    assert (one["due_at"], one["time_state"]) == (row["due_at"], "on_time")
    opened = office.told("slot.opened")[0].data
    assert (opened["due_at"], opened["origin"]) == (row["due_at"], "selector")
    office.agree("wang")
    later = office.slot("qian")
    assert (later["budget_hours"], later["due_at"], later["time_state"]) == (None, None, "")


def test_reminders_come_once_each_and_nothing_is_decided(office: Office) -> None:
    with_budget(office)
    doc_id, _ = office.submit()
    office.clock.move(hours=2)
    office.run_ticks()
    assert office.told("slot.due_soon", "slot.overdue") == []
    office.clock.move(hours=4, minutes=30)
    for _ in range(2):
        office.run_ticks()
    soon = office.told("slot.due_soon")
    assert {one.data["holder_id"] for one in soon} == {str(office.id("wang")), str(office.id("zhao"))}
    assert len(soon) == 2
    assert soon[0].data["due_at"] == office.slot("wang")["due_at"]
    assert office.slot("wang")["time_state"] == "due_soon"
    office.clock.move(hours=18)
    for _ in range(2):
        office.run_ticks()
    assert len(office.told("slot.due_soon")) == 2
    assert len(office.told("slot.overdue")) == 2
    assert office.slot("wang")["time_state"] == "overdue"
    case = office.case("li", doc_id)
    assert (case["state"], case["history_intact"]) == ("reviewing", True)
    assert [entry["label"] for entry in case["timeline"]] == [
        "提交审核",
        "办理超期",
        "超期未办，提请管理员关注",
        "办理超期",
        "超期未办，提请管理员关注",
    ]
    assert office.agree("wang").json()["current_step"] == "环节finance"


def test_a_tick_that_comes_late_says_only_what_is_still_true(office: Office) -> None:
    with_budget(office)
    office.submit()
    office.clock.move(days=7)
    office.run_ticks()
    assert office.told("slot.due_soon") == []
    assert len(office.told("slot.overdue")) == 2
    assert alarms.ring(office.store) == 0


def test_what_is_decided_in_time_is_never_overdue(office: Office) -> None:
    with_budget(office)
    office.submit()
    office.agree("wang")
    office.clock.move(days=7)
    office.run_ticks()
    assert office.told("slot.due_soon", "slot.overdue") == []
    (done,) = office.get("wang", "done")["items"]
    assert done["time_state"] == "on_time"


def test_time_with_the_applicant_never_counts(office: Office) -> None:
    with_budget(office)
    doc_id, _ = office.submit()
    office.disagree("wang")
    office.clock.move(days=4)
    office.run_ticks()
    office.submit(n=2, submission=office.submission(doc_id))
    assert local(office.slot("wang")["due_at"]) == "11-30 09:30"
    assert office.told("slot.overdue") == []


def test_to_dos_are_sorted_and_narrowed_by_their_time(office: Office) -> None:
    chain = with_budget(office, 8)
    office.submit()
    for hours in (2, 40, None):
        more = {} if hours is None else {"budget_hours": hours}
        office.republish("chen", chain, [step("head", **more)])
        office.clock.move(minutes=1)
        office.submit()
    office.clock.move(hours=7)
    rows = office.get("wang", "todo", sort="due")["items"]
    assert [row["budget_hours"] for row in rows] == [2, 8, 40, None]
    assert [row["time_state"] for row in rows] == ["overdue", "due_soon", "on_time", ""]
    assert [row["budget_hours"] for row in office.get("wang", "todo")["items"]] == [None, 40, 2, 8]
    for state, found in (("overdue", [2]), ("due_soon", [8])):
        assert [row["budget_hours"] for row in office.get("wang", "todo", time=state)["items"]] == found
    counts = office.get("wang", "counts")
    assert (counts["todo"], counts["due_soon"], counts["overdue"]) == (4, 1, 1)
    office.run_ticks()
    assert office.get("wang", "counts") == counts
    paged, cursor = [], ""
    while True:
        page = office.get("wang", "todo", sort="due", limit=1, cursor=cursor)
        paged += page["items"]
        if not (cursor := page["next"] or ""):
            break
    assert paged == rows


def test_a_due_date_is_explained_to_whoever_sees_the_case(office: Office) -> None:
    office.clock.move(days=-54)  # 30 September, 09:00
    with_budget(office, 10)
    office.submit()
    slot = office.slot("wang")
    for who in ("wang", "li", "chen", "zhou"):
        found = office.get(who, f"slots/{slot['id']}/due")
        assert (found["due_at"], found["agrees"], found["warnings"]) == (slot["due_at"], True, [])
    assert found["calendar"].startswith("default/0 chinesecalendar ")
    assert [(day["counted_minutes"], day["reason"]) for day in found["days"]][:2] == [
        (420, "工作日"),
        (0, "国庆节"),
    ]
    assert sum(day["counted_minutes"] for day in found["days"]) == 600
    assert found["text"].startswith("自 2026-09-30 09:00 起算 10 个工作小时，至 2026-10-08 11:30 止；不计：")
    assert office.send("qian", "GET", f"slots/{slot['id']}/due").status_code == 404
    office.agree("wang")
    none = office.send("qian", "GET", f"slots/{office.slot('qian')['id']}/due")
    assert (none.status_code, none.json()["code"]) == (404, "no_deadline")


def test_a_district_sets_its_hours_for_slots_that_open_from_then_on(office: Office) -> None:
    with_budget(office)
    office.submit()
    before = office.slot("wang")
    assert set_hours(office, "zhou", "140105", "10:00-16:00", _2026_11_24=False).status_code == 200
    assert office.slot("wang")["due_at"] == before["due_at"]
    office.clock.move(minutes=1)
    office.submit()
    after = office.slot("wang")
    assert local(after["due_at"]) == "11-25 12:00"
    found = office.get("wang", f"slots/{after['id']}/due")
    assert found["calendar"].startswith("140105/1 ")
    assert ("2026-11-24", "按日历调整为休息日") in [(day["date"], day["reason"]) for day in found["days"]]
    assert set_hours(office, "zhou", "140105", "08:00-12:00").json()["version"] == 2
    kept = office.get("wang", f"slots/{after['id']}/due")
    assert (kept["due_at"], kept["agrees"]) == (after["due_at"], True)
    assert office.get("wang", f"slots/{before['id']}/due")["agrees"]


def test_a_district_follows_the_nearest_one_above(office: Office) -> None:
    usual = office.get("li", "districts/140105/timetable")
    assert (usual["source"], usual["version"]) == (None, 0)
    assert [span["opens"] for span in usual["spans"]] == ["08:30", "14:00"]
    assert set_hours(office, "wu", "140000", "09:00-17:00").status_code == 200
    found = office.get("li", "districts/140105/timetable")
    assert (found["source"], found["spans"]) == ("140000", [{"opens": "09:00", "closes": "17:00"}])
    assert [one["allowed"] for one in found["available_actions"]] == [False]


@pytest.mark.parametrize(
    ("who", "code", "spans", "status"),
    [
        ("zhou", "140105", ["12:00-08:00"], 422),
        ("zhou", "140105", ["08:00-12:00", "11:00-13:00"], 422),
        ("zhou", "140105", ["14:00-18:00", "08:00-12:00"], 422),
        ("zhou", "140105", ["8:00-12:00:"], 422),
        ("zhou", "140105", [], 422),
        ("zhou", "140000", ["08:00-12:00"], 403),
        ("chen", "140105", ["08:00-12:00"], 403),
    ],
)
def test_hours_that_are_wrong_or_another_s_are_refused(
    office: Office, who: str, code: str, spans: list[str], status: int
) -> None:
    assert set_hours(office, who, code, *spans).status_code == status
    assert office.get("zhou", "districts/140105/timetable")["version"] == 0


def test_a_timetable_changes_only_for_who_has_seen_it(office: Office) -> None:
    body = {"spans": [{"opens": "08:00", "closes": "12:00"}], "days": []}
    path = "districts/140105/timetable"
    assert office.send("zhou", "PUT", path, body, If_Match='"v0"').status_code == 200
    assert office.send("zhou", "PUT", path, body, If_Match='"v0"').status_code == 412
    twice = {**body, "days": [{"date": "2026-12-01", "working": True}] * 2}
    assert office.send("zhou", "PUT", path, twice, If_Match='"v1"').status_code == 422


def test_reading_costs_no_more_with_budgets(office: Office) -> None:
    with_budget(office)
    few = office.statements(lambda: office.get("wang", "todo"))
    office.submit()
    office.submit()
    assert office.statements(lambda: office.get("wang", "todo", sort="due", time="overdue")) == few


def test_days_that_administrators_enter_for_a_year_count(office: Office) -> None:
    with_budget(office)
    day = CalendarDay(date=date(2026, 11, 24), working=False, note="临时放假")
    office.hear(CalendarYearChanged(year=2026, version=3, complete=False, days=[day]))
    office.submit()
    slot = office.slot("wang")
    assert local(slot["due_at"]) == "11-25 09:30"
    found = office.get("wang", f"slots/{slot['id']}/due")
    assert found["calendar"].endswith(" 2026/3")
    assert "临时放假" in found["text"]
