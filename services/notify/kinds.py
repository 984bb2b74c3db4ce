"""The kinds of messages: what each is called, which event it tells of, and the values its texts may use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from shared.events import Event
from shared.events.approvals import CaseAttentionRaised, SlotOpened
from shared.events.plans import (
    MethodChangeStatusChanged,
    PlanAssigned,
    PlanRecalled,
    PlanStatusChanged,
    RevocationStatusChanged,
)
from shared.money import format_yuan

EXAMPLES = Path(__file__).parent / "examples"
DOCUMENTS = {
    "plan": ("采购计划", "procurement plan"),
    "method_change": ("采购方式变更", "method change"),
    "revocation": ("采购计划撤销", "revocation"),
}
OTHER_DOCUMENT = ("单据", "document")


UNEDITED = frozenset({"template.failed"})
"""Kinds with shipped texts only: what tells of a text that failed must not fail itself."""


@dataclass(frozen=True)
class Kind:
    """A kind of message. Without an `event` it tells of something that notify itself has noticed; its
    example then holds the very values of its texts."""

    name: str
    label: str
    label_en: str
    event: type[Event] | None = None


def _outcomes(doc_type: str, event: type[Event], **more: str) -> list[Kind]:
    """What may become of a document in review; `more` are labels of its own outcomes, `usable="可使用"`."""
    chinese, english = DOCUMENTS[doc_type]
    labels = {
        "under_review": ("已提交", "submitted"),
        "withdrawn": ("已撤回", "withdrawn"),
        "returned": ("被退回", "returned"),
        "returned_by_system": ("被系统退回", "returned by the system"),
        **{status: (label, status.replace("_", " ")) for status, label in more.items()},
    }
    return [
        Kind(f"{doc_type}.{status}", f"{chinese}{label}", f"{english} {label_en}", event)
        for status, (label, label_en) in labels.items()
    ]


_ALL = (
    Kind("slot.opened", "轮到您审核", "your turn to review", SlotOpened),
    Kind("case.attention_raised", "审核需要关注", "a review needs attention", CaseAttentionRaised),
    *_outcomes("plan", PlanStatusChanged, usable="可使用", closed="已结束", void="已作废"),
    *_outcomes("method_change", MethodChangeStatusChanged, approved="审核通过"),
    *_outcomes("revocation", RevocationStatusChanged, completed="审核完成"),
    Kind("plan.assigned", "采购计划分派给您", "plan assigned to you", PlanAssigned),
    Kind("plan.assigned_away", "采购计划分派给他人", "plan assigned to another", PlanAssigned),
    Kind("plan.recalled", "采购计划被收回", "plan recalled", PlanRecalled),
    Kind("plan.recalled_back", "采购计划收回到您名下", "plan is yours again", PlanRecalled),
    Kind("provider.broken", "服务商配置有误", "a provider is broken"),
    Kind("template.failed", "通知文本出错", "a text failed"),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}


def context_of(event: Event) -> dict[str, Any]:
    """The values of an event as plain JSON, with the words and figures that texts need beside them."""
    return {**event.model_dump(mode="json"), **_words(event)}


def _words(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "doc_type" in type(event).model_fields:
        chinese, english = DOCUMENTS.get(getattr(event, "doc_type", ""), OTHER_DOCUMENT)
        found |= {"document": chinese, "document_en": english}
    if "amount_fen" in type(event).model_fields:
        amount: int = getattr(event, "amount_fen", 0)
        found["amount"] = format(Decimal(format_yuan(amount)), ",.2f")
    return found


@cache
def example_of(kind: str) -> dict[str, Any]:
    """The values of a real message of this kind; their names are the variables that its texts may use."""
    data: dict[str, Any] = json.loads((EXAMPLES / f"{kind}.json").read_text(encoding="utf-8"))
    event = KINDS[kind].event
    return context_of(event.model_validate(data)) if event else data
