"""Robots in the groups of WeCom, DingTalk and Feishu: all three answer HTTP 200 when they refuse.

A group hears the title and the link, with the name of whom it concerns, and more only when there is a text
for groups. He is mentioned when he has said by what: a mobile number, or what the provider calls him. Nobody
has the whole group mentioned.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import Field

from services.notify.answer import Answer, Outcome
from services.notify.letter import Letter
from services.notify.providers.web import Reply, Web
from shared.clock import Clock
from shared.http import Body
from shared.service import Running

MOBILE = re.compile(r"1[3-9]\d{9}")
TOO_FAST = timedelta(minutes=1)


class RobotSettings(Body):
    """Where the robot listens, if not at the provider's own address, and the keyword of its group."""

    address: Annotated[str, Field(max_length=300, pattern=r"^(https?://.+)?$", examples=[""])] = ""
    keyword: Annotated[str, Field(max_length=20, description="安全设置中的关键词 (the keyword)")] = ""


class RobotSecrets(Body):
    """The key in its address (`access_token`, `key`, or the last part), and the secret that it signs by."""

    key: Annotated[str, Field(min_length=1, max_length=200)]
    secret: Annotated[str, Field(max_length=200)] = ""


@dataclass(frozen=True)
class Dialect:
    """How one provider is spoken to: the address and body of a message, how many bytes its text may take, and
    the field of its verdict."""

    name: str
    address: str
    ask: Callable[[Robot, Letter, str, datetime], tuple[str, dict[str, Any]]]
    longest: int
    verdict: str
    broken: frozenset[int]
    later: frozenset[int]


@dataclass(frozen=True)
class Robot:
    """A robot in a group."""

    dialect: Dialect
    settings: RobotSettings
    secrets: RobotSecrets
    web: Web
    clock: Clock

    @property
    def provider(self) -> str:
        return f"{self.dialect.name}_robot"

    def send(self, letter: Letter) -> Answer:
        if names_everybody(letter.to):  # from before that was refused where it is entered
            letter = replace(letter, to="")
        keyword = f"【{self.settings.keyword}】" if self.settings.keyword else ""
        text = _within(
            self.dialect.longest, f"{keyword}{letter.name}：{letter.title}", letter.body, letter.url
        )
        url, body = self.dialect.ask(self, letter, text, self.clock.now())
        return self.web.post(url, self._judge, json=body)

    def _judge(self, reply: Reply) -> Answer:
        code = reply.json.get(self.dialect.verdict)
        if type(code) is not int:  # true and false are numbers, too
            return _no_verdict(reply)
        text = str(reply.json.get("errmsg") or reply.json.get("msg") or "")
        if code == 0:
            return Answer(Outcome.ACCEPTED, "0", text)
        if code in self.dialect.later:
            return Answer(Outcome.RETRY, str(code), text, after=TOO_FAST)
        return Answer(
            Outcome.CONFIG_ERROR if code in self.dialect.broken else Outcome.FAILED, str(code), text
        )


def names_everybody(address: str) -> bool:
    """Whether a provider takes it for the whole group: `all`, `@all`."""
    return address.lstrip("@").lower() == "all"


def _within(most: int, first: str, body: str, last: str) -> str:
    """The lines of a message in so many bytes: the body gives way, at the end of a character."""
    room = most - len(f"{first}\n\n{last}".encode())
    if len(body.encode()) > room:
        body = body.encode()[: max(0, room - len("…".encode()))].decode(errors="ignore") + "…"
    return "\n".join(line for line in (first, body, last) if line)


def _no_verdict(reply: Reply) -> Answer:
    """An answer that is not the provider's own: of something in between, or from a wrong address."""
    if reply.status in (429, 503):
        return Answer(Outcome.RETRY, str(reply.status), reply.text, after=reply.after)
    if reply.status >= 500:
        return Answer(Outcome.UNKNOWN, str(reply.status), reply.text)
    return Answer(Outcome.CONFIG_ERROR, f"http_{reply.status}", reply.text)


def _signature(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()


def _mentioned(to: str, by_mobile: str, by_id: str) -> dict[str, list[str]]:
    return {by_mobile if MOBILE.fullmatch(to) else by_id: [to]} if to else {}


def _wecom(robot: Robot, letter: Letter, text: str, _at: datetime) -> tuple[str, dict[str, Any]]:
    url = f"{robot.settings.address or robot.dialect.address}?{urlencode({'key': robot.secrets.key})}"
    mentioned = _mentioned(letter.to, "mentioned_mobile_list", "mentioned_list")
    return url, {"msgtype": "text", "text": {"content": text, **mentioned}}


def _dingtalk(robot: Robot, letter: Letter, text: str, at: datetime) -> tuple[str, dict[str, Any]]:
    query = {"access_token": robot.secrets.key}
    if secret := robot.secrets.secret:
        stamp = str(int(at.timestamp() * 1000))
        query |= {"timestamp": stamp, "sign": _signature(secret, f"{stamp}\n{secret}")}
    # a person is shown as mentioned only where the text names him, too
    content = f"{text}\n@{letter.to}" if letter.to else text
    url = f"{robot.settings.address or robot.dialect.address}?{urlencode(query)}"
    return url, {
        "msgtype": "text",
        "text": {"content": content},
        "at": _mentioned(letter.to, "atMobiles", "atUserIds"),
    }


def _feishu(robot: Robot, letter: Letter, text: str, at: datetime) -> tuple[str, dict[str, Any]]:
    signed = {}
    if secret := robot.secrets.secret:
        stamp = str(int(at.timestamp()))
        signed = {"timestamp": stamp, "sign": _signature(f"{stamp}\n{secret}", "")}
    safe = text.replace("<", "＜")
    content = f'<at user_id="{letter.to}"></at> {safe}' if letter.to else safe
    url = f"{robot.settings.address or robot.dialect.address}/{robot.secrets.key}"
    return url, {**signed, "msg_type": "text", "content": {"text": content}}


DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            "wecom",
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
            _wecom,
            2000,
            "errcode",
            broken=frozenset({93000, 93004, 93008, 40001, 40014, 42001}),
            later=frozenset({-1, 45009, 45033}),
        ),
        Dialect(
            "dingtalk",
            "https://oapi.dingtalk.com/robot/send",
            _dingtalk,
            18_000,
            "errcode",
            # 310000 is a signature, keyword or address that the robot's own safety settings refuse
            broken=frozenset({310000, 300001, 300005, 400013, 400101, 400102, 400106, 404, 40014}),
            later=frozenset({-1, 130101, 410100}),
        ),
        Dialect(
            "feishu",
            "https://open.feishu.cn/open-apis/bot/v2/hook",
            _feishu,
            6000,  # of a request of 20 KB, in which a "<" takes three
            "code",
            broken=frozenset({19001, 19002, 19003, 19007, 19021, 19022, 19024}),
            later=frozenset({11232, 11233, 1500, 99991400}),
        ),
    )
}


def builder(name: str) -> Callable[[RobotSettings, RobotSecrets, Running], Robot]:
    """Makes the robots of one provider."""

    def build(settings: RobotSettings, secrets: RobotSecrets, here: Running) -> Robot:
        # an administrator of a unit has entered it
        web = Web.of(here.settings, guarded=True)
        return Robot(DIALECTS[name], settings, secrets, web, here.store.clock)

    return build
