"""A provider whose configuration is wrong: no try is burnt, its administrator is told once, on it goes."""

from __future__ import annotations

from services.notify.answer import Outcome
from services.notify.channels import Channel
from services.notify.provider import PROBE_AFTER
from tests.notify import fakes
from tests.notify.fakes import fake
from tests.notify.office import ADDRESS, Office, slot_closed, slot_opened
from tests.notify.post_office import Replies, post_office
from tests.notify.sms_office import entered, told

REFUSING = "530 sign in first"


def settle(office: Office) -> None:
    """Ticks and jobs until nothing is due."""
    office.run_ticks()
    while office.run_jobs():
        pass


def wait_for_probe(office: Office) -> None:
    office.clock.move(seconds=PROBE_AFTER.total_seconds() + 1)


def test_a_wrong_configuration_holds_what_waits_and_burns_no_try(any_office: Office) -> None:
    office, replies = any_office, Replies(rcpt=REFUSING)
    office.has_address(office.wang, ADDRESS)
    for _ in range(3):
        office.hear(slot_opened(office.wang))
    with post_office(replies) as address:
        office.use_server(address)
        settle(office)
        assert {(d.state, d.code, d.tries) for d in office.deliveries()} == {("held", "provider_broken", 0)}
        assert len(office.attempts()) == 1
        for _ in range(3):
            wait_for_probe(office)
            settle(office)
        assert len(office.attempts()) == 4
        replies.rcpt = "250 OK"
        settle(office)
        assert replies.taken == []
        wait_for_probe(office)
        settle(office)
        settle(office)
    assert len(replies.taken) == 3
    assert {d.state for d in office.deliveries()} == {"accepted"}
    assert office.get(office.admin, "providers?channel=email").json()["items"][0]["status"] == "working"


def test_the_administrator_is_told_once_in_his_inbox(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    with post_office(Replies(rcpt=REFUSING)) as address:
        office.use_server(address)
        for _ in range(3):
            settle(office)
            wait_for_probe(office)
    (message,) = office.messages(office.admin)
    assert message["kind"] == "provider.broken"
    assert "530" in message["body"]
    assert (
        office.get(office.admin, f"messages/{message['id']}/deliveries").json() == []
    )  # mail is what is broken
    assert office.messages(office.li) == []


def test_what_the_administrator_has_repaired_goes_on_at_once(office: Office) -> None:
    replies = Replies()
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    with post_office(Replies(rcpt=REFUSING)) as wrong, post_office(replies) as right:
        made = office.smtp(wrong, priority=10)
        settle(office)
        broken = office.get(office.admin, f"providers/{made['id']}")
        assert broken.json()["status"] == "broken"
        assert broken.json()["broken"]["code"] == "530"
        host, _, port = right.partition(":")
        body = {"name": "邮件", "priority": 10, "settings": {"host": host, "port": int(port)}}
        changed = office.put(office.admin, f"providers/{made['id']}", body, If_Match=broken.headers["etag"])
        assert changed.json()["status"] == "working"
        settle(office)
    assert len(replies.taken) == 1


def test_another_provider_takes_over_and_the_broken_one_is_probed_by_the_way(office: Office) -> None:
    wrong, right = Replies(rcpt=REFUSING), Replies()
    office.has_address(office.wang, ADDRESS)
    with post_office(wrong) as first, post_office(right) as second:
        office.smtp(first, priority=10)
        office.smtp(second, priority=20)
        for _ in range(3):
            office.hear(slot_opened(office.wang))
            settle(office)
        assert len(right.taken) == 3
        assert [a.outcome for a in office.attempts()].count(Outcome.CONFIG_ERROR) == 1
        wrong.rcpt = "250 OK"
        wait_for_probe(office)
        for _ in range(2):
            office.hear(slot_opened(office.wang))
            settle(office)
    assert (len(wrong.taken), len(right.taken)) == (2, 3)


def test_disabling_the_only_provider_ends_what_is_held_in_the_dead_list(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    with post_office(Replies(rcpt=REFUSING)) as address:
        office.use_server(address)
        settle(office)
    (made,) = office.get(office.admin, "providers?channel=email").json()["items"]
    body = {"name": made["name"], "priority": 100, "active": False}
    found = office.get(office.admin, f"providers/{made['id']}")
    assert (
        office.put(office.admin, f"providers/{made['id']}", body, If_Match=found.headers["etag"]).json()[
            "status"
        ]
        == "disabled"
    )
    settle(office)
    delivery, _ = office.deliveries()  # the other one tells the administrator of it
    assert (delivery.state, delivery.code) == ("failed", "no_provider")


def test_a_todo_that_is_done_while_its_mail_is_held_is_not_mailed(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    opened = slot_opened(office.wang)
    office.hear(opened)
    with post_office(Replies(rcpt=REFUSING)) as address:
        office.use_server(address)
        settle(office)
        office.hear(slot_closed(opened))
        wait_for_probe(office)
        settle(office)
    assert [(d.state, d.code) for d in office.deliveries()] == [("suppressed", "stale")]
    assert len(office.attempts()) == 1


def test_a_unit_without_an_administrator_has_its_broken_robot_told_to_the_platform(office: Office) -> None:
    office.goes_by(Channel.WECOM)
    office.reaches_this_machine()
    boss = office.person("周主任", office.unit, "unit_administrator")
    with fake(fakes.wecom) as group:
        settings = {"address": f"{group.url}/cgi-bin/webhook/send"}
        office.provider("wecom_robot", settings, channel="wecom", secrets={"key": "wrong"}, by=boss)
        office.person("周主任", office.unit, person_id=boss, version=2, epoch=2, active=False)
        office.hear(slot_opened(office.wang))
        settle(office)
    (message,) = office.messages(office.admin)
    assert message["kind"] == "provider.broken"


def broken_sms(office: Office, provider: fakes.Fake) -> str:
    """The only SMS provider, with a wrong password; an SMS waits for it. Its path."""
    office.goes_by(Channel.SMS)
    office.has_address(office.wang, "", phone="13800138000")
    office.has_address(office.zhao, "", phone="0351-4041234")
    made = entered(office, provider, "gateway", secrets={"password": "wrong"})
    assert told(office) == ("held", "provider_broken")
    return f"providers/{made['id']}"


def test_what_is_shown_to_no_provider_mends_none(office: Office) -> None:
    with fake(fakes.gateway) as gateway:
        path = broken_sms(office, gateway)
        tried = office.post(office.admin, f"{path}/try", {"to": "12"}).json()
        assert (tried["outcome"], tried["code"]) == ("failed", "bad_number")
        assert office.get(office.admin, path).json()["status"] == "broken"
        for _ in range(3):
            wait_for_probe(office)
            office.hear(slot_opened(office.zhao))
            settle(office)
            assert office.get(office.admin, path).json()["status"] == "broken"
        assert len(gateway.heard) >= 3
    told = [message["kind"] for message in office.messages(office.admin)]
    assert told.count("provider.broken") == 1, "told once of one breaker that never closed"


def test_a_letter_that_is_shown_to_nobody_leaves_the_probe_to_the_next(office: Office) -> None:
    with fake(fakes.gateway) as gateway:
        path = broken_sms(office, gateway)
        gateway.judge = lambda _: {"code": "0"}
        wait_for_probe(office)
        office.hear(slot_opened(office.zhao))
        office.run_jobs()
        assert [d.state for d in office.deliveries()] == ["held", "failed"]
        settle(office)
        assert office.get(office.admin, path).json()["status"] == "working"
    assert [d.state for d in office.deliveries()] == ["accepted", "failed"]
