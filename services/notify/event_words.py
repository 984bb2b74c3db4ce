"""The words and figures that texts need beside the values of an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.clock import SHANGHAI
from shared.events import Event
from shared.events.approvals import CaseAttentionRaised, SlotEscalated, SlotOpened
from shared.events.substitutions import SubstitutionEnded, SubstitutionGranted
from shared.money import format_yuan

DOCUMENTS = {
    "plan": ("采购计划", "procurement plan"),
    "method_change": ("采购方式变更", "method change"),
    "revocation": ("采购计划撤销", "revocation"),
    "import_approval": ("进口产品申请", "import application"),
    "import_first_review": ("进口产品申请（初审）", "import application (first review)"),
    "import_final_review": ("进口产品申请（终审）", "import application (final review)"),
}
OTHER_DOCUMENT = ("单据", "document")
ATTENTION = {
    "holder_left": ("审核人已离任或停用", "the reviewer has left"),
    "nobody_to_review": ("没有可以审核的人员", "there is nobody who may review it"),
    "too_few_reviewers": ("可以审核的人员不足", "there are too few people who may review it"),
    "overdue": ("待办超期，无人接手", "it is overdue and nobody has taken it over"),
}
"""Why a case needs attention, in words; a reason that is not here is shown as it is."""


def local_text(moment: datetime) -> str:
    """A moment as people read it: minutes, in Asia/Shanghai."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def words_of(event: Event) -> dict[str, Any]:
    """What there is to say of an event in words. Names that depend on the reader, or that the event leaves
    out, are empty until whoever tells it fills them in."""
    found: dict[str, Any] = {}
    if "doc_type" in type(event).model_fields:
        chinese, english = DOCUMENTS.get(getattr(event, "doc_type", ""), OTHER_DOCUMENT)
        found |= {"document": chinese, "document_en": english}
    if "amount_fen" in type(event).model_fields:
        amount: int = getattr(event, "amount_fen", 0)
        found["amount"] = format(Decimal(format_yuan(amount)), ",.2f")
    own = OWN_WORDS.get(type(event))
    return found | own(event) if own else found


def _attention(event: CaseAttentionRaised) -> dict[str, str]:
    chinese, english = ATTENTION.get(event.reason, (event.reason, event.reason))
    return {"reason_text": chinese, "reason_text_en": english}


def _substitution(event: SubstitutionGranted) -> dict[str, str]:
    names = [DOCUMENTS.get(doc_type, (doc_type, doc_type)) for doc_type in event.doc_types]
    return {
        "starts": local_text(event.starts_at),
        "ends": local_text(event.ends_at),
        "documents": "、".join(chinese for chinese, _ in names),
        "documents_en": ", ".join(english for _, english in names),
    }


OWN_WORDS: Mapping[type[Event], Callable[[Any], dict[str, str]]] = {
    SlotOpened: lambda _: {"deputy_for": ""},
    SlotEscalated: lambda _: {"new_holder_name": ""},
    CaseAttentionRaised: _attention,
    SubstitutionGranted: _substitution,
    SubstitutionEnded: lambda _: {"principal_name": "", "deputy_name": ""},
}
