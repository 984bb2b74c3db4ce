"""Receipts of SMS: asked for or pushed, they say what became of what a provider took."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.notify.channels import Channel
from services.notify.receipt import WINDOW
from tests.notify import fakes
from tests.notify.fakes import Fake, fake, hang_up
from tests.notify.office import Office
from tests.notify.sms_office import aliyun_detail, entered, pushed, tencent_status, told


@pytest.fixture(autouse=True)
def by_sms(office: Office) -> None:
    """Everybody is told by SMS, and 王芳 has a number."""
    office.goes_by(Channel.SMS)
    office.has_address(office.wang, "", phone="138-0013-8000")


@pytest.fixture
def provider(name: str) -> Iterator[Fake]:
    with fake(getattr(fakes, name)) as made:
        yield made


@pytest.mark.parametrize("name", ["aliyun_sms", "tencent_sms"])
def test_a_provider_is_asked_until_it_has_a_receipt(office: Office, provider: Fake, name: str) -> None:
    entered(office, provider, name)
    assert told(office)[0] == "accepted"
    office.clock.move(minutes=1)
    office.run_jobs()
    assert [d.state for d in office.deliveries()] == ["accepted"]
    arrived = (
        aliyun_detail(office, 3, "DELIVERED")
        if name == "aliyun_sms"
        else tencent_status(office, "SUCCESS", "DELIVRD")
    )
    provider.answers.append(arrived)
    office.clock.move(minutes=5)
    office.run_jobs()
    assert [d.state for d in office.deliveries()] == ["delivered"]
    office.clock.move(hours=24)
    assert office.run_jobs() == 0


@pytest.mark.parametrize("name", ["aliyun_sms", "tencent_sms"])
def test_what_never_arrived_goes_by_another_provider_or_into_the_dead_list(
    office: Office, provider: Fake, name: str
) -> None:
    entered(office, provider, name, priority=1)
    assert told(office)[0] == "accepted"
    lost = (
        aliyun_detail(office, 2, "MOBILE_NOT_ON_SERVICE")
        if name == "aliyun_sms"
        else tencent_status(office, "FAIL", "MK:0001")
    )
    provider.answers.append(lost)
    with fake(fakes.gateway) as second:
        entered(office, second, "gateway", priority=2)
        office.clock.move(minutes=1)
        while office.run_jobs():
            pass
        assert len(second.heard) == 1
    (delivery,) = office.deliveries()
    assert (delivery.state, delivery.attempts) == ("accepted", 2)


@pytest.mark.parametrize("name", ["aliyun_sms"])
def test_without_another_provider_it_is_in_the_dead_list(office: Office, provider: Fake, name: str) -> None:
    entered(office, provider, name)
    told(office)
    provider.answers.append(aliyun_detail(office, 2, "MOBILE_NOT_ON_SERVICE"))
    office.clock.move(minutes=1)
    office.run_jobs()
    assert [(d.state, d.code) for d in office.deliveries()] == [("failed", "MOBILE_NOT_ON_SERVICE")]
    assert [event.type for event in office.outcomes()] == ["delivery.completed", "delivery.failed"]


@pytest.mark.parametrize("name", ["aliyun_sms", "tencent_sms"])
def test_after_a_lost_answer_the_provider_is_asked_before_it_is_sent_again(
    office: Office, provider: Fake, name: str
) -> None:
    entered(office, provider, name, limits=[])
    provider.answers.append(hang_up)
    assert told(office) == ("queued", "broken_off")
    (delivery,) = office.deliveries()
    assert delivery.next_try_at is not None
    assert delivery.next_try_at - office.clock.now() >= WINDOW
    arrived = (
        aliyun_detail(office, 3, "DELIVERED")
        if name == "aliyun_sms"
        else tencent_status(office, "SUCCESS", "DELIVRD")
    )
    provider.answers.append(arrived)
    office.clock.move(minutes=6)
    office.run_jobs()
    assert [d.state for d in office.deliveries()] == ["delivered"]
    actions = [heard.headers.get("x-acs-action") or heard.headers["x-tc-action"] for heard in provider.heard]
    assert "SendSms" not in actions, "one SMS only: the first one, whose answer was lost"


@pytest.mark.parametrize("name", ["gateway"])
def test_a_gateway_pushes_its_receipts(office: Office, provider: Fake, name: str) -> None:
    gateway = entered(office, provider, name)
    assert told(office)[0] == "accepted"
    receipts = [
        {"msgid": "m-13800138000", "status": "BUFFERED"},
        {"msgid": "of-nobody", "status": "DELIVRD"},
        {"msgid": "m-13800138000", "status": "DELIVRD"},
    ]
    assert pushed(office, gateway["id"], receipts[0]).json() == {"taken": 1}
    assert [d.state for d in office.deliveries()] == ["accepted"]
    assert pushed(office, gateway["id"], receipts).json() == {"taken": 2}
    assert [d.state for d in office.deliveries()] == ["delivered"]
    assert pushed(office, gateway["id"], {"msgid": "m-13800138000", "status": "UNDELIV"}).status_code == 200
    assert [d.state for d in office.deliveries()] == ["delivered"]


@pytest.mark.parametrize("name", ["gateway"])
def test_a_receipt_proves_a_letter_whose_answer_was_lost(office: Office, provider: Fake, name: str) -> None:
    gateway = entered(office, provider, name)
    provider.answers.append(hang_up)
    assert told(office) == ("queued", "broken_off")
    (delivery,) = office.deliveries()
    pushed(office, gateway["id"], {"msgid": str(delivery.id), "status": "DELIVRD"})
    assert [d.state for d in office.deliveries()] == ["delivered"]
    office.clock.move(minutes=10)
    office.run_jobs()
    assert provider.heard == []


@pytest.mark.parametrize("name", ["gateway"])
def test_a_receipt_that_nobody_signed_is_refused(office: Office, provider: Fake, name: str) -> None:
    gateway = entered(office, provider, name)
    told(office)
    receipt = {"msgid": "m-13800138000", "status": "DELIVRD"}
    old = str(int(office.clock.now().timestamp()) - 400)
    for answer in (
        pushed(office, gateway["id"], receipt, key="wrong"),
        pushed(office, gateway["id"], receipt, stamp=old),
        pushed(office, gateway["id"], receipt, stamp="soon"),
        pushed(office, "00000000-0000-7000-8000-000000000001", receipt),
        pushed(office, "01900000-0000-7000-8000-000000000000", receipt),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert pushed(office, gateway["id"], ["x"]).json()["code"] == "bad_receipts"
    assert [d.state for d in office.deliveries()] == ["accepted"]
