"""What outside systems may hear of: which events, as what, and in which unit they happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import String, Uuid, select
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.message import Base
from shared.events import Envelope, Event
from shared.events.approvals import (
    CaseApproved,
    CaseOpened,
    CaseReturned,
    CaseTerminated,
    CaseWithdrawn,
)
from shared.events.documents import DocumentCancelled, DocumentHandedOver, DocumentSubmitted
from shared.events.imports import ImportApprovalStatusChanged, NoticePublished
from shared.events.plans import (
    MethodChangeStatusChanged,
    PlanAssigned,
    PlanRecalled,
    PlanStatusChanged,
    RevocationStatusChanged,
    TradeAwarded,
    TradeFailed,
    TradeReversed,
    TradeStarted,
)
from shared.people import DistrictCopy, OrganisationCopy
from shared.store import Look, Work

OUTSIDE: Mapping[type[Event], str] = {
    PlanStatusChanged: "采购计划状态变化",
    MethodChangeStatusChanged: "采购方式变更状态变化",
    RevocationStatusChanged: "采购计划撤销状态变化",
    ImportApprovalStatusChanged: "进口产品申请状态变化",
    NoticePublished: "公示发布",
    PlanAssigned: "采购计划分派",
    PlanRecalled: "采购计划收回",
    DocumentHandedOver: "单据移交",
    TradeStarted: "交易开始",
    TradeAwarded: "成交",
    TradeFailed: "废标",
    TradeReversed: "成交撤销",
    CaseOpened: "审核开始",
    CaseApproved: "审核通过",
    CaseReturned: "审核退回",
    CaseWithdrawn: "审核撤回",
    CaseTerminated: "审核终止",
    DocumentCancelled: "单据作废",
}
"""Events that are meant for others. A submission is not: its content names a contact with a phone number; nor
are to-dos, which are somebody's own."""
LABELS: Mapping[str, str] = {kind.type: label for kind, label in OUTSIDE.items()}
INTERNAL = {"knows", "traceparent", "actor"}
"""Attributes of an envelope that concern nobody outside."""


class DocumentCopy(Base):
    """Whose a document is, for events of its review which do not say so."""

    __tablename__ = "document_copy"

    doc_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    doc_type: Mapped[str] = mapped_column(String(40))
    organisation_id: Mapped[UUID] = mapped_column(Uuid)


def keep_document(work: Work, event: DocumentSubmitted) -> None:
    """A document never changes its unit: the first submission counts."""
    sent = event.submission
    row = {"doc_id": sent.doc_id, "doc_type": sent.doc_type, "organisation_id": sent.organisation_id}
    work.execute(work.insert(DocumentCopy).values(**row).on_conflict_do_nothing())


def unit_of_document(look: Look, doc_id: UUID) -> UUID | None:
    """The unit of a document that was submitted once."""
    return look.first(select(DocumentCopy.organisation_id).where(DocumentCopy.doc_id == doc_id))


def body_of(envelope: Envelope) -> str:
    """An event as outside systems get it: CloudEvents 1.0 in JSON."""
    found = envelope.model_dump(mode="json", exclude=INTERNAL)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def unit_of(look: Look, event: Event) -> tuple[UUID, str] | None:
    """The unit in which an event happened, with the path of its district; nothing when that is not known."""
    unit = getattr(event, "organisation_id", None)
    if unit is None and (doc_id := getattr(event, "doc_id", None)) is not None:
        unit = unit_of_document(look, doc_id)
    if unit is None:
        return None
    of_unit = OrganisationCopy.district_code == DistrictCopy.code
    path = look.first(
        select(DistrictCopy.path)
        .join(OrganisationCopy, of_unit)
        .where(OrganisationCopy.organisation_id == unit)
    )
    return unit, path or ""
