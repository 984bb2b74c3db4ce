"""SMS by Aliyun: Dysmsapi of 2017-05-25, signed by ACS3-HMAC-SHA256."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets as randomness
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from pydantic import Field

from services.notify.answer import Answer, Outcome, unsendable
from services.notify.letter import Letter
from services.notify.providers.phone import NoMobile, mobile
from services.notify.providers.sms_template import Templates
from services.notify.providers.web import Reply, Web
from services.notify.receipt import Receipt, Sent
from shared.clock import Clock, local_date
from shared.http import Body
from shared.service import Running

VERSION, ALGORITHM = "2017-05-25", "ACS3-HMAC-SHA256"
NOTHING = hashlib.sha256(b"").hexdigest()
ARRIVED, FAILED = 3, 2
"""SendStatus of a detail; 1 is on its way."""


class AliyunSettings(Templates):
    """Signature and templates as Aliyun has approved them. It takes no addresses as values of a template."""

    sign_name: Annotated[str, Field(min_length=1, max_length=40)]
    endpoint: Annotated[str, Field(max_length=200, pattern=r"^https?://.+$")] = (
        "https://dysmsapi.aliyuncs.com"
    )


class AliyunSecrets(Body):
    """An access key of a RAM user that may send SMS and nothing else."""

    access_key_id: Annotated[str, Field(min_length=1, max_length=100)]
    access_key_secret: Annotated[str, Field(min_length=1, max_length=100)]


@dataclass(frozen=True)
class Aliyun:
    """Sends by one account."""

    settings: AliyunSettings
    secrets: AliyunSecrets
    web: Web
    clock: Clock

    provider = "aliyun_sms"

    def send(self, letter: Letter) -> Answer:
        template = self.settings.of(letter)
        try:
            phone = _plain(letter.to)
        except NoMobile:
            return unsendable("bad_number")
        values = dict(zip(template.names or template.values, template.filled(letter), strict=False))
        query = {
            "PhoneNumbers": phone,
            "SignName": self.settings.sign_name,
            "TemplateCode": template.code,
            "TemplateParam": json.dumps(values, ensure_ascii=False),
            "OutId": str(letter.delivery_id),
        }
        url, headers = self._signed("SendSms", query)
        return self.web.post(url, _judge, headers=headers)

    def ask(self, sent: Sent) -> Receipt | None:
        """What became of a letter. Raises `httpx.HTTPError` and OSError."""
        query = {
            "PhoneNumber": _plain(sent.to),
            "SendDate": f"{local_date(sent.at):%Y%m%d}",
            "PageSize": "50",
            "CurrentPage": "1",
        }
        url, headers = self._signed("QuerySendDetails", query)
        reply = self.web.reply("POST", url, headers=headers)
        details = reply.json.get("SmsSendDetailDTOs") or {}
        for found in details.get("SmsSendDetailDTO") or ():
            if found.get("OutId") == str(sent.delivery_id) and found.get("SendStatus") in (ARRIVED, FAILED):
                return Receipt(found["SendStatus"] == ARRIVED, str(found.get("ErrCode") or ""))
        return None

    def _signed(self, action: str, query: dict[str, str]) -> tuple[str, dict[str, str]]:
        scheme, _, host = self.settings.endpoint.partition("://")
        host = host.rstrip("/")
        asked = "&".join(f"{_escaped(name)}={_escaped(query[name])}" for name in sorted(query))
        headers = {
            "host": host,
            "x-acs-action": action,
            "x-acs-content-sha256": NOTHING,
            "x-acs-date": f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": randomness.token_hex(16),
            "x-acs-version": VERSION,
        }
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        whole = f"POST\n/\n{asked}\n{lines}\n{names}\n{NOTHING}"
        to_sign = f"{ALGORITHM}\n{hashlib.sha256(whole.encode()).hexdigest()}"
        key = self.secrets.access_key_secret.encode()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        who = f"Credential={self.secrets.access_key_id},SignedHeaders={names}"
        headers["Authorization"] = f"{ALGORITHM} {who},Signature={signature}"
        return f"{scheme}://{host}/?{asked}", headers


def build(settings: AliyunSettings, secrets: AliyunSecrets, here: Running) -> Aliyun:
    """By an account that the platform administrator has entered."""
    return Aliyun(settings, secrets, Web.of(here.settings, guarded=False), here.store.clock)


BROKEN = (
    *("isv.ACCOUNT", "isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE", "isv.PRODUCT_UN", "isv.SMS_SIGN"),
    *("isv.SMS_TEMPLATE", "isv.TEMPLATE_MISSING", "isp.RAM_PERMISSION_DENY", "SignatureDoesNotMatch"),
    *("InvalidAccessKeyId", "Forbidden", "NoPermission", "IncompleteSignature"),
)
LATER = (
    *("isv.BUSINESS_LIMIT_CONTROL", "isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR"),
    *("Throttling", "ServiceUnavailable"),
)
"""How codes begin that are ours to repair, and those that may be otherwise later."""


def _judge(reply: Reply) -> Answer:
    code, text = str(reply.json.get("Code") or ""), str(reply.json.get("Message") or reply.text)
    if code == "OK":
        return Answer(Outcome.ACCEPTED, code, reference=str(reply.json.get("BizId") or ""))
    if code.startswith(LATER):
        return Answer(Outcome.RETRY, code, text)
    if code.startswith(BROKEN):
        return Answer(Outcome.CONFIG_ERROR, code, text)
    if not code:
        outcome = Outcome.RETRY if reply.status in (429, 503) else Outcome.UNKNOWN
        return Answer(outcome, f"http_{reply.status}", text, after=reply.after)
    return Answer(Outcome.FAILED, code, text)


def _plain(number: str) -> str:
    """Mainland numbers bare, others with their country code and no plus."""
    return mobile(number).removeprefix("+")


def _escaped(text: str) -> str:
    return quote(text, safe="~")
