"""The kinds of messages: what each is called, which event it tells of, and the values its texts may use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from services.notify.channels import Channel
from services.notify.event_words import DOCUMENTS, words_of
from shared.events import Event
from shared.events.approvals import (
    CaseAttentionRaised,
    SlotDueSoon,
    SlotEscalated,
    SlotOpened,
    SlotOverdue,
    SlotUrged,
)
from shared.events.case_talk import CaseCcAdded, CaseCommented, CaseMigrated
from shared.events.documents import DocumentHandedOver
from shared.events.imports import ImportApprovalStatusChanged, ObjectionDecided, ObjectionRaised
from shared.events.plans import (
    MethodChangeStatusChanged,
    PlanAssigned,
    PlanRecalled,
    PlanStatusChanged,
    RevocationStatusChanged,
)
from shared.events.substitutions import SubstitutionEnded, SubstitutionGranted

EXAMPLES = Path(__file__).parent / "examples"
UNEDITED = frozenset({"template.failed"})
"""Kinds with shipped texts only: what tells of a text that failed must not fail itself."""


class Group(StrEnum):
    """Kinds that a person chooses about together."""

    TODO = "todo"
    OUTCOME = "outcome"
    HANDOVER = "handover"
    SYSTEM = "system"


GROUP_LABELS = {
    Group.TODO: "待办",
    Group.OUTCOME: "办理结果",
    Group.HANDOVER: "分派、收回与移交",
    Group.SYSTEM: "系统运行",
}
BY_MAIL = frozenset({Channel.EMAIL})
INBOX_ONLY: frozenset[Channel] = frozenset()


@dataclass(frozen=True)
class Kind:
    """A kind of message, and on which channels it goes out while nobody has chosen otherwise.

    One that is `mandatory` goes out on some channel, whatever a person chooses, however many went before; one
    that is `urgent` waits neither for the end of quiet time nor for others. Without an `event` it tells of
    something that notify itself has noticed; its example then holds the very values of its texts. A `letter`
    stands for other messages: it is none of the inbox.
    """

    name: str
    group: Group
    label: str
    label_en: str
    event: type[Event] | None = None
    channels: frozenset[Channel] = BY_MAIL
    mandatory: bool = False
    urgent: bool = False
    letter: bool = False

    @property
    def collectable(self) -> bool:
        """Whether it may wait to go out in one letter with others."""
        return not (self.urgent or self.letter)

    @property
    def counted(self) -> bool:
        """Whether it waits when a person has had as many in an hour as he wants."""
        return self.collectable and not self.mandatory


def _outcomes(doc_type: str, event: type[Event], **more: str) -> list[Kind]:
    """What may become of a document in review; `more` are labels of its own outcomes, `usable="可使用"`.

    Nobody is mailed about what he has just done himself; what is his to correct is mandatory.
    """
    chinese, english = DOCUMENTS[doc_type]
    name, group = doc_type, Group.OUTCOME

    def kind(status: str, label: str, label_en: str, **ways: Any) -> Kind:
        return Kind(f"{name}.{status}", group, f"{chinese}{label}", f"{english} {label_en}", event, **ways)

    return [
        kind("under_review", "已提交", "submitted", channels=INBOX_ONLY),
        kind("withdrawn", "已撤回", "withdrawn", channels=INBOX_ONLY),
        kind("returned", "被退回", "returned", mandatory=True),
        kind("returned_by_system", "被系统退回", "returned by the system", mandatory=True),
        *(kind(status, label, status.replace("_", " ")) for status, label in more.items()),
    ]


def _handover(name: str, label: str, label_en: str, event: type[Event]) -> Kind:
    return Kind(f"plan.{name}", Group.HANDOVER, label, label_en, event)


_ALL = (
    Kind("slot.opened", Group.TODO, "轮到您审核", "your turn to review", SlotOpened, mandatory=True),
    Kind(
        "case.attention_raised",
        Group.TODO,
        "审核需要关注",
        "a review needs attention",
        CaseAttentionRaised,
        mandatory=True,
        urgent=True,
    ),
    Kind("slot.due_soon", Group.TODO, "待办即将超期", "a to-do is due soon", SlotDueSoon),
    Kind(
        "slot.overdue",
        Group.TODO,
        "待办已超期",
        "a to-do is overdue",
        SlotOverdue,
        mandatory=True,
        urgent=True,
    ),
    Kind("slot.escalated", Group.TODO, "待办超期转办", "an overdue to-do went on", SlotEscalated),
    Kind(
        "slot.urged", Group.TODO, "申请人催办", "the applicant asks you to be quick", SlotUrged, urgent=True
    ),
    Kind("todo.digest", Group.TODO, "每日待办汇总", "your to-dos of the day", letter=True),
    Kind("case.cc_added", Group.TODO, "抄送给您", "copied to you", CaseCcAdded),
    Kind("case.commented", Group.TODO, "审核评论", "a comment on a review", CaseCommented),
    Kind(
        "case.migrated", Group.OUTCOME, "审核流程已调整", "the steps of a review have changed", CaseMigrated
    ),
    *_outcomes("plan", PlanStatusChanged, usable="可使用", closed="已结束", void="已作废"),
    *_outcomes("method_change", MethodChangeStatusChanged, approved="审核通过"),
    *_outcomes("revocation", RevocationStatusChanged, completed="审核完成"),
    *_outcomes(
        "import_approval",
        ImportApprovalStatusChanged,
        **{"publicity": "开始公示", "awaiting_review": "待送审", "approved": "已审核"},
        **{"expired": "已失效", "rejected": "未通过"},
    ),
    Kind("objection.raised", Group.OUTCOME, "公示收到异议", "objection to a notice", ObjectionRaised),
    Kind("objection.decided", Group.OUTCOME, "异议已认定", "objection decided", ObjectionDecided),
    _handover("assigned", "采购计划分派给您", "plan assigned to you", PlanAssigned),
    _handover("assigned_away", "采购计划分派给他人", "plan assigned to another", PlanAssigned),
    _handover("recalled", "采购计划被收回", "plan recalled", PlanRecalled),
    _handover("recalled_back", "采购计划收回到您名下", "plan is yours again", PlanRecalled),
    Kind(
        "document.handed_over",
        Group.HANDOVER,
        "单据移交给您",
        "document handed over to you",
        DocumentHandedOver,
        mandatory=True,
    ),
    Kind("substitution.granted", Group.HANDOVER, "代理审核", "a substitution", SubstitutionGranted),
    Kind("substitution.ended", Group.HANDOVER, "代理提前结束", "a substitution has ended", SubstitutionEnded),
    Kind("provider.broken", Group.SYSTEM, "服务商配置有误", "a provider is broken", urgent=True),
    Kind("deliveries.failed", Group.SYSTEM, "消息发送失败", "messages could not be sent"),
    Kind("endpoint.disabled", Group.SYSTEM, "对外推送已停用", "an outside system hears nothing any more"),
    Kind("person.unreachable", Group.SYSTEM, "必收通知未能送达", "what is mandatory does not come through"),
    Kind("template.failed", Group.SYSTEM, "通知文本出错", "a text failed"),
    Kind("digest.collected", Group.SYSTEM, "消息汇总", "collected messages", letter=True),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
COLLECTED, TODO_DIGEST = KINDS["digest.collected"], KINDS["todo.digest"]
CHOOSABLE: Mapping[str, Kind] = {name: kind for name, kind in KINDS.items() if kind is not COLLECTED}
"""What people choose about; where the letter goes that lists collected messages, follows from those."""
LETTERS = frozenset(name for name, kind in KINDS.items() if kind.letter)


def context_of(event: Event) -> dict[str, Any]:
    """The values of an event as plain JSON, with the words and figures that texts need beside them."""
    return {**event.model_dump(mode="json"), **words_of(event)}


@cache
def example_of(kind: str) -> dict[str, Any]:
    """The values of a real message of this kind; their names are the variables that its texts may use."""
    data: dict[str, Any] = json.loads((EXAMPLES / f"{kind}.json").read_text(encoding="utf-8"))
    event = KINDS[kind].event
    return context_of(event.model_validate(data)) if event else data
