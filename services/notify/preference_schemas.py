"""The HTTP shapes of preferences, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Any, Literal

from pydantic import ConfigDict, Field

from services.notify.channels import CHANNEL_LABELS, Channel
from services.notify.kinds import CHOOSABLE, GROUP_LABELS, Group, Kind
from services.notify.moments.schemas import (
    TIMING,
    OwnTimingShape,
    TimingBody,
    TimingShape,
    own_timing_shape,
    timing_shape,
)
from services.notify.preferences import ALL, MOST_CHOICES, Choice, Mode, Preferences
from services.notify.wishes import Wishes
from shared.errors import Problem
from shared.http import Body, Shape

CHOICES: dict[str, Any] = {
    "locale": "zh-CN",
    "choices": [
        {"topic": "outcome", "channel": "email", "mode": "off"},
        {"topic": "slot.opened", "channel": "sms", "mode": "now"},
        {"topic": "case.commented", "channel": "email", "mode": "digest"},
    ],
    "timing": TIMING,
}


class ChoiceBody(Body):
    """A choice about a topic: a kind of message, a group of kinds, or `*` for all."""

    topic: str = Field(max_length=80, examples=["slot.opened"])
    channel: Channel
    mode: Mode

    @property
    def choice(self) -> Choice:
        return Choice(self.topic, self.channel, self.mode)


class PreferencesBody(Body):
    """All choices at once; what is absent is left to the unit, then to the system."""

    model_config = ConfigDict(json_schema_extra={"examples": [CHOICES]})

    locale: Literal["zh-CN", "en"] | None = Field(None, description="站外消息的语言 (language outside)")
    choices: list[ChoiceBody] = Field(default_factory=list, max_length=MOST_CHOICES)
    timing: TimingBody = Field(default_factory=TimingBody)

    @property
    def chosen(self) -> list[Choice]:
        return [body.choice for body in self.choices]


class UnitPreferencesBody(PreferencesBody):
    """What a unit sets for its people."""

    inbox_suffices: bool | None = Field(
        None, description="必收通知也可只在站内查收 (mandatory kinds may stay in the inbox)"
    )


class ChoiceShape(Shape):
    topic: str
    channel: Channel
    mode: Mode


class ChannelShape(Shape):
    """What holds on a channel, and where that comes from."""

    channel: Channel
    channel_label: str = Field(examples=["电子邮件"])
    mode: Mode
    source: str = Field(examples=["unit"], description="person | unit | system")
    topic: str = Field(description="由哪一项设置 (set for which topic)")
    served: bool = Field(description="是否有服务商可以发送 (whether some provider takes letters there)")


class KindShape(Shape):
    """A kind of message with what holds on each channel."""

    kind: str = Field(examples=["slot.opened"])
    label: str = Field(examples=["轮到您审核"])
    label_en: str
    group: Group
    group_label: str = Field(examples=["待办"])
    mandatory: bool = Field(description="必收，不能全部关闭 (cannot be switched off entirely)")
    urgent: bool = Field(
        description="急件，不受免打扰时间和汇总限制 (waits neither for quiet time nor for others)"
    )
    channels: list[ChannelShape]


class ValueShape(Shape):
    """A value that holds, and where it comes from."""

    value: str
    source: str = Field(description="person | unit | system")


class PreferencesShape(Shape):
    """What holds, and the owner's own choices (`choices`, `own_locale`, `own_timing`)."""

    version: int
    locale: ValueShape
    own_locale: str | None
    choices: list[ChoiceShape]
    kinds: list[KindShape]
    timing: TimingShape
    own_timing: OwnTimingShape


class UnitPreferencesShape(PreferencesShape):
    """The same of a unit, for all its people."""

    inbox_suffices: bool | None


def problems_in(choices: Sequence[Choice], after: Wishes) -> list[Problem]:
    """What is wrong with choices; `after` is what would hold with them."""
    return [*_wrong(choices)] or [*_silent(after)]


def _wrong(choices: Sequence[Choice]) -> Iterator[Problem]:
    seen: set[tuple[str, Channel]] = set()
    topics = {ALL, *Group, *CHOOSABLE}
    for place, choice in enumerate(choices):
        pointer = f"/choices/{place}"
        if choice.topic not in topics:
            text, english = f"没有名为 {choice.topic} 的消息种类", f"there is no topic {choice.topic}"
            yield Problem("unknown_topic", text, f"{pointer}/topic", english)
        if (choice.topic, choice.channel) in seen:
            yield Problem("chosen_twice", "重复的设置", pointer, "chosen twice")
        seen.add((choice.topic, choice.channel))


def _silent(after: Wishes) -> Iterator[Problem]:
    for kind in CHOOSABLE.values():
        if after.falls_silent(kind):
            yield Problem(
                "mandatory_needs_channel",
                f"“{kind.label}”为必收通知，至少保留一个站外渠道",
                "/choices",
                f"'{kind.label_en}' is mandatory: at least one channel has to stay",
            )


def preferences_shape(row: Preferences, wishes: Wishes, served: Set[Channel]) -> PreferencesShape:
    return PreferencesShape(**_content(row, wishes, served))


def unit_preferences_shape(row: Preferences, wishes: Wishes, served: Set[Channel]) -> UnitPreferencesShape:
    return UnitPreferencesShape(**_content(row, wishes, served), inbox_suffices=row.inbox_suffices)


def _content(row: Preferences, wishes: Wishes, served: Set[Channel]) -> dict[str, Any]:
    locale, source = wishes.locale_from
    return {
        "version": row.version,
        "locale": ValueShape(value=locale, source=source),
        "own_locale": row.locale,
        "choices": [ChoiceShape(**choice._asdict()) for choice in row.chosen],
        "kinds": [_kind_shape(kind, wishes, served) for kind in CHOOSABLE.values()],
        "timing": timing_shape(wishes),
        "own_timing": own_timing_shape(row.timing),
    }


def _kind_shape(kind: Kind, wishes: Wishes, served: Set[Channel]) -> KindShape:
    return KindShape(
        kind=kind.name,
        label=kind.label,
        label_en=kind.label_en,
        group=kind.group,
        group_label=GROUP_LABELS[kind.group],
        mandatory=kind.mandatory,
        urgent=kind.urgent,
        channels=[
            ChannelShape(
                channel=channel,
                channel_label=CHANNEL_LABELS[channel],
                **wishes.about(kind, channel)._asdict(),
                served=channel in served,
            )
            for channel in Channel
        ],
    )
