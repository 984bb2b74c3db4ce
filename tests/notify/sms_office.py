"""SMS providers of the tests as the platform administrator has entered them."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx2
import pytest

from tests.notify.fakes import SMS_SECRET, Fake
from tests.notify.office import Office, slot_opened

KINDS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "gateway": (
        {
            "body": {
                "mobile": "$phone",
                "content": "【采购计划】$title $link",
                "password": "$password",
                "sn": "$id",
            },
            "verdict": "code",
            "later": ["107"],
            "broken": ["102"],
            "reference": "data.msgid",
            "receipt": {"reference": "msgid", "status": "status", "pending": ["BUFFERED"]},
        },
        {"password": SMS_SECRET, "receipt_key": "receipt-key"},
    ),
    "aliyun_sms": (
        {"sign_name": "采购计划", "template": {"code": "SMS_1110", "names": ["subject"]}},
        {"access_key_id": "LTAI1", "access_key_secret": SMS_SECRET},
    ),
    "tencent_sms": (
        {"app_id": "1400006666", "sign_name": "采购计划", "template": {"code": "1110"}},
        {"secret_id": "AKID1", "secret_key": SMS_SECRET},
    ),
}
every_kind = pytest.mark.parametrize("name", KINDS)


def entered(office: Office, provider: Fake, name: str, **more: Any) -> dict[str, Any]:
    settings, secrets = KINDS[name]
    where = {"url" if name == "gateway" else "endpoint": provider.url}
    kind = "http_sms" if name == "gateway" else name
    return office.provider(
        kind, where | settings | more.pop("settings", {}), **{"channel": "sms", "secrets": secrets} | more
    )


def told(office: Office) -> tuple[str, str]:
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    delivery = [found for found in office.deliveries() if found.person_id == office.wang][-1]
    return delivery.state, delivery.code


def aliyun_detail(office: Office, status: int, code: str) -> Any:
    """What Aliyun knows of the only SMS: 3 has arrived, 2 has not."""
    (delivery,) = office.deliveries()
    detail = {"OutId": str(delivery.id), "SendStatus": status, "ErrCode": code, "PhoneNum": "13800138000"}
    return {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": [detail]}}


def tencent_status(office: Office, status: str, code: str) -> Any:
    """What Tencent knows of the only SMS: SUCCESS or FAIL."""
    (delivery,) = office.deliveries()
    found = {"SessionContext": str(delivery.id), "ReportStatus": status, "Description": code}
    return {"Response": {"PullSmsSendStatusSet": [found]}}


def pushed(
    office: Office, provider_id: str, receipt: Any, key: str = "receipt-key", **more: str
) -> httpx2.Response:
    """A gateway tells us of a receipt, signed."""
    body = json.dumps(receipt).encode()
    stamp = more.get("stamp") or str(int(office.clock.now().timestamp()))
    signature = hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    found: httpx2.Response = office.http.post(
        f"receipts/{provider_id}",
        content=body,
        headers={"X-Timestamp": stamp, "X-Signature": signature, "Content-Type": "application/json"},
    )
    return found
