"""Receipts that come before an answer, after one that was lost, or under a strange name; and of which number
they are asked."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from services.notify.answer import Answer, Outcome
from services.notify.channels import Channel
from services.notify.jobs import post_of
from services.notify.sending import claim
from tests.notify import fakes
from tests.notify.choosing import NIGHT, it_is, wants
from tests.notify.fakes import Fake, fake, hang_up
from tests.notify.office import Office, slot_opened
from tests.notify.sms_office import aliyun_detail, entered, pushed, tencent_status, told

PHONE, ANOTHER = "138-0013-8000", "139-0013-9000"


@pytest.fixture
def provider(name: str) -> Iterator[Fake]:
    with fake(getattr(fakes, name)) as made:
        yield made


def by_sms(office: Office) -> Office:
    """Everybody is told by SMS, and 王芳 has a number."""
    office.goes_by(Channel.SMS)
    office.has_address(office.wang, "", phone=PHONE)
    return office


@pytest.mark.parametrize("name", ["gateway"])
@pytest.mark.parametrize("noted", [Answer(Outcome.UNKNOWN, "timeout"), Answer(Outcome.ACCEPTED, "0")])
def test_a_receipt_may_be_there_before_the_answer(
    office: Office, provider: Fake, name: str, noted: Answer
) -> None:
    by_sms(office)
    gateway = entered(office, provider, name)
    office.hear(slot_opened(office.wang))
    (delivery,) = office.deliveries()
    claimed = claim(office.store, post_of(office.here), delivery.id, 1)
    assert claimed is not None
    pushed(office, gateway["id"], {"msgid": str(delivery.id), "status": "DELIVRD"})
    assert [d.state for d in office.deliveries()] == ["delivered"]
    office.note(claimed, noted)
    office.clock.move(minutes=7)
    office.run_jobs()
    assert provider.heard == []
    assert [(d.state, d.lost) for d in office.deliveries()] == [("delivered", 0)]
    assert [e.type for e in office.outcomes()] == ["delivery.completed", "delivery.confirmed"]


@pytest.mark.parametrize("name", ["gateway"])
@pytest.mark.parametrize("noted", [Answer(Outcome.UNKNOWN, "timeout"), Answer(Outcome.ACCEPTED, "0")])
def test_what_has_not_arrived_before_the_answer_goes_by_another_at_once(
    office: Office, provider: Fake, name: str, noted: Answer
) -> None:
    by_sms(office)
    gateway = entered(office, provider, name, priority=1)
    with fake(fakes.gateway) as second:
        entered(office, second, "gateway", priority=2)
        office.hear(slot_opened(office.wang))
        (delivery,) = office.deliveries()
        claimed = claim(office.store, post_of(office.here), delivery.id, 1)
        assert claimed is not None
        pushed(office, gateway["id"], {"msgid": str(delivery.id), "status": "UNDELIV"})
        office.note(claimed, noted)
        office.run_jobs()
        office.clock.move(minutes=7)
        office.run_jobs()
        assert (len(provider.heard), len(second.heard)) == (0, 1)
    assert [(d.state, d.lost) for d in office.deliveries()] == [("accepted", 0)]


@pytest.mark.parametrize("name", ["gateway"])
def test_a_receipt_takes_a_letter_out_of_the_dead_list(any_office: Office, provider: Fake, name: str) -> None:
    office = by_sms(any_office)
    gateway = entered(office, provider, name)
    provider.answers += [hang_up, hang_up]
    told(office)
    office.clock.move(minutes=7)
    office.run_jobs()
    (delivery,) = office.deliveries()
    assert (delivery.state, delivery.code) == ("failed", "answer_lost")
    pushed(office, gateway["id"], {"msgid": str(delivery.id), "status": "DELIVRD"})
    assert [d.state for d in office.deliveries()] == ["delivered"]
    assert office.post(office.admin, f"deliveries/{delivery.id}/resend").json()["code"] == "not_failed"


@pytest.mark.parametrize(
    "reference", ["0f8fad5bd9cb469fa16570867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"]
)
def test_a_gateway_may_call_letters_by_what_could_be_an_id_of_ours(office: Office, reference: str) -> None:
    by_sms(office)
    with fake(lambda _: {"code": "0", "data": {"msgid": reference}}) as provider:
        gateway = entered(office, provider, "gateway")
        told(office)
        assert pushed(office, gateway["id"], {"msgid": reference, "status": "DELIVRD"}).json() == {"taken": 1}
    assert [d.state for d in office.deliveries()] == ["delivered"]


def test_what_a_database_cannot_hold_makes_no_second_sms(any_office: Office) -> None:
    """A code of any length, a reference with a NUL in it: the answer is noted all the same."""
    office, reference = by_sms(any_office), "m\x00-" + "9" * 300
    with fake(lambda _: {"code": "0", "data": {"msgid": reference}}) as provider:
        gateway = entered(office, provider, "gateway")
        told(office)
        assert len(provider.heard) == 1
        assert [d.state for d in office.deliveries()] == ["accepted"]
        assert pushed(office, gateway["id"], {"msgid": reference, "status": "DELIVRD"}).json() == {"taken": 1}
        provider.answers += [{"code": "\x00" + "7" * 300}]
        assert told(office) == ("failed", "7" * 40)


@pytest.mark.parametrize("name", ["aliyun_sms", "tencent_sms"])
def test_the_question_is_about_the_number_that_was_written_to(
    office: Office, provider: Fake, name: str
) -> None:
    by_sms(office)
    entered(office, provider, name)
    told(office)
    office.has_address(office.wang, "", version=2, phone=ANOTHER)
    office.clock.move(minutes=1)
    office.run_jobs()
    asked = provider.heard[-1]
    assert "13800138000" in json.dumps([asked.query, asked.json if asked.body else None])
    provider.answers.append(
        aliyun_detail(office, 3, "DELIVERED")
        if name == "aliyun_sms"
        else tencent_status(office, "SUCCESS", "DELIVRD")
    )
    office.clock.move(minutes=5)
    office.run_jobs()
    (delivery,) = office.deliveries()
    assert (delivery.state, delivery.sent_to) == ("delivered", ""), "the number is kept no longer than needed"


@pytest.mark.parametrize("name", ["aliyun_sms"])
def test_a_number_is_forgotten_when_its_provider_is_asked_no_more(
    office: Office, provider: Fake, name: str
) -> None:
    by_sms(office)
    entered(office, provider, name)
    told(office)
    assert [d.sent_to for d in office.deliveries()] == [PHONE]
    for _ in range(20):
        office.clock.move(hours=1)
        office.run_jobs()
    assert [(d.state, d.sent_to) for d in office.deliveries()] == [("accepted", "")]
    assert PHONE not in json.dumps([e.model_dump(mode="json") for e in office.outcomes()])


@pytest.mark.parametrize("name", ["aliyun_sms"])
def test_a_lost_letter_is_looked_for_on_the_day_and_at_the_number_it_went_to(
    office: Office, provider: Fake, name: str
) -> None:
    by_sms(office)
    wants(office, office.wang, **NIGHT)
    entered(office, provider, name, limits=[])
    it_is(office, "2026-11-23 22:30")
    assert told(office) == ("held", "quiet")
    provider.answers.append(hang_up)
    it_is(office, "2026-11-24 07:00")
    office.run_jobs()
    office.has_address(office.wang, "", version=2, phone=ANOTHER)
    office.clock.move(minutes=7)
    office.run_jobs()
    question, letter = provider.heard
    assert (question.query["SendDate"], question.query["PhoneNumber"]) == ("20261124", "13800138000")
    assert letter.query["PhoneNumbers"] == "13900139000"
