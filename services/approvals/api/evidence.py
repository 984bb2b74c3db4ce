"""The route that exports the evidence of a case."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from services.approvals.case import Case
from services.approvals.evidence import evidence_file
from shared.errors import Forbidden
from shared.http import SignedIn, StoreHere
from shared.people import Caller, Role

router = APIRouter(tags=["evidence"])
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


def _require_reader(case: Case, caller: Caller) -> None:
    if caller.person_id != case.applicant_id and not caller.has(*READERS):
        text_en = "for the applicant, administrators and auditors"
        raise Forbidden("evidence_not_for_you", "只有申请人、管理员和审计人员可以导出", text_en)
