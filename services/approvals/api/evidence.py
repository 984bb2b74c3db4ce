"""Routes of evidence: the export of a case, and the daily seals."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import select

from services.approvals.case import Case
from services.approvals.evidence.file import evidence_file
from services.approvals.evidence.seal import Seal
from shared.errors import Forbidden
from shared.http import Page, Paged, Shape, SignedIn, StoreHere, page_of, shown
from shared.people import Caller, Role

router = APIRouter(tags=["evidence"])


class SealShape(Shape):
    """The seal of a day."""

    n: int
    day: date
    root: str
    leaves: int
    previous: str
    hash: str
    made_at: datetime


READERS = (Role.UNIT_ADMINISTRATOR, Role.AUDITOR, Role.FINANCE, Role.DISTRICT_ADMINISTRATOR)


@router.get(
    "/cases/{case_id}/evidence",
    operation_id="export_evidence",
    summary="导出审核证据文件 (export the evidence of a case)",
)
def export_evidence(store: StoreHere, caller: SignedIn, case_id: UUID) -> Response:
    """All rounds, acts and slots of a case with their digests, as one file that is checked offline by
    `python -m services audit verify`. For the applicant, administrators and auditors in whose scope it is."""
    with store.read() as look:
        case = look.get(Case, case_id, seen_by=caller)
        _require_reader(case, caller)
        content = evidence_file(look, case, str(caller.person_id))
    headers = {"Content-Disposition": f'attachment; filename="case-{case.id}.json"'}
    return Response(content, media_type="application/json", headers=headers)


@router.get(
    "/seals", operation_id="list_seals", summary="每日封存 (daily seals)", response_model=Page[SealShape]
)
def list_seals(store: StoreHere, caller: SignedIn, asked: Paged) -> Response:
    """Newest first: day, root and hash. Whoever keeps a hash can show later that nothing before it changed.
    They hold no content, so everybody who is signed in may read them."""
    with store.read() as look:
        rows, after = page_of(look, select(Seal), [Seal.n], asked)
    return shown(Page(items=[SealShape.model_validate(row) for row in rows], next=after))


def _require_reader(case: Case, caller: Caller) -> None:
    if caller.person_id != case.applicant_id and not caller.has(*READERS):
        text_en = "for the applicant, administrators and auditors"
        raise Forbidden("evidence_not_for_you", "只有申请人、管理员和审计人员可以导出", text_en)
