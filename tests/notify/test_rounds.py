"""A letter and the providers of its channel: it is brought or not, and nobody sends what another may have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.notify.channels import Channel
from services.notify.provider import PROBE_AFTER
from tests.notify import fakes
from tests.notify.choosing import NIGHT, it_is, runs_until_quiet, wants
from tests.notify.fakes import SMS_SECRET, Fake, fake, hang_up
from tests.notify.office import Office, slot_opened
from tests.notify.sms_office import aliyun_detail, entered, pushed, tencent_status, told

BUSY = {"code": "107", "message": "busy"}
NEVER = "UNDELIV"


@dataclass
class Pair:
    """Two gateways, the first one asked first, and what they are as providers."""

    office: Office
    first: Fake
    second: Fake
    ids: dict[str, str] = field(default_factory=dict)

    def say(self, name: str, status: str) -> None:
        """One of them tells what became of the only letter."""
        (delivery,) = self.office.deliveries()
        receipt = {"msgid": str(delivery.id), "status": status}
        assert pushed(self.office, self.ids[name], receipt).status_code == 200
        runs_until_quiet(self.office)

    @property
    def sent(self) -> tuple[int, int]:
        return len(self.first.heard), len(self.second.heard)


@pytest.fixture(autouse=True)
def by_sms(office: Office) -> None:
    """Everybody is told by SMS, and 王芳 has a number."""
    office.goes_by(Channel.SMS)
    office.has_address(office.wang, "", phone="138-0013-8000")


@pytest.fixture
def pair(office: Office) -> Iterator[Pair]:
    with fake(fakes.gateway) as first, fake(fakes.gateway) as second:
        made = Pair(office, first, second)
        made.ids["first"] = entered(office, first, "gateway", priority=1)["id"]
        made.ids["second"] = entered(office, second, "gateway", priority=2)["id"]
        yield made


def state(office: Office) -> tuple[str, str]:
    (delivery,) = office.deliveries()
    return delivery.state, delivery.code


def provider_changes(office: Office, provider_id: str, settings: dict[str, Any], **more: Any) -> None:
    found = office.get(office.admin, f"providers/{provider_id}")
    body = {"name": "短信", "priority": found.json()["priority"], "settings": settings} | more
    path = f"providers/{provider_id}"
    assert office.put(office.admin, path, body, If_Match=found.headers["etag"]).status_code == 200


def test_what_no_provider_can_bring_ends_in_the_dead_list_after_one_sms_by_each(
    office: Office, pair: Pair
) -> None:
    told(office)
    for name in ("first", "second"):
        pair.say(name, NEVER)
    assert (state(office), pair.sent) == (("failed", NEVER), (1, 1))
    for name in ("first", "second", "first"):
        pair.say(name, NEVER)
    office.clock.move(hours=24)
    runs_until_quiet(office)
    assert (state(office), pair.sent) == (("failed", NEVER), (1, 1))
    assert [event.type for event in office.outcomes()] == [*["delivery.completed"] * 2, "delivery.failed"]


def test_providers_that_are_asked_pass_a_number_that_cannot_be_reached_on_once(office: Office) -> None:
    """Over a whole day, in which both say of every SMS that it has not arrived."""
    sent: list[str] = []

    def aliyun(heard: fakes.Heard) -> Any:
        if heard.headers["x-acs-action"] == "QuerySendDetails":
            return aliyun_detail(office, 2, "MOBILE_NOT_ON_SERVICE")
        sent.append("aliyun")
        return fakes.aliyun_sms(heard)

    def tencent(heard: fakes.Heard) -> Any:
        if heard.headers["x-tc-action"] != "SendSms":
            return tencent_status(office, "FAIL", "MK:0001")
        sent.append("tencent")
        return fakes.tencent_sms(heard)

    with fake(aliyun) as first, fake(tencent) as second:
        entered(office, first, "aliyun_sms", priority=1)
        entered(office, second, "tencent_sms", priority=2)
        office.hear(slot_opened(office.wang))
        for _ in range(24 * 12):
            runs_until_quiet(office)
            office.clock.move(minutes=5)
    assert sent == ["aliyun", "tencent"]
    assert state(office) == ("failed", "MK:0001")


def test_a_person_who_resends_it_begins_anew_with_the_first_provider(office: Office, pair: Pair) -> None:
    told(office)
    for name in ("first", "second"):
        pair.say(name, NEVER)
    (delivery,) = office.deliveries()
    assert office.post(office.admin, f"deliveries/{delivery.id}/resend").status_code == 200
    runs_until_quiet(office)
    assert (state(office)[0], pair.sent) == ("accepted", (2, 1))
    pair.say("first", "DELIVRD")
    assert state(office)[0] == "delivered"


def test_a_night_between_two_providers_does_not_lead_back_to_the_first(office: Office, pair: Pair) -> None:
    wants(office, office.wang, **NIGHT)
    told(office)
    it_is(office, "2026-11-23 23:00")
    pair.say("first", NEVER)
    assert state(office) == ("held", "quiet")
    it_is(office, "2026-11-24 07:00")
    runs_until_quiet(office)
    assert (state(office)[0], pair.sent) == ("accepted", (1, 1))


def test_a_provider_at_its_limit_takes_its_turn_in_the_round_later(office: Office) -> None:
    limit = [{"count": 1, "seconds": 40, "per": "receiver"}]
    with fake(fakes.gateway) as first, fake(fakes.gateway) as second:
        entered(office, first, "gateway", priority=1)
        entered(office, second, "gateway", priority=2, limits=limit)
        first.answers += [BUSY, BUSY]
        told(office)
        told(office)
        runs_until_quiet(office)
        assert sorted(d.state for d in office.deliveries()) == ["accepted", "held"]
        office.clock.move(seconds=40)
        runs_until_quiet(office)
        assert (len(first.heard), len(second.heard)) == (2, 2), "the first one has said no in this round"
    assert {(d.state, d.tries, d.attempts) for d in office.deliveries()} == {("accepted", 1, 2)}


def test_a_provider_that_is_broken_is_waited_for_when_no_other_is_left(office: Office, pair: Pair) -> None:
    pair.second.answers += [{"code": "102", "message": "wrong password"}]
    told(office)
    office.post(office.admin, f"providers/{pair.ids['second']}/try", {"to": "13900139000"})
    pair.say("first", NEVER)
    assert (state(office), pair.sent) == (("held", "provider_awaited"), (1, 1)), "the trial only"
    office.run_ticks()
    runs_until_quiet(office)
    assert pair.sent == (1, 1)
    office.clock.move(seconds=PROBE_AFTER.total_seconds() + 1)
    runs_until_quiet(office)
    assert (state(office)[0], pair.sent) == ("accepted", (1, 2))


def test_after_a_lost_answer_the_letter_stays_with_the_provider_that_may_have_it(
    office: Office, pair: Pair
) -> None:
    pair.first.answers += [BUSY]
    pair.second.answers += [hang_up, BUSY]
    told(office)
    runs_until_quiet(office)
    assert (state(office), pair.sent) == (("queued", "broken_off"), (1, 0))
    office.clock.move(minutes=7)
    runs_until_quiet(office)
    assert (state(office), pair.sent) == (("queued", "107"), (1, 1)), "busy: no other may send it"
    office.clock.move(minutes=7)
    runs_until_quiet(office)
    assert (state(office)[0], pair.sent) == ("accepted", (1, 2))
    (delivery,) = office.deliveries()
    assert (delivery.lost, delivery.tries) == (1, 3)


def test_after_a_lost_answer_that_provider_is_the_one_that_is_asked(office: Office) -> None:
    with fake(fakes.tencent_sms) as first, fake(fakes.aliyun_sms) as second:
        entered(office, first, "tencent_sms", priority=1, limits=[])
        entered(office, second, "aliyun_sms", priority=2, limits=[])
        first.answers += [{"Response": {"Error": {"Code": "InternalError", "Message": "busy"}}}]
        second.answers += [hang_up]
        told(office)
        runs_until_quiet(office)
        second.answers += [aliyun_detail(office, 3, "DELIVERED")]
        office.clock.move(minutes=7)
        runs_until_quiet(office)
        assert [heard.headers["x-acs-action"] for heard in second.heard] == ["QuerySendDetails"]
        assert len(first.heard) == 1
    assert state(office)[0] == "delivered"
    assert [(a.outcome, a.code) for a in office.attempts()] == [
        ("retry", "InternalError"),
        ("unknown", "broken_off"),
        ("accepted", "DELIVERED"),
    ]


def test_what_a_lost_answer_has_hidden_and_has_not_arrived_goes_by_another(office: Office) -> None:
    with fake(fakes.aliyun_sms) as first, fake(fakes.gateway) as second:
        entered(office, first, "aliyun_sms", priority=1, limits=[])
        entered(office, second, "gateway", priority=2)
        first.answers += [hang_up]
        told(office)
        first.answers += [aliyun_detail(office, 2, "MOBILE_NOT_ON_SERVICE")]
        office.clock.move(minutes=7)
        runs_until_quiet(office)
        assert [heard.headers["x-acs-action"] for heard in first.heard] == ["QuerySendDetails"]
        assert len(second.heard) == 1
    assert state(office)[0] == "accepted"


def test_a_broken_provider_that_may_have_it_is_waited_for(office: Office) -> None:
    office.has_address(office.zhao, "", phone="139-0013-9000")
    with fake(fakes.gateway) as first, fake(fakes.gateway) as second:
        provider_id = entered(office, first, "gateway", priority=1)["id"]
        entered(office, second, "gateway", priority=2)
        first.answers += [hang_up, {"code": "102", "message": "wrong password"}]
        told(office)
        office.hear(slot_opened(office.zhao))
        runs_until_quiet(office)
        assert len(second.heard) == 1, "the first is broken, so others go by the second"
        office.clock.move(minutes=7)
        first.answers += [{"code": "102", "message": "wrong password"}]
        office.run_ticks()
        runs_until_quiet(office)
        (waits,) = (d for d in office.deliveries() if d.person_id == office.wang)
        assert (waits.state, waits.code, waits.tries) == ("held", "provider_awaited", 1)
        settings = office.get(office.admin, f"providers/{provider_id}").json()["settings"]
        provider_changes(office, provider_id, settings, secrets={"password": SMS_SECRET})
        office.clock.move(minutes=6)
        runs_until_quiet(office)
        assert (len(first.texts), len(second.heard)) == (3, 1)
    assert {d.state for d in office.deliveries()} == {"accepted"}


def test_a_provider_that_was_taken_out_of_use_is_not_waited_for(office: Office, pair: Pair) -> None:
    pair.first.answers += [hang_up]
    told(office)
    found = office.get(office.admin, f"providers/{pair.ids['first']}").json()
    provider_changes(office, pair.ids["first"], found["settings"], active=False)
    office.clock.move(minutes=7)
    runs_until_quiet(office)
    assert (state(office)[0], pair.sent) == ("accepted", (0, 1))
