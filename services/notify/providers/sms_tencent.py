"""SMS by Tencent Cloud: API 3.0 of 2021-01-11, signed by TC3-HMAC-SHA256."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from services.notify.answer import Answer, Outcome, unsendable
from services.notify.letter import Letter
from services.notify.providers.phone import NoMobile, mobile
from services.notify.providers.sms_template import Templates
from services.notify.providers.web import Reply, Web
from services.notify.receipt import Receipt, Sent
from shared.clock import Clock
from shared.http import Body
from shared.service import Running

VERSION, TYPE = "2021-01-11", "application/json; charset=utf-8"
HOUR = timedelta(hours=1)


class TencentSettings(Templates):
    """Application, signature and templates as Tencent has approved them."""

    app_id: Annotated[str, Field(pattern=r"^\d{4,20}$", examples=["1400006666"])]
    sign_name: Annotated[str, Field(min_length=1, max_length=40)]
    region: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = "ap-guangzhou"
    endpoint: Annotated[str, Field(max_length=200, pattern=r"^https?://.+$")] = (
        "https://sms.tencentcloudapi.com"
    )


class TencentSecrets(Body):
    """An API key of a sub-account that may send SMS and nothing else."""

    secret_id: Annotated[str, Field(min_length=1, max_length=100)]
    secret_key: Annotated[str, Field(min_length=1, max_length=100)]


@dataclass(frozen=True)
class Tencent:
    """Sends by one application."""

    settings: TencentSettings
    secrets: TencentSecrets
    web: Web
    clock: Clock

    provider = "tencent_sms"

    def send(self, letter: Letter) -> Answer:
        template = self.settings.of(letter)
        try:
            phone = _international(letter.to)
        except NoMobile:
            return unsendable("bad_number")
        body = {
            "PhoneNumberSet": [phone],
            "SmsSdkAppId": self.settings.app_id,
            "SignName": self.settings.sign_name,
            "TemplateId": template.code,
            "TemplateParamSet": template.filled(letter),
            "SessionContext": str(letter.delivery_id),
        }
        return self.web.post(self.settings.endpoint, _judge, **self._signed("SendSms", body))

    def ask(self, sent: Sent) -> Receipt | None:
        """What became of a letter. Raises `httpx.HTTPError` and OSError."""
        now = self.clock.now()
        body = {
            "BeginTime": int((sent.at - HOUR).timestamp()),
            "EndTime": int(now.timestamp()),
            "Offset": 0,
            "Limit": 100,
            "PhoneNumber": _international(sent.to),
            "SmsSdkAppId": self.settings.app_id,
        }
        request = self._signed("PullSmsSendStatusByPhoneNumber", body)
        reply = self.web.reply("POST", self.settings.endpoint, **request)
        for found in reply.json.get("Response", {}).get("PullSmsSendStatusSet") or ():
            if found.get("SessionContext") == str(sent.delivery_id) or (
                sent.reference and found.get("SerialNo") == sent.reference
            ):
                code = str(found.get("Description") or found.get("ReportStatus"))
                return Receipt(found.get("ReportStatus") == "SUCCESS", code)
        return None

    def _signed(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        content = json.dumps(body, ensure_ascii=False).encode()
        now = self.clock.now()
        stamp, day = str(int(now.timestamp())), f"{now:%Y-%m-%d}"
        host = self.settings.endpoint.partition("://")[2].rstrip("/")
        asked = f"POST\n/\n\ncontent-type:{TYPE}\nhost:{host}\n\ncontent-type;host\n{_sha256(content)}"
        scope = f"{day}/sms/tc3_request"
        key = f"TC3{self.secrets.secret_key}".encode()
        for part in (day, "sms", "tc3_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        to_sign = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{_sha256(asked.encode())}"
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        who = f"Credential={self.secrets.secret_id}/{scope}, SignedHeaders=content-type;host"
        headers = {
            "Authorization": f"TC3-HMAC-SHA256 {who}, Signature={signature}",
            "Content-Type": TYPE,
            "Host": host,
            "X-TC-Action": action,
            "X-TC-Region": self.settings.region,
            "X-TC-Timestamp": stamp,
            "X-TC-Version": VERSION,
        }
        return {"content": content, "headers": headers}


def build(settings: TencentSettings, secrets: TencentSecrets, here: Running) -> Tencent:
    """By an account that the platform administrator has entered."""
    return Tencent(settings, secrets, Web.of(here.settings, guarded=False), here.store.clock)


BROKEN = (
    *("AuthFailure", "UnauthorizedOperation", "InvalidParameterValue.SdkAppId"),
    *("InvalidParameterValue.Template", "FailedOperation.Signature", "FailedOperation.Template"),
    "FailedOperation.InsufficientBalance",
)
LATER = ("LimitExceeded", "RequestLimitExceeded", "InternalError", "FailedOperation.FailResolvePacket")
"""How codes begin that are ours to repair, and those that may be otherwise later."""


def _judge(reply: Reply) -> Answer:
    response = reply.json.get("Response")
    if not isinstance(response, dict):
        outcome = Outcome.RETRY if reply.status in (429, 503) else Outcome.UNKNOWN
        return Answer(outcome, f"http_{reply.status}", reply.text, after=reply.after)
    if error := response.get("Error"):
        return _refused(str(error.get("Code")), str(error.get("Message")))
    status = (response.get("SendStatusSet") or [{}])[0]
    code = str(status.get("Code"))
    if code == "Ok":
        return Answer(Outcome.ACCEPTED, "Ok", reference=str(status.get("SerialNo") or ""))
    return _refused(code, str(status.get("Message")))


def _refused(code: str, text: str) -> Answer:
    outcome = Outcome.CONFIG_ERROR if code.startswith(BROKEN) else Outcome.FAILED
    return Answer(Outcome.RETRY if code.startswith(LATER) else outcome, code, f"{code}: {text}")


def _international(number: str) -> str:
    plain = mobile(number)
    return plain if plain.startswith("+") else f"+86{plain}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
