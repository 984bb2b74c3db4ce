"""Webhooks of people: signed, tried again, and leading nowhere inside."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import pytest

from services.notify.channels import Channel
from tests.notify.fakes import Fake, Heard, fake, hang_up
from tests.notify.office import Office, slot_opened


def taken(_heard: Heard) -> Any:
    return {}


@pytest.fixture
def receiver(office: Office) -> Iterator[Fake]:
    office.goes_by(Channel.WEBHOOK)
    office.reaches_this_machine()
    with fake(taken) as made:
        yield made


def told(office: Office) -> tuple[str, str]:
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    delivery = office.deliveries()[-1]
    return delivery.state, delivery.code


def test_a_message_is_posted_signed_by_the_secret_that_was_shown_once(office: Office, receiver: Fake) -> None:
    set_ = office.put(office.wang, "contacts/webhook", {"address": f"{receiver.url}/hook"}).json()
    secret = set_["secret"]
    assert len(secret) > 30
    assert secret not in office.get(office.wang, "contacts").text
    assert told(office) == ("accepted", "")
    (heard,) = receiver.heard
    stamp = heard.headers["x-plans-timestamp"]
    right = hmac.new(secret.encode(), stamp.encode() + b"." + heard.body, hashlib.sha256).hexdigest()
    assert heard.headers["x-plans-signature"] == f"sha256={right}"
    (delivery,) = office.deliveries()
    assert heard.json["id"] == heard.headers["x-plans-delivery"] == str(delivery.id)
    assert heard.json["title"] == "轮到您审核：办公电脑采购"
    assert secret not in str(office.published())


def test_a_new_address_has_a_new_secret(office: Office, receiver: Fake) -> None:
    secrets = {
        office.put(office.wang, "contacts/webhook", {"address": receiver.url}).json()["secret"]
        for _ in range(2)
    }
    assert len(secrets) == 2


def test_a_receiver_that_is_away_is_tried_again_and_one_that_refuses_is_not(
    office: Office, receiver: Fake
) -> None:
    office.put(office.wang, "contacts/webhook", {"address": receiver.url})
    receiver.answers += [(503, {}), hang_up, (404, {})]
    assert [told(office) for _ in range(3)] == [
        ("queued", "503"),
        ("queued", "broken_off"),
        ("failed", "404"),
    ]
    office.clock.move(minutes=1)
    office.run_jobs()
    assert [d.state for d in office.deliveries()] == ["accepted", "accepted", "failed"]
    failed = office.deliveries()[-1]
    office.post(office.admin, f"deliveries/{failed.id}/resend")
    office.run_jobs()
    assert [d.state for d in office.deliveries()] == ["accepted"] * 3


def test_one_persons_wrong_address_is_nobody_elses_trouble(office: Office, receiver: Fake) -> None:
    office.here.settings = office.here.settings.model_copy(update={"private_networks": ""})
    office.put(office.wang, "contacts/webhook", {"address": receiver.url})
    assert told(office) == ("failed", "address_not_allowed")
    assert {row["status"] for row in office.get(office.admin, "providers").json()["items"]} == {"working"}
    assert receiver.heard == []


def test_who_has_no_webhook_gets_none(office: Office, receiver: Fake) -> None:
    assert told(office) == ("suppressed", "no_address")


@pytest.mark.parametrize(
    "address", ["ftp://x", "x", "http://", "http://user:pw@host/", "http://a b", "http://a..b/"]
)
def test_what_is_no_url_is_refused(office: Office, address: str) -> None:
    answer = office.put(office.wang, "contacts/webhook", {"address": address})
    assert answer.status_code == 422
