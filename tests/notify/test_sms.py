"""SMS by a gateway, by Aliyun and by Tencent: what goes out, and what answers mean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.notify.channels import Channel
from tests.notify import fakes
from tests.notify.fakes import SMS_SECRET, Fake, fake, hang_up
from tests.notify.office import Office, slot_opened
from tests.notify.sms_office import KINDS, entered, every_kind, told


@pytest.fixture(autouse=True)
def by_sms(office: Office) -> None:
    """Everybody is told by SMS, and 王芳 has a number."""
    office.goes_by(Channel.SMS)
    office.has_address(office.wang, "", phone="138-0013-8000")


@pytest.fixture
def provider(name: str) -> Iterator[Fake]:
    with fake(getattr(fakes, name)) as made:
        yield made


@every_kind
def test_an_sms_says_the_title_to_the_number(office: Office, provider: Fake, name: str) -> None:
    entered(office, provider, name)
    assert told(office) == ("accepted", "")
    (heard,) = provider.heard
    said = heard.json if heard.body else heard.query
    said = json.dumps(said, ensure_ascii=False)
    assert "13800138000" in said
    assert "轮到您审核：办公电脑采购" in said
    (delivery,) = office.deliveries()
    assert str(delivery.id) in said
    assert delivery.reference != ""
    assert [attempt.outcome for attempt in office.attempts()] == ["accepted"]


@every_kind
def test_a_wrong_secret_opens_the_breaker(office: Office, provider: Fake, name: str) -> None:
    wrong = {key: "wrong" if value == SMS_SECRET else value for key, value in KINDS[name][1].items()}
    entered(office, provider, name, secrets=wrong)
    assert told(office) == ("held", "provider_broken")
    assert office.messages(office.admin)[0]["kind"] == "provider.broken"


def tencent(code: str, text: str) -> dict[str, Any]:
    return {"Response": {"SendStatusSet": [{"Code": code, "Message": text}]}}


BUSY: dict[str, Any] = {
    "gateway": {"code": "107", "message": "提交过快"},
    "aliyun_sms": {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发分钟级流控Permits:1"},
    "tencent_sms": {
        "Response": {
            "SendStatusSet": [{"Code": "LimitExceeded.PhoneNumberThirtySecondLimit", "Message": "limit"}]
        }
    },
}
REFUSED: dict[str, Any] = {
    "gateway": {"code": "104", "message": "含敏感字符"},
    "aliyun_sms": {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "13800138000invalid mobile number"},
    "tencent_sms": {
        "Response": {
            "SendStatusSet": [{"Code": "FailedOperation.PhoneNumberInBlacklist", "Message": "13800138000"}]
        }
    },
}


@every_kind
def test_what_an_answer_means(office: Office, provider: Fake, name: str) -> None:
    entered(office, provider, name, limits=[])
    provider.answers += [BUSY[name], REFUSED[name], (502, b"bad gateway"), hang_up]
    assert [told(office)[0] for _ in range(4)] == ["queued", "failed", "queued", "queued"]
    assert [a.outcome for a in office.attempts()] == ["retry", "failed", "unknown", "unknown"]
    assert all("13800138000" not in attempt.answer for attempt in office.attempts())


@pytest.mark.parametrize("name", ["gateway", "tencent_sms"])
@pytest.mark.parametrize("number", ["0351-7654321", "12345678901", "abc", "+0123", "138001380001"])
def test_what_is_no_mobile_number_is_not_tried(
    office: Office, provider: Fake, name: str, number: str
) -> None:
    entered(office, provider, name)
    office.has_address(office.wang, "", version=2, phone=number)
    assert told(office) == ("failed", "bad_number")
    assert provider.heard == []


@pytest.mark.parametrize("name", ["aliyun_sms"])
def test_values_are_cut_to_what_a_template_takes(office: Office, provider: Fake, name: str) -> None:
    entered(office, provider, name)
    office.hear(slot_opened(office.wang, title="长" * 200 + "\n"))
    office.run_jobs()
    assert len(json.loads(provider.heard[0].query["TemplateParam"])["subject"]) == 35


@pytest.mark.parametrize("body", [{"mobile": "$phone", "x": "$nothing"}, {"x": ["${secret}"]}])
def test_an_unknown_placeholder_is_refused_when_it_is_entered(office: Office, body: Any) -> None:
    asked = {"channel": "sms", "kind": "http_sms", "name": "x", "settings": {"url": "http://x", "body": body}}
    answer = office.post(office.admin, "providers", asked)
    assert answer.json()["errors"][0]["pointer"] == "/settings/body"
