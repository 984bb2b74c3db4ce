"""Administrators hear that the dead list grows: once for a growth, however many fail."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy import select

from services.notify.dead_list_told import AGAIN, SETTLED, tell_of_growth
from services.notify.delivery import Delivery
from services.notify.message import Message
from tests.notify.office import ADDRESS, Office
from tests.notify.test_dead_list import fails, resend


def look(office: Office) -> None:
    """The tick comes, when all that has failed is visible."""
    office.clock.move(seconds=SETTLED.total_seconds())
    tell_of_growth(office.store)


def told(office: Office) -> list[dict[str, Any]]:
    """What the administrator was told of it, oldest first."""
    found = [m for m in office.messages(office.admin) if m["kind"] == "deliveries.failed"]
    return found[::-1]


def test_one_message_for_a_growth_and_not_one_for_each(any_office: Office) -> None:
    office = any_office
    look(office)
    assert told(office) == []
    fails(office, 3)
    for _ in range(3):
        look(office)
    (message,) = told(office)
    assert message["title"] == "有 3 条消息未能发出"
    assert "电子邮件：550，3 条" in message["body"]
    assert message["link"].endswith("/notifications/deliveries")
    assert office.messages(office.li) == office.messages(office.zhao) == []


def test_more_is_told_a_day_later_or_sooner_when_it_is_ten_times_as_many(office: Office) -> None:
    fails(office, 1)
    look(office)
    fails(office, 9)
    look(office)
    assert len(told(office)) == 1
    fails(office, 1)
    look(office)
    assert [message["title"] for message in told(office)] == ["有 1 条消息未能发出", "有 10 条消息未能发出"]
    assert "现有 11 条" in told(office)[1]["body"]
    office.clock.move(seconds=AGAIN.total_seconds())
    look(office)
    assert len(told(office)) == 2, "nothing has failed since"
    fails(office, 1)
    look(office)
    assert told(office)[2]["title"] == "有 1 条消息未能发出"


def test_once_the_list_is_empty_the_next_failure_is_told_at_once(office: Office) -> None:
    fails(office, 5)
    look(office)
    resend(office)
    look(office)
    fails(office, 0)  # they fail again
    look(office)
    assert [message["title"] for message in told(office)] == ["有 5 条消息未能发出"] * 2


def test_mail_about_failing_mail_does_not_make_more_of_it(office: Office) -> None:
    office.has_address(office.admin, ADDRESS)
    fails(office, 2)
    for _ in range(4):
        look(office)
        fails(office, 0)
        office.clock.move(seconds=AGAIN.total_seconds())
    with office.store.read() as looking:
        dead = select(Message.kind).join(Delivery, Delivery.message_id == Message.id)
        kinds = looking.all(dead.where(Delivery.state == "failed").order_by(Delivery.id))
    assert kinds == ["plan.usable", "plan.usable", "deliveries.failed"]
    assert len(told(office)) == 1


def test_two_ticks_at_once_tell_once(any_office: Office) -> None:
    office = any_office
    fails(office, 2)
    office.clock.move(seconds=SETTLED.total_seconds())
    together = threading.Barrier(3)

    def tick() -> None:
        together.wait()
        tell_of_growth(office.store)

    threads = [threading.Thread(target=tick) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told(office)) == 1


def test_the_tick_is_one_of_the_jobs(office: Office) -> None:
    fails(office, 1)
    office.clock.move(minutes=1)
    office.run_ticks()
    assert len(told(office)) == 1
