"""The ways on which a message reaches a person outside the console, and which of them he gets."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from shared.store import Work

if TYPE_CHECKING:
    from services.notify.notice import Notice


class Channel(StrEnum):
    """A way out. The inbox is none: there the message itself is."""

    EMAIL = "email"
    SMS = "sms"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    WEBHOOK = "webhook"


CHANNEL_LABELS = {
    Channel.EMAIL: "电子邮件",
    Channel.SMS: "短信",
    Channel.WECOM: "企业微信",
    Channel.DINGTALK: "钉钉",
    Channel.FEISHU: "飞书",
    Channel.WEBHOOK: "Webhook",
}
ROBOTS = frozenset({Channel.WECOM, Channel.DINGTALK, Channel.FEISHU})
"""Channels on which a robot speaks in the group of a unit; the person is mentioned, not addressed."""


def channels_for(work: Work, person_id: UUID, notice: Notice) -> Sequence[Channel]:
    """The channels on which a person is told of something, beside his inbox."""
    return (Channel.EMAIL,) if notice.by_mail else ()
