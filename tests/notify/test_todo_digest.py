"""The daily to-do digest: on working mornings, of what is to do then, never two on one day."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from services.notify.moments.digest import Digest
from services.notify.moments.todo import plan_all
from tests.notify.choosing import it_is, runs_until_quiet, save, subjects, text_of, wants
from tests.notify.office import ADDRESS, Office, slot_closed, slot_opened


@pytest.fixture
def busy(any_office: Office) -> Office:
    """王芳 has a to-do since Monday, 23 November, 09:00, and its mail."""
    any_office.has_address(any_office.wang, ADDRESS)
    any_office.hear(slot_opened(any_office.wang, title="课桌椅", due_at="2026-11-24T09:00:00Z"))
    passes(any_office, "2026-11-23 09:01")
    return any_office


def passes(office: Office, moment: str) -> None:
    """Time passes until then."""
    it_is(office, moment)
    office.run_ticks()
    runs_until_quiet(office)


def of_the_day(office: Office) -> list[str]:
    return [subject for subject in subjects(office) if "今日待办" in subject]


def test_every_working_morning_lists_what_is_to_do(busy: Office) -> None:
    office = busy
    assert of_the_day(office) == []
    more = slot_opened(office.wang, title="投影仪", origin="escalation")
    office.hear(more)
    passes(office, "2026-11-24 08:30")
    assert of_the_day(office) == ["今日待办：2 件"]
    text = text_of(office, "今日待办")
    assert "1. 课桌椅（小店区第一中学，部门负责人，2026-11-24 17:00 到期）" in text
    assert "2. 投影仪（小店区第一中学，部门负责人）" in text
    office.hear(slot_closed(more))
    passes(office, "2026-11-24 08:31")
    passes(office, "2026-11-25 08:30")
    assert of_the_day(office) == ["今日待办：1 件，其中 1 件已超期", "今日待办：2 件"]
    for day in (26, 27, 28, 29):
        passes(office, f"2026-11-{day - 1} 20:00")
        passes(office, f"2026-11-{day} 08:30")
    assert len(of_the_day(office)) == 4, "Saturday and Sunday have none"
    assert office.counts(office.wang) == {"unread": 1, "todo": 1}
    assert len(office.messages(office.wang)) == 2, "a digest is no message of the inbox"


def test_without_anything_to_do_there_is_none(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    opened = slot_opened(office.wang)
    office.hear(opened)
    passes(office, "2026-11-23 09:01")
    office.hear(slot_closed(opened))
    passes(office, "2026-11-24 08:30")
    passes(office, "2026-11-25 08:30")
    assert of_the_day(office) == []
    with office.store.read() as look:
        assert look.all(select(Digest.state)) == ["empty"]


def test_there_are_never_two_on_one_day(busy: Office) -> None:
    office = busy
    passes(office, "2026-11-24 08:30")
    wants(office, office.wang, todo_digest_at="10:00")
    for _ in range(3):
        plan_all(office.store)
    passes(office, "2026-11-24 10:00")
    assert len(of_the_day(office)) == 1
    passes(office, "2026-11-24 20:00")
    passes(office, "2026-11-25 10:00")
    assert len(of_the_day(office)) == 2


def test_its_time_is_a_persons_own_and_it_can_be_switched_off(busy: Office) -> None:
    office = busy
    wants(office, office.wang, todo_digest_at="07:15")
    passes(office, "2026-11-24 07:15")
    assert len(of_the_day(office)) == 1
    save(office, office.wang, ("todo.digest", "email", "off"))
    for moment in ("2026-11-24 20:00", "2026-11-25 08:30", "2026-11-25 20:00", "2026-11-26 08:30"):
        passes(office, moment)
    assert len(of_the_day(office)) == 1
    found = {line["kind"] for line in office.get(office.wang, "preferences").json()["kinds"]}
    assert "todo.digest" in found


def test_a_unit_sets_its_time(office: Office) -> None:
    chief = office.person("安管理", office.unit, "unit_administrator")
    save(office, chief, path="preferences/unit", timing={"todo_digest_at": "16:00"})
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    passes(office, "2026-11-23 09:00")
    passes(office, "2026-11-23 16:00")
    assert of_the_day(office) == ["今日待办：1 件"]


def test_one_that_a_standstill_has_delayed_comes_that_day_or_not_at_all(busy: Office) -> None:
    office = busy
    passes(office, "2026-11-24 15:00")
    assert len(of_the_day(office)) == 1
    office.run_ticks()
    passes(office, "2026-11-26 07:00")
    office.run_ticks()
    assert len(of_the_day(office)) == 1, "that of Wednesday is not sent on Thursday"
    passes(office, "2026-11-26 08:30")
    assert len(of_the_day(office)) == 2


def test_over_a_holiday_there_is_none(office: Office) -> None:
    it_is(office, "2026-09-30 09:00")
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    for moment in ("2026-09-30 09:01", "2026-10-01 08:30", "2026-10-07 08:30", "2026-10-08 08:29"):
        passes(office, moment)
    assert of_the_day(office) == []
    passes(office, "2026-10-08 08:30")
    assert of_the_day(office) == ["今日待办：1 件"]


def test_its_mail_can_be_unsubscribed_from(busy: Office) -> None:
    passes(busy, "2026-11-24 08:30")
    (mail,) = (mail for mail in busy.mails() if "今日待办" in mail["Subject"])
    assert "List-Unsubscribe" in mail


def test_a_unit_moves_the_digests_of_its_people_who_have_not_chosen(busy: Office) -> None:
    office = busy
    office.has_address(office.zhao, "zhao@example.org")
    office.hear(slot_opened(office.zhao))
    wants(office, office.zhao, todo_digest_at="08:00")
    passes(office, "2026-11-23 20:00")
    chief = office.person("安管理", office.unit, "unit_administrator")
    save(office, chief, path="preferences/unit", timing={"todo_digest_at": "10:00"})
    passes(office, "2026-11-23 20:01")
    passes(office, "2026-11-24 08:30")
    (mail,) = (mail for mail in office.mails() if "今日待办" in mail["Subject"])
    assert mail["To"] == "赵强 <zhao@example.org>"
    it_is(office, "2026-11-24 10:00")
    save(office, chief, path="preferences/unit", timing={"todo_digest_at": "11:00"})
    passes(office, "2026-11-24 10:00")
    assert len(of_the_day(office)) == 2, "what is due is not put off any more"
