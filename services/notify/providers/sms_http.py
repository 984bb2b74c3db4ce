"""SMS by a plain HTTP gateway: the request is a template, the verdict a field of its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from services.notify.answer import Answer, Outcome, unsendable
from services.notify.letter import Letter
from services.notify.providers.phone import NoMobile, mobile
from services.notify.providers.web import Reply, Web
from services.notify.receipt import Receipt
from shared.http import Body
from shared.service import Running

PLACES = frozenset({"phone", "title", "body", "link", "name", "id", "user", "password", "key"})
_PLACE = re.compile(r"\$(?:\$|(\w+)|\{(\w*)\})")
Path = Annotated[str, Field(max_length=100, pattern=r"^[\w.-]*$", examples=["data.code"])]
Codes = Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=50)]


class ReceiptSettings(Body):
    """How a pushed receipt is read: fields by dotted paths, and what says that the letter has arrived."""

    reference: Path
    status: Path
    arrived: Codes = Field(default_factory=lambda: ["DELIVRD"])
    pending: Codes = Field(default_factory=list)


class GatewaySettings(Body):
    """A gateway. In its texts `$phone`, `$title`, `$body`, `$link`, `$name` and `$id` stand for the letter's,
    `$user`, `$password` and `$key` for the secrets."""

    url: Annotated[
        str, Field(max_length=500, pattern=r"^https?://.+$", examples=["https://sms.example.org/send"])
    ]
    format: Literal["json", "form"] = "json"
    headers: Annotated[dict[str, Annotated[str, Field(max_length=500)]], Field(max_length=20)] = Field(
        default_factory=dict, examples=[{"Authorization": "Bearer $key"}]
    )
    body: Annotated[dict[str, Any], Field(max_length=50)] = Field(
        examples=[{"mobile": "$phone", "content": "【采购计划】$title $link", "extno": "$id"}]
    )
    verdict: Path = ""
    accepted: Codes = Field(default_factory=lambda: ["0"])
    later: Codes = Field(default_factory=list)
    broken: Codes = Field(default_factory=list)
    reference: Path = ""
    receipt: ReceiptSettings | None = None

    @field_validator("headers", "body")
    @classmethod
    def _known_places(cls, value: dict[str, Any]) -> dict[str, Any]:
        for text in _texts(value):
            for found in _PLACE.finditer(text):
                name = found[1] or found[2]
                if name is not None and name not in PLACES:
                    raise ValueError(f"不认识的占位符 ${name} (unknown placeholder)")
        return value


class GatewaySecrets(Body):
    """What the gateway knows us by; `receipt_key` signs the receipts that it pushes."""

    user: Annotated[str, Field(max_length=200)] = ""
    password: Annotated[str, Field(max_length=500)] = ""
    key: Annotated[str, Field(max_length=2000)] = ""
    receipt_key: Annotated[str, Field(max_length=200)] = ""


@dataclass(frozen=True)
class Gateway:
    """Sends by one gateway."""

    settings: GatewaySettings
    secrets: GatewaySecrets
    web: Web

    provider = "http_sms"

    def send(self, letter: Letter) -> Answer:
        try:
            places = self._places(letter)
        except NoMobile:
            return unsendable("bad_number")
        content = _filled(self.settings.body, places)
        request = {"json": content} if self.settings.format == "json" else {"data": content}
        headers = _filled(self.settings.headers, places)
        return self.web.post(self.settings.url, self._judge, headers=headers, **request)

    def _places(self, letter: Letter) -> dict[str, str]:
        ours = self.secrets.model_dump(include={"user", "password", "key"})
        texts = {"title": letter.title, "body": letter.body, "link": letter.url, "name": letter.name}
        return {**texts, **ours, "phone": mobile(letter.to), "id": str(letter.delivery_id)}

    def _judge(self, reply: Reply) -> Answer:
        if reply.status in (429, 503):
            return Answer(Outcome.RETRY, str(reply.status), reply.text, after=reply.after)
        if reply.status in (401, 403, 404):
            return Answer(Outcome.CONFIG_ERROR, str(reply.status), reply.text)
        if reply.status >= 500:
            return Answer(Outcome.UNKNOWN, str(reply.status), reply.text)
        if not self.settings.verdict:
            outcome = Outcome.ACCEPTED if reply.status < 300 else Outcome.FAILED
            return Answer(outcome, str(reply.status), reply.text, self._reference(reply))
        code = at(reply.json, self.settings.verdict)
        outcome = next((found for codes, found in self._verdicts() if code in codes), Outcome.FAILED)
        return Answer(outcome, code or "no_verdict", reply.text, self._reference(reply))

    def _verdicts(self) -> list[tuple[list[str], Outcome]]:
        settings = self.settings
        return [
            (settings.accepted, Outcome.ACCEPTED),
            (settings.later, Outcome.RETRY),
            (settings.broken, Outcome.CONFIG_ERROR),
        ]

    def _reference(self, reply: Reply) -> str:
        return at(reply.json, self.settings.reference) if self.settings.reference else ""

    def receipt(self, pushed: Mapping[str, Any]) -> tuple[str, Receipt | None]:
        """The letter that a pushed receipt is about, and what it says; nothing while it is on its way."""
        settings = self.settings.receipt
        if settings is None:
            return "", None
        status = at(pushed, settings.status)
        reference = at(pushed, settings.reference)
        if not status or status in settings.pending:
            return reference, None
        return reference, Receipt(status in settings.arrived, status)


def build(settings: GatewaySettings, secrets: GatewaySecrets, here: Running) -> Gateway:
    """By a gateway that the platform administrator has entered: it may stand inside."""
    return Gateway(settings, secrets, Web.of(here.settings, guarded=False))


def at(content: Mapping[str, Any], path: str) -> str:
    """A value by its dotted path, as text; empty when there is none."""
    value: Any = content
    for key in path.split("."):
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, Mapping):
            value = value.get(key)
        else:
            return ""
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in _texts(item)]


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return Template(value).safe_substitute(places)
    if isinstance(value, dict):
        return {key: _filled(inner, places) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, places) for inner in value]
    return value
