"""The kinds of providers: what each is configured by, and how it becomes a sender."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from services.notify.answer import Answer, Outcome
from services.notify.channels import ROBOTS, Channel
from services.notify.letter import Letter, Sender
from services.notify.limit import Limit
from services.notify.provider import Provider
from services.notify.providers import mail, robots, sms_aliyun, sms_http, sms_tencent, webhook
from services.notify.providers.keeping import Keeping
from services.notify.vault import Unsealable, Vault
from shared.http import Body
from shared.service import Running
from shared.settings import Settings


class Nothing(Body):
    """A kind without settings, or without secrets."""


@dataclass(frozen=True)
class Kind:
    """A kind of provider. `build(settings, secrets, here)` makes its sender; one that `asks` can be asked for
    receipts; a built-in one is not created by anybody."""

    name: str
    label: str
    channels: frozenset[Channel]
    build: Callable[[Any, Any, Running], Sender]
    settings: type[BaseModel] = Nothing
    secrets: type[BaseModel] = Nothing
    limits: Sequence[Limit] = ()
    keeps: Callable[[Settings], bool] = field(default=lambda settings: False)
    asks: bool = False
    built_in: bool = False


def _robot(name: str, channel: Channel, label: str, limits: Sequence[Limit]) -> Kind:
    return Kind(
        f"{name}_robot",
        label,
        frozenset({channel}),
        robots.builder(name),
        robots.RobotSettings,
        robots.RobotSecrets,
        limits,
    )


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "kept",
            "仅保存，不发送（试用）",
            frozenset({Channel.SMS, *ROBOTS}),
            lambda _settings, _secrets, here: Keeping(here.store),
            keeps=lambda settings: True,
        ),
        Kind("webhook", "Webhook", frozenset({Channel.WEBHOOK}), webhook.build, built_in=True),
        Kind(
            "http_sms",
            "HTTP 短信网关",
            frozenset({Channel.SMS}),
            sms_http.build,
            sms_http.GatewaySettings,
            sms_http.GatewaySecrets,
        ),
        Kind(
            "aliyun_sms",
            "阿里云短信",
            frozenset({Channel.SMS}),
            sms_aliyun.build,
            sms_aliyun.AliyunSettings,
            sms_aliyun.AliyunSecrets,
            [Limit(count=50, seconds=86400, per="receiver")],
            asks=True,
        ),
        Kind(
            "tencent_sms",
            "腾讯云短信",
            frozenset({Channel.SMS}),
            sms_tencent.build,
            sms_tencent.TencentSettings,
            sms_tencent.TencentSecrets,
            [Limit(count=1, seconds=31, per="receiver"), Limit(count=10, seconds=86400, per="receiver")],
            asks=True,
        ),
        Kind(
            "mail_setting",
            "SMTP_URL（未设置时保存为 .eml 文件）",
            frozenset({Channel.EMAIL}),
            mail.by_setting,
            keeps=lambda settings: not settings.smtp_url,
            built_in=True,
        ),
        Kind(
            "smtp",
            "SMTP 邮件服务器",
            frozenset({Channel.EMAIL}),
            mail.by_row,
            mail.SmtpSettings,
            mail.SmtpSecrets,
        ),
        # a little less than the providers allow, whose clocks and windows are not ours
        _robot("wecom", Channel.WECOM, "企业微信群机器人", [Limit(count=18, seconds=60)]),
        _robot("dingtalk", Channel.DINGTALK, "钉钉群机器人", [Limit(count=18, seconds=60)]),
        _robot(
            "feishu",
            Channel.FEISHU,
            "飞书群机器人",
            [Limit(count=4, seconds=1), Limit(count=90, seconds=60)],
        ),
    )
}


@dataclass(frozen=True)
class Unusable:
    """Stands for a provider whose configuration cannot be used: every letter says so."""

    provider: str
    code: str
    text: str

    def send(self, letter: Letter) -> Answer:
        return Answer(Outcome.CONFIG_ERROR, self.code, self.text)


def sender_of(here: Running, provider: Provider) -> Sender:
    """Whoever takes letters to this provider."""
    kind = KINDS.get(provider.kind)
    if kind is None:
        return Unusable(provider.kind, "unknown_kind", provider.kind)
    try:
        secrets = kind.secrets.model_validate(Vault(here.key).open(provider.sealed))
        return kind.build(kind.settings.model_validate(provider.settings), secrets, here)
    except Unsealable:
        return Unusable(kind.name, "secrets_unreadable", "SERVICE_KEY has changed: enter the secrets again")
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
        return Unusable(kind.name, "bad_settings", fields)
    except ValueError:  # its text may hold what was entered
        return Unusable(kind.name, "bad_settings", kind.label)


def keeps(here: Running, provider: Provider) -> bool:
    """Whether a provider keeps letters instead of sending them."""
    kind = KINDS.get(provider.kind)
    return kind is not None and kind.keeps(here.settings)


def limits_on(provider: Provider) -> Sequence[Limit]:
    """How many letters a provider takes: what was entered for it, else what is known of its kind."""
    if provider.limits is not None:
        return [Limit.model_validate(limit) for limit in provider.limits]
    kind = KINDS.get(provider.kind)
    return kind.limits if kind is not None else ()


def asks(provider: Provider) -> bool:
    """Whether a provider can be asked what became of a letter."""
    kind = KINDS.get(provider.kind)
    return kind is not None and kind.asks
