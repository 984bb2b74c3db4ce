"""The ways on which a message reaches a person outside the console."""

from __future__ import annotations

from enum import StrEnum


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
