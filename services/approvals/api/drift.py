"""Route of drift between cases and documents, for those who look after a unit or a district."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.approvals.drift import QUIET, Drift, drifted
from shared.http import Shape, SignedIn, StoreHere
from shared.people import DISTRICT_ROLES, Role

router = APIRouter(tags=["drift"])
Minutes = Annotated[int, Query(ge=0, le=7 * 24 * 60, description="持续多少分钟以上 (for longer than)")]
LABELS = {
    "document_silent": "单据没有跟进审核结果",
    "document_differs": "单据状态与审核结果不一致",
    "document_unrouted": "单据在审核中，但没有审核件",
}


class DriftItem(Shape):
    """A document and a case that do not agree; `stated` is what the document has said of its review since the
    case changed, if anything."""

    kind: str
    label: str
    doc_type: str
    doc_id: UUID
    round: int
    case_id: UUID | None
    case_state: str | None
    title: str
    organisation_name: str
    stated: str
    since: datetime
    age_minutes: int


class DriftShape(Shape):
    """The oldest hundred, and how many there are."""

    count: int
    items: list[DriftItem]


@router.get(
    "/drift", operation_id="list_drift", summary="单据与审核不一致 (documents and cases that do not agree)"
)
def list_drift(
    store: StoreHere, caller: SignedIn, minutes: Minutes = int(QUIET.total_seconds()) // 60
) -> DriftShape:
    """Documents whose status is not what their case says, cases whose documents have said nothing since, and
    documents under review without a case; for longer than events take. They are listed and never changed."""
    caller.require(Role.UNIT_ADMINISTRATOR, *DISTRICT_ROLES)
    with store.read() as look:
        found, count = drifted(look, caller, look.now - timedelta(minutes=minutes))
        return DriftShape(count=count, items=[_item(one, look.now) for one in found])


def _item(one: Drift, now: datetime) -> DriftItem:
    return DriftItem(
        kind=one.kind,
        label=LABELS[one.kind],
        doc_type=one.doc_type,
        doc_id=one.doc_id,
        round=one.round,
        case_id=one.case_id,
        case_state=one.case_state,
        title=one.title,
        organisation_name=one.organisation_name,
        stated=one.stated,
        since=one.since,
        age_minutes=int((now - one.since).total_seconds()) // 60,
    )
