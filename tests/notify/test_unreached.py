"""What is mandatory reaches its person outside the inbox, or somebody hears that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.notify.channels import Channel
from services.notify.message import Message
from shared.events.approvals import SlotOpened
from tests.notify import fakes
from tests.notify.choosing import NIGHT, it_is, runs_until_quiet, save, wants
from tests.notify.fakes import Fake, fake
from tests.notify.office import ADDRESS, Office, slot_closed, slot_opened, status_changed
from tests.notify.post_office import Replies, post_office
from tests.notify.sms_office import entered

PHONE = "13800138000"


@pytest.fixture
def gateway(any_office: Office) -> Iterator[Fake]:
    """A gateway that sends the SMS of the office."""
    with fake(fakes.gateway) as there:
        entered(any_office, there, "gateway", priority=1)
        yield there


def ways(office: Office, person_id: UUID) -> list[tuple[str, str, str]]:
    return [(d.channel, str(d.state), d.code) for d in office.deliveries() if d.person_id == person_id]


def told(office: Office, person_id: UUID) -> list[str]:
    """The titles of what a person has heard about people who cannot be reached."""
    mine = (Message.person_id == person_id, Message.kind == "person.unreachable")
    with office.store.read() as look:
        return look.all(select(Message.title).where(*mine).order_by(Message.id.desc()))


def switch_off(office: Office, channel: str) -> None:
    for made in office.get(office.admin, f"providers?channel={channel}").json()["items"]:
        body = {"name": made["name"], "priority": 100, "active": False}
        office.put(office.admin, f"providers/{made['id']}", body, If_Match=f'"v{made["version"]}"')


def test_who_has_no_mail_address_gets_his_turn_by_sms(any_office: Office, gateway: Fake) -> None:
    office = any_office
    office.has_address(office.wang, "", phone=PHONE)
    office.hear(slot_opened(office.wang))
    office.hear(status_changed(office.wang, "usable"))
    runs_until_quiet(office)
    assert len(gateway.heard) == 1, "what is optional does not change its channel"
    *mails, sms = ways(office, office.wang)
    assert mails == [("email", "suppressed", "no_address")] * 2
    assert sms[:2] == ("sms", "accepted")
    assert told(office, office.admin) == []


def test_where_nobody_sends_what_he_has_chosen_it_goes_by_mail(any_office: Office) -> None:
    office = any_office
    office.has_address(office.wang, ADDRESS, phone=PHONE)
    switch_off(office, "sms")
    wants(office, office.wang, ("slot.opened", "email", "off"), ("slot.opened", "sms", "now"))
    office.hear(slot_opened(office.wang))
    runs_until_quiet(office)
    assert [mail["To"] for mail in office.mails()] == [f"王芳 <{ADDRESS}>"]


def test_an_address_that_is_refused_is_none(any_office: Office, gateway: Fake) -> None:
    office = any_office
    office.has_address(office.wang, ADDRESS, phone=PHONE)
    with post_office(Replies(rcpt="550 no such user")) as address:
        office.use_server(address)
        office.hear(slot_opened(office.wang))
        runs_until_quiet(office)
    assert [(channel, state) for channel, state, _ in ways(office, office.wang)] == [
        ("email", "failed"),
        ("sms", "accepted"),
    ]


def test_an_address_that_has_gone_over_night_is_noticed_in_the_morning(
    any_office: Office, gateway: Fake
) -> None:
    office = any_office
    office.has_address(office.wang, ADDRESS, phone=PHONE)
    wants(office, office.wang, **NIGHT)
    it_is(office, "2026-11-23 22:30")
    office.hear(slot_opened(office.wang))
    office.has_address(office.wang, "", version=2, phone=PHONE)
    runs_until_quiet(office)
    assert gateway.heard == []
    it_is(office, "2026-11-24 07:00")
    runs_until_quiet(office)
    assert len(gateway.heard) == 1


def test_what_was_collected_finds_another_way_too(any_office: Office, gateway: Fake) -> None:
    office = any_office
    office.has_address(office.wang, "", phone=PHONE)
    wants(office, office.wang, ("slot.opened", "email", "digest"), ("outcome", "email", "digest"))
    office.hear(slot_opened(office.wang))
    office.hear(status_changed(office.wang, "usable"))
    it_is(office, "2026-11-23 17:00")
    runs_until_quiet(office)
    assert len(gateway.heard) == 1


def test_whom_nothing_reaches_is_told_to_who_looks_after_him_once_a_week(any_office: Office) -> None:
    office = any_office
    chief = office.person("安管理", office.unit, "unit_administrator")
    for _ in range(3):
        office.hear(slot_opened(office.wang))
        runs_until_quiet(office)
    office.hear(slot_opened(office.zhao))
    runs_until_quiet(office)
    assert told(office, chief) == ["必收通知未能送达：赵强", "必收通知未能送达：王芳"]
    assert told(office, office.admin) == [], "the unit looks after its own"
    (message,) = (m for m in office.messages(chief) if m["title"].endswith("王芳"))
    assert "“轮到您审核”已在王芳的站内信中" in message["body"]
    it_is(office, "2026-11-29 12:00")
    office.hear(slot_opened(office.wang))
    runs_until_quiet(office)
    assert len(told(office, chief)) == 2
    it_is(office, "2026-11-30 09:00")
    office.hear(slot_opened(office.wang))
    runs_until_quiet(office)
    assert len(told(office, chief)) == 3


def test_the_only_administrator_of_a_unit_is_looked_after_by_the_platform(office: Office) -> None:
    chief = office.person("安管理", office.unit, "unit_administrator", "reviewer")
    office.hear(slot_opened(chief))
    runs_until_quiet(office)
    assert told(office, chief) == []
    assert told(office, office.admin) == ["必收通知未能送达：安管理"]


def _closed(office: Office, opened: SlotOpened) -> None:
    office.hear(slot_closed(opened))


def _left(office: Office, _: SlotOpened) -> None:
    office.person("王芳", office.unit, person_id=office.wang, version=2, epoch=2, active=False)


def _suffices(office: Office, _: SlotOpened) -> None:
    chief = office.person("安管理", office.unit, "unit_administrator")
    save(office, chief, path="preferences/unit", inbox_suffices=True)


@pytest.mark.parametrize("meanwhile", [_closed, _left, _suffices])
def test_what_nobody_need_hear_any_more_is_no_alarm(office: Office, meanwhile: Any) -> None:
    opened = slot_opened(office.wang)
    office.hear(opened)
    office.run_jobs()
    assert ways(office, office.wang) == [("email", "suppressed", "no_address")]
    meanwhile(office, opened)
    runs_until_quiet(office)
    assert told(office, office.admin) == []


def test_the_robot_of_his_unit_reaches_a_person_and_that_of_another_does_not(office: Office) -> None:
    office.reaches_this_machine()
    other = office.organisation("小店区第二中学", "140105")
    theirs = office.person("陈管理", other, "unit_administrator")
    stranger = office.person("孙丽", other, "reviewer")
    boss = office.person("周主任", office.unit, "unit_administrator")
    with fake(fakes.wecom) as group:
        made = {"kind": "wecom_robot", "name": "群", "channel": "wecom", "secrets": {"key": fakes.KEY}}
        settings = {"address": f"{group.url}/cgi-bin/webhook/send"}
        assert office.post(boss, "providers", made | {"settings": settings}).status_code == 201
        for person in (office.wang, stranger):
            office.hear(slot_opened(person))
        runs_until_quiet(office)
        assert len(group.heard) == 1
    assert ways(office, office.wang)[-1][:2] == ("wecom", "accepted")
    assert told(office, theirs) == ["必收通知未能送达：孙丽"]


def test_preferences_say_which_channels_are_served(office: Office) -> None:
    chief = office.person("安管理", office.unit, "unit_administrator")
    switch_off(office, "sms")
    switch_off(office, "wecom")
    for person, path in ((office.wang, "preferences"), (chief, "preferences/unit")):
        for answer in (office.get(person, path), save(office, person, path=path)):
            served = {on["channel"]: on["served"] for on in answer.json()["kinds"][0]["channels"]}
            assert served == {channel: channel not in ("sms", "wecom") for channel in Channel}
