"""The kinds of providers: what each is configured by, and how it becomes a sender."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from services.notify.answer import Answer, Outcome
from services.notify.channels import Channel
from services.notify.letter import Letter, Sender
from services.notify.provider import Provider
from services.notify.providers import mail
from services.notify.vault import Unsealable, Vault
from shared.http import Body
from shared.service import Running
from shared.settings import Settings


class Nothing(Body):
    """A kind without settings, or without secrets."""


@dataclass(frozen=True)
class Kind:
    """A kind of provider. `build(settings, secrets, here)` makes its sender; a built-in one is not created
    by anybody."""

    name: str
    label: str
    channels: frozenset[Channel]
    build: Callable[[Any, Any, Running], Sender]
    settings: type[BaseModel] = Nothing
    secrets: type[BaseModel] = Nothing
    keeps: Callable[[Settings], bool] = field(default=lambda settings: False)
    built_in: bool = False


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
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
