"""The HTTP shapes of notify."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.notify.attempt import Attempt
from services.notify.delivery import Delivery, State
from services.notify.message import Message
from services.notify.queries import CodeCount
from shared.http import Body, Shape

MOST_CODES = 100


class Action(Shape):
    """Something that can be done with this, or why it cannot."""

    action: str = Field(examples=["read"])
    allowed: bool
    reason: str = ""
    method: str = Field(examples=["POST"])
    url: str


class MessageShape(Shape):
    """A message in somebody's inbox."""

    id: UUID
    event_id: UUID
    event_type: str = Field(examples=["slot.opened"])
    kind: str = Field(examples=["plan.returned"])
    subject: str = Field(examples=["plan/01890000-0000-7000-8000-000000000000"])
    title: str = Field(examples=["轮到您审核：办公电脑采购"])
    body: str
    link: str = Field(description="处理页面的地址 (the page to act on)")
    is_todo: bool
    status: str = Field(examples=["unread"], description="unread | read | done | snoozed | archived")
    status_label: str = Field(examples=["未读"])
    occurred_at: datetime
    created_at: datetime
    read_at: datetime | None
    done_at: datetime | None
    archived_at: datetime | None
    snoozed_until: datetime | None
    available_actions: list[Action]


class Counts(Shape):
    """The numbers of an inbox; each is the length of the list of the same name."""

    unread: int = Field(ge=0, examples=[3])
    todo: int = Field(ge=0, examples=[1])
    snoozed: int = Field(ge=0, examples=[0])


class ReadAll(Body):
    """Which messages to mark read: all that are there, or those up to the newest one that was seen."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    up_to: UUID | None = Field(None, description="看到的最新一条消息 (the newest message seen)")


class Snooze(Body):
    """Until when to put a message off."""

    until: AwareDatetime = Field(
        examples=["2026-11-24T09:00:00+08:00"], description="到时重新变为未读 (unread again by then)"
    )


class AttemptShape(Shape):
    """One try, with the provider's answer (shortened, addresses masked)."""

    number: int
    at: datetime
    provider: str = Field(examples=["smtp"])
    to: str = Field(examples=["138****8000"], description="收件处，已遮盖 (where it went, masked)")
    outcome: str = Field(examples=["retry"], description="accepted | retry | config_error | failed | unknown")
    code: str = Field(examples=["451"])
    answer: str
    milliseconds: int


class MomentShape(Shape):
    """Why it goes out when it does: quiet hours, days off, digests."""

    text: str = Field(examples=["免打扰时间 22:00–07:00；2026-10-08 07:00 发送"])
    text_en: str
    warnings: list[str] = Field(description="尚无工作日历的年度 (years of which no calendar is known)")


class DeliveryShape(Shape):
    """A message on its way over a channel; without its text, which is its receiver's own."""

    id: UUID
    message_id: UUID
    person_id: UUID
    event_type: str
    channel: str = Field(examples=["email"])
    state: State
    status_label: str = Field(examples=["已发出"])
    code: str = Field(description="失败或未发送的原因 (why it failed or was not sent)")
    attempts: int
    answers_lost: int = Field(description="未收到应答的次数 (answers lost: it may arrive twice)")
    next_try_at: datetime | None
    moment: MomentShape | None = Field(description="暂缓或汇总的说明 (why it waits, or waited)")
    digest_id: UUID | None = Field(description="与其他消息汇总发送 (goes out together with others)")
    created_at: datetime
    changed_at: datetime
    tries: list[AttemptShape]
    available_actions: list[Action]


class CodeShape(Shape):
    """How many deliveries are in a state for one reason."""

    state: State
    channel: str = Field(examples=["email"])
    code: str = Field(examples=["550"])
    number: int = Field(examples=[12])


class StateCounts(Shape):
    """How many deliveries are in each state, and why."""

    queued: int = 0
    held: int = 0
    sending: int = 0
    accepted: int = 0
    delivered: int = 0
    failed: int = 0
    suppressed: int = 0
    codes: list[CodeShape] = Field([], description="各原因的数量，多的在前 (by reason, most frequent first)")


class ResentShape(Shape):
    """How many failed deliveries are on their way again."""

    queued: int = Field(examples=[500])
    left: int = Field(examples=[1320], description="符合条件、仍未重发的 (of the same, still failed)")
    last_at: datetime | None = Field(description="最后一条的发送时间 (when the last one goes out)")


class KeptShape(Shape):
    """A letter as it would have gone out."""

    delivery_id: UUID
    channel: str = Field(examples=["sms"])
    to: str = Field(description="接收号码；群机器人为被提及的人 (whom a robot mentions)")
    name: str
    title: str
    body: str
    url: str
    at: datetime


STATUS_LABELS = {
    "unread": "未读",
    "read": "已读",
    "done": "已办",
    "snoozed": "稍后提醒",
    "archived": "已归档",
}


def status_of(message: Message) -> str:
    """Where it is, if it is not at hand, else how it stands."""
    away = "archived" if message.archived_at else "snoozed" if message.snoozed_until else ""
    return away or ("done" if message.done_at else "read" if message.read_at else "unread")


def message_shape(message: Message, own_url: str, english: bool) -> MessageShape:
    status = status_of(message)
    same = set(MessageShape.model_fields) & set(Message.__mapper__.column_attrs.keys())
    return MessageShape(
        **{name: getattr(message, name) for name in same - {"title", "body"}},
        title=message.title_en if english else message.title,
        body=message.body_en if english else message.body,
        link=own_url + message.path,
        is_todo=message.slot_id is not None,
        status=status,
        status_label=STATUS_LABELS[status],
        available_actions=[
            Action(
                action=action,
                allowed=not reason,
                reason=reason,
                method="POST",
                url=f"/api/notify/messages/{message.id}/{action}",
            )
            for action, reason in _why_not(message).items()
        ],
    )


def _why_not(message: Message) -> dict[str, str]:
    """What may be done with a message: for each act why it may not, or nothing."""
    done = "事项已办结" if message.done_at else ""
    away = "已归档" if message.archived_at else ""
    return {
        "read": done or ("已读过" if message.read_at else ""),
        "unread": done or ("" if message.read_at else "尚未读过"),
        "archive": away or ("待办未办结" if message.is_open_todo else ""),
        "unarchive": "" if away else "未归档",
        "snooze": done,
        "unsnooze": "" if message.snoozed_until else "未设稍后提醒",
    }


def state_counts(found: Sequence[CodeCount]) -> StateCounts:
    states = Counter[str]()
    for one in found:
        states[one.state] += one.number
    codes = [CodeShape.model_validate(one) for one in found if one.code]
    return StateCounts(**states, codes=codes[:MOST_CODES])


def delivery_shape(delivery: Delivery, tries: list[Attempt], may_resend: bool) -> DeliveryShape:
    failed = delivery.state == State.FAILED
    reason = "" if may_resend else "需要角色：平台管理员"
    resend = Action(
        action="resend",
        allowed=failed and may_resend,
        reason=reason if failed else "只有发送失败的可以重发",
        method="POST",
        url=f"/api/notify/deliveries/{delivery.id}/resend",
    )
    return DeliveryShape(
        **{
            name: getattr(delivery, name)
            for name in DeliveryShape.model_fields
            if name not in ("answers_lost", "tries", "available_actions")
        },
        answers_lost=delivery.lost,
        tries=[AttemptShape.model_validate(attempt) for attempt in tries],
        available_actions=[resend],
    )
