"""So many messages in an hour on a channel: the rest of the hour comes in one letter, and nothing is lost."""

from __future__ import annotations

import threading

import pytest

from services.notify.kinds import context_of
from services.notify.notice import Notice, Occasion, tell
from shared.database import new_id
from tests.notify.choosing import NIGHT, it_is, runs_until_quiet, subjects, text_of, wants
from tests.notify.office import ADDRESS, Office, slot_opened, status_changed
from tests.notify.test_digests import states, told


@pytest.fixture
def limited(any_office: Office) -> Office:
    """王芳 wants two an hour at most."""
    any_office.has_address(any_office.wang, ADDRESS, phone="13800138000")
    wants(any_office, any_office.wang, hourly_limit=2)
    return any_office


def test_the_rest_of_an_hour_comes_in_one_letter(limited: Office) -> None:
    office = limited
    it_is(office, "2026-11-23 10:20")
    told(office, "一", "二", "三", "四")
    runs_until_quiet(office)
    assert subjects(office) == ["采购计划可使用：一", "采购计划可使用：二"]
    assert len(office.messages(office.wang)) == 4
    newest = office.messages(office.wang)[0]
    (view,) = office.get(office.wang, f"messages/{newest['id']}/deliveries").json()
    assert (view["state"], view["code"]) == ("held", "throttle")
    assert view["moment"]["text"] == "本小时消息已达上限，其余汇总发送；2026-11-23 11:00 发送"
    it_is(office, "2026-11-23 11:00")
    runs_until_quiet(office)
    assert [title for title in ("一", "二", "三", "四") if title in text_of(office, "消息汇总：2 条")] == [
        "三",
        "四",
    ]
    assert {state.split()[1] for state in states(office)} == {"accepted"}
    told(office, "五")
    runs_until_quiet(office)
    assert "采购计划可使用：五" in subjects(office)


def test_what_is_mandatory_passes_and_counts(limited: Office) -> None:
    office = limited
    for _ in range(3):
        office.hear(slot_opened(office.wang))
    told(office, "一")
    assert [state.split()[1] for state in states(office)] == [*["queued"] * 3, "held"]


def test_each_person_and_channel_has_a_number_of_its_own(limited: Office) -> None:
    office = limited
    wants(office, office.wang, ("*", "email", "now"), ("*", "sms", "now"), hourly_limit=1)
    told(office, "一", "二")
    office.hear(status_changed(office.zhao, "usable", plan_number="JH-1"))
    found = sorted((d.channel, d.state) for d in office.deliveries() if d.person_id == office.wang)
    assert found == [("email", "held"), ("email", "queued"), ("sms", "held"), ("sms", "queued")]
    assert [d.state for d in office.deliveries() if d.person_id == office.zhao] == ["queued"]


def test_the_morning_after_a_quiet_night_brings_no_flood(limited: Office) -> None:
    office = limited
    wants(office, office.wang, hourly_limit=2, **NIGHT)
    it_is(office, "2026-11-23 23:00")
    told(office, "一", "二", "三", "四", "五")
    it_is(office, "2026-11-24 07:00")
    runs_until_quiet(office)
    assert len(office.mails()) == 2
    it_is(office, "2026-11-24 08:00")
    runs_until_quiet(office)
    assert "三" in text_of(office, "消息汇总：3 条")
    assert {state.split()[1] for state in states(office)} == {"accepted"}


def test_many_at_once_are_counted_one_after_the_other(limited: Office) -> None:
    office = limited
    told(office, "一")
    context = context_of(status_changed(office.wang, "usable", plan_number="JH-1"))
    occasions = [Occasion(new_id(), "plan.status_changed", "plan/1", office.clock.now()) for _ in range(6)]
    notices = [Notice("plan.usable", context, "/plans", occasion=occasion) for occasion in occasions]

    def tell_her(notice: Notice) -> None:
        with office.store.work() as work:
            tell(work, office.wang, notice)

    threads = [threading.Thread(target=tell_her, args=(notice,)) for notice in notices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(d.state for d in office.deliveries()) == [*["held"] * 5, *["queued"] * 2]
