"""Unread again, archived, put off: each message is in its place, and to-dos stay to-dos."""

from __future__ import annotations

from typing import Any

import pytest

from tests.notify.office import Office, slot_closed, slot_opened, status_changed

TOMORROW = {"until": "2026-11-24T09:00:00+08:00"}


def told(office: Office) -> str:
    """A message that is no to-do; its id."""
    office.hear(status_changed(office.wang, "usable"))
    return str(office.messages(office.wang)[0]["id"])


def turn(office: Office, slot: Any = None) -> str:
    """A to-do; the id of its message."""
    office.hear(slot or slot_opened(office.wang))
    return str(office.messages(office.wang)[0]["id"])


def act(office: Office, message_id: str, verb: str, body: Any = None) -> dict[str, Any]:
    answer = office.post(office.wang, f"messages/{message_id}/{verb}", body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == office.get(office.wang, f"messages/{message_id}").json()
    found: dict[str, Any] = answer.json()
    return found


def refused(office: Office, message_id: str, verb: str, body: Any = None) -> tuple[int, str]:
    answer = office.post(office.wang, f"messages/{message_id}/{verb}", body)
    return answer.status_code, answer.json()["code"]


def places(office: Office, message_id: str) -> set[str]:
    """The lists that a message is on."""
    tabs = ("unread", "todo", "all", "done", "snoozed", "archived")
    return {
        tab for tab in tabs if message_id in {message["id"] for message in office.messages(office.wang, tab)}
    }


def tomorrow(office: Office) -> None:
    office.clock.move(days=1)
    while office.run_jobs():
        pass


def test_a_message_is_unread_again(any_office: Office) -> None:
    office = any_office
    message = told(office)
    act(office, message, "read")
    for _ in range(2):
        again = act(office, message, "unread")
        assert (again["status"], again["read_at"]) == ("unread", None)
        assert places(office, message) == {"unread", "all"}
        assert office.counts(office.wang)["unread"] == 1
    allowed = {one["action"]: one["allowed"] for one in again["available_actions"]}
    assert allowed == {
        "read": True,
        "unread": False,
        "archive": True,
        "unarchive": False,
        "snooze": True,
        "unsnooze": False,
    }


def test_what_is_archived_is_on_no_other_list_and_comes_back_as_it_was(any_office: Office) -> None:
    office = any_office
    message = told(office)
    for _ in range(2):
        away = act(office, message, "archive")
        assert (away["status"], away["status_label"]) == ("archived", "已归档")
        assert away["archived_at"] == "2026-11-23T01:00:00Z"
        assert places(office, message) == {"archived"}
        office.clock.move(minutes=1)
    assert office.counts(office.wang)["unread"] == 0
    assert office.post(office.wang, "messages/read-all").json()["unread"] == 0
    for _ in range(2):
        back = act(office, message, "unarchive")
        assert (back["status"], back["archived_at"]) == ("unread", None)
        assert places(office, message) == {"unread", "all"}


def test_all_read_ones_are_archived_but_no_to_do(any_office: Office) -> None:
    office = any_office
    done = slot_opened(office.wang)
    read, unread, todo, over, off = (
        told(office),
        told(office),
        turn(office),
        turn(office, done),
        told(office),
    )
    for message in (read, todo, off):
        act(office, message, "read")
    act(office, off, "snooze", TOMORROW)
    office.hear(slot_closed(done))
    for _ in range(2):
        numbers = office.post(office.wang, "messages/archive-read").json()
        assert numbers == {"unread": 1, "todo": 1, "snoozed": 1}
        assert places(office, read) == places(office, over) == {"archived"}
        assert places(office, unread) == {"unread", "all"}
        assert places(office, todo) == {"todo", "all"}
        assert places(office, off) == {"snoozed"}
    assert office.messages(office.zhao, "archived") == []


def test_a_to_do_is_archived_only_when_it_is_done(office: Office) -> None:
    slot = slot_opened(office.wang)
    message = turn(office, slot)
    act(office, message, "read")
    assert refused(office, message, "archive") == (409, "still_to_do")
    office.hear(slot_closed(slot))
    assert places(office, message) == {"all", "done"}
    act(office, message, "archive")
    assert places(office, message) == {"archived"}


def test_what_is_put_off_is_back_and_unread_at_its_time(any_office: Office) -> None:
    office = any_office
    message = told(office)
    act(office, message, "read")
    asleep = act(office, message, "snooze", TOMORROW)
    assert (asleep["status"], asleep["status_label"]) == ("snoozed", "稍后提醒")
    assert asleep["snoozed_until"] == "2026-11-24T01:00:00Z"
    assert places(office, message) == {"snoozed"}
    assert office.get(office.wang, "messages/counts").json() == {"unread": 0, "todo": 0, "snoozed": 1}
    office.clock.move(hours=23, minutes=59)
    office.run_jobs()
    assert places(office, message) == {"snoozed"}
    office.clock.move(minutes=1)
    office.run_jobs()
    assert places(office, message) == {"unread", "all"}
    assert office.get(office.wang, f"messages/{message}").json()["read_at"] is None


def test_the_last_time_that_was_asked_for_counts(office: Office) -> None:
    first, second = told(office), told(office)
    act(office, first, "snooze", TOMORROW)
    act(office, first, "snooze", TOMORROW)
    act(office, first, "snooze", {"until": "2026-11-25T09:00:00+08:00"})
    act(office, second, "snooze", TOMORROW)
    act(office, second, "snooze", {"until": "2026-11-23T10:00:00+08:00"})
    office.clock.move(hours=1)
    office.run_jobs()
    assert (places(office, first), places(office, second)) == ({"snoozed"}, {"unread", "all"})
    act(office, second, "read")
    tomorrow(office)
    assert (places(office, first), places(office, second)) == ({"snoozed"}, {"all"})
    tomorrow(office)
    assert places(office, first) == {"unread", "all"}


def test_what_is_taken_back_or_archived_meanwhile_is_not_brought_back(office: Office) -> None:
    back, away = told(office), told(office)
    for message in (back, away):
        act(office, message, "read")
        act(office, message, "snooze", TOMORROW)
    assert act(office, back, "unsnooze")["status"] == "read"
    act(office, away, "archive")
    tomorrow(office)
    assert (places(office, back), places(office, away)) == ({"all"}, {"archived"})
    act(office, away, "snooze", {"until": "2026-11-25T09:00:00+08:00"})
    assert places(office, away) == {"snoozed"}


def test_a_to_do_that_is_put_off_is_one_all_the_same(any_office: Office) -> None:
    message = turn(any_office)
    act(any_office, message, "snooze", TOMORROW)
    assert places(any_office, message) == {"todo", "snoozed"}
    assert any_office.get(any_office.wang, "messages/counts").json() == {
        "unread": 0,
        "todo": 1,
        "snoozed": 1,
    }
    tomorrow(any_office)
    assert places(any_office, message) == {"unread", "todo", "all"}


def test_a_to_do_that_is_done_is_never_brought_back(any_office: Office) -> None:
    office = any_office
    slot = slot_opened(office.wang)
    message = turn(office, slot)
    act(office, message, "read")
    act(office, message, "snooze", TOMORROW)
    office.hear(slot_closed(slot))
    assert places(office, message) == {"all", "done"}
    tomorrow(office)
    assert places(office, message) == {"all", "done"}
    read = office.get(office.wang, f"messages/{message}").json()
    assert (read["status"], read["read_at"]) == ("done", "2026-11-23T01:00:00Z")
    assert refused(office, message, "snooze", {"until": "2026-11-25T09:00:00+08:00"}) == (409, "already_done")
    assert refused(office, message, "unread") == (409, "already_done")


@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("2026-11-23T09:00:00+08:00", "snooze_out_of_range"),
        ("2026-11-22T09:00:00+08:00", "snooze_out_of_range"),
        ("2028-01-01T00:00:00+08:00", "snooze_out_of_range"),
        ("0001-01-01T00:00:00+08:00", "snooze_out_of_range"),
        ("9999-12-31T23:59:59-08:00", "snooze_out_of_range"),
        ("2026-11-24T09:00:00", "invalid"),
        ("tomorrow", "invalid"),
        (None, "invalid"),
    ],
)
def test_a_time_that_is_none_is_refused(office: Office, until: Any, code: str) -> None:
    message = told(office)
    answer = office.post(office.wang, f"messages/{message}/snooze", {"until": until})
    assert answer.status_code == 422
    assert code == "invalid" or answer.json()["errors"][0]["code"] == code, answer.text
    assert places(office, message) == {"unread", "all"}


def test_what_is_archived_is_in_the_proof_and_goes_out_all_the_same(office: Office) -> None:
    office.has_address(office.wang, "wang@example.org")
    about = status_changed(office.wang, "usable", organisation_id=office.unit)
    office.hear(about)
    (message,) = office.messages(office.wang)
    act(office, message["id"], "archive")
    office.run_jobs()
    reader = office.person("周平", office.unit, "unit_administrator")
    told_of = office.get(reader, f"documents/plan/{about.plan_id}/notices").json()
    (item,) = told_of["items"]
    assert item["person_id"] == str(office.wang)
    assert [way["state"] for way in item["deliveries"]] == ["accepted"]


def test_the_digest_of_to_dos_lists_what_is_put_off(office: Office) -> None:
    office.has_address(office.wang, "wang@example.org")
    act(office, turn(office), "snooze", {"until": "2026-11-27T09:00:00+08:00"})
    office.run_jobs()
    office.run_ticks()
    office.clock.move(hours=23, minutes=40)
    while office.run_jobs():
        pass
    assert any("今日待办：1 件" in mail["subject"] for mail in office.mails())
