"""The HTTP shapes of providers; a secret goes in and never comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from services.notify.channels import CHANNEL_LABELS, Channel
from services.notify.limit import Limit
from services.notify.provider import Provider
from services.notify.providers.kinds import KINDS, Kind, limits_on
from services.notify.schemas import Action
from shared.http import Body, Shape

Name = Annotated[str, Field(min_length=1, max_length=100)]
Priority = Annotated[
    int, Field(ge=1, le=1000, description="数值小的先用 (the lower, the sooner it is asked)")
]
Settings = Annotated[dict[str, Any], Field(description="见 /providers/kinds (see there)")]
Secrets = Annotated[
    dict[str, Annotated[str, Field(max_length=4000)]],
    Field(description="只写不读；不填的保持不变，空串为删除 (write only; absent: as it was, empty: removed)"),
]
Bounds = Annotated[
    list[Limit] | None,
    Field(max_length=10, description="空则用该类型的限额 (absent: those of the kind)"),
]
STATUS_LABELS = {"working": "正常", "broken": "需要处理", "disabled": "已停用"}


class NewProvider(Body):
    """A provider of a channel."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel": "email",
                    "kind": "smtp",
                    "name": "机关邮件服务器",
                    "settings": {"host": "smtp.example.org", "user": "plans@example.org"},
                    "secrets": {"password": "shown to nobody"},
                }
            ]
        }
    )

    channel: Channel
    kind: Annotated[str, Field(max_length=20, examples=["smtp"])]
    name: Name
    priority: Priority = 100
    limits: Bounds = None
    settings: Settings = Field(default_factory=dict)
    secrets: Secrets = Field(default_factory=dict)


class ChangedProvider(Body):
    """What a provider is from now on; its breaker closes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "机关邮件服务器", "settings": {"host": "smtp2.example.org"}, "priority": 10}
            ]
        }
    )

    name: Name
    priority: Priority
    active: bool = True
    limits: Bounds = None
    settings: Settings = Field(default_factory=dict)
    secrets: Secrets = Field(default_factory=dict)


class TrialLetter(Body):
    """Whom to send a test message; nobody for a robot, which speaks to its group."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "admin@example.org"}]})

    to: Annotated[str, Field(max_length=320)] = ""


class TrialAnswer(Shape):
    """What the provider has answered to a test message."""

    outcome: str = Field(
        examples=["accepted"], description="accepted | retry | config_error | failed | unknown"
    )
    code: str = Field(examples=["250"])
    answer: str
    milliseconds: int


class Broken(Shape):
    """Why a provider needs repair: nothing is sent to it but a probe now and then."""

    at: datetime
    code: str = Field(examples=["535"])
    text: str
    probe_at: datetime | None


class ProviderShape(Shape):
    """A provider; of its secrets only the names of those that are set."""

    id: UUID
    channel: Channel
    channel_label: str = Field(examples=["电子邮件"])
    kind: str = Field(examples=["smtp"])
    kind_label: str
    name: str
    organisation_id: UUID | None = Field(description="机器人所属单位 (the unit of a robot)")
    priority: int
    active: bool
    limits: list[Limit]
    settings: dict[str, Any]
    secrets_set: list[str] = Field(examples=[["password"]])
    built_in: bool
    status: str = Field(examples=["working"], description="working | broken | disabled")
    status_label: str = Field(examples=["正常"])
    broken: Broken | None
    version: int
    created_at: datetime
    changed_at: datetime
    available_actions: list[Action]


class KindShape(Shape):
    """A kind of provider, with JSON schemas of what it is configured by."""

    kind: str = Field(examples=["smtp"])
    label: str
    channels: list[Channel]
    limits: list[Limit]
    settings_schema: dict[str, Any]
    secrets_schema: dict[str, Any]


def kind_shape(kind: Kind) -> KindShape:
    return KindShape(
        kind=kind.name,
        label=kind.label,
        channels=sorted(kind.channels),
        limits=list(kind.limits),
        settings_schema=kind.settings.model_json_schema(),
        secrets_schema=kind.secrets.model_json_schema(),
    )


def provider_shape(provider: Provider, secrets_set: list[str]) -> ProviderShape:
    kind = KINDS[provider.kind]
    status = "disabled" if not provider.active else "broken" if provider.is_broken else "working"
    broken = None
    if provider.broken_at is not None:
        broken = Broken(
            at=provider.broken_at,
            code=provider.broken_code,
            text=provider.broken_text,
            probe_at=provider.probe_at,
        )
    url = f"/api/notify/providers/{provider.id}"
    plain = ("id", "kind", "name", "organisation_id", "priority", "active", "settings", "version")
    return ProviderShape(
        **{name: getattr(provider, name) for name in (*plain, "created_at", "changed_at")},
        channel=Channel(provider.channel),
        channel_label=CHANNEL_LABELS[Channel(provider.channel)],
        kind_label=kind.label,
        limits=list(limits_on(provider)),
        secrets_set=secrets_set,
        built_in=kind.built_in,
        status=status,
        status_label=STATUS_LABELS[status],
        broken=broken,
        available_actions=[
            Action(action="change", allowed=True, method="PUT", url=url),
            Action(action="try", allowed=True, method="POST", url=f"{url}/try"),
        ],
    )
