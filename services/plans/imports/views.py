"""How import applications are shown: with labels, who has them now, and what may be done with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from services.plans import reference
from services.plans.actions import available_actions
from services.plans.catalogue import entries
from services.plans.imports.approval import ImportApproval
from services.plans.imports.notice import Notice
from services.plans.imports.schemas import ExpertShape, ImportItemShape, ImportRow, ImportShape, NoticeRow
from services.plans.leaving import look_for_leavers
from services.plans.outside import as_asked
from services.plans.queries import Turn, turns
from services.plans.review import judgement
from services.plans.schemas import AttachmentShape
from services.plans.views import returned_shape
from shared.money import format_yuan
from shared.people import Caller
from shared.store import Look

_MADE = {"amount", "applicant_note", "current_step", "current_holders", "returned", "available_actions"}
_HEADER = (
    *("district_code", "purpose", "reason", "policy_basis", "contact_name", "contact_phone"),
    *("notice_order", "notice_days"),
)


def import_rows(look: Look, approvals: Iterable[ImportApproval], caller: Caller) -> list[ImportRow]:
    listed = list(approvals)
    now_with = turns(look, listed)
    look_for_leavers(look, listed)
    rows = [ImportRow(**_common(approval, caller, now_with.get(approval.id))) for approval in listed]
    return as_asked(look, listed, rows, caller)


def import_shape(look: Look, approval: ImportApproval, caller: Caller) -> ImportShape:
    """The whole application."""
    look.session.flush()
    catalogue = entries(look, [item.catalogue_code for item in approval.items])
    roles = reference.choices("expert_role")
    notices = select(Notice).where(Notice.approval_id == approval.id).order_by(Notice.seq.desc())
    judged = judgement(look, approval)
    look_for_leavers(look, [approval])
    shape = ImportShape(
        **_common(approval, caller, turns(look, [approval]).get(approval.id)),
        **{name: getattr(approval, name) for name in _HEADER},
        category_name=reference.choices("category").get(approval.category or ""),
        items=[
            ImportItemShape(
                **item.to_json(),
                catalogue_name=catalogue[item.catalogue_code].name_zh
                if item.catalogue_code in catalogue
                else None,
            )
            for item in approval.items
        ],
        experts=[
            ExpertShape(**expert.to_json(), expert_role_name=roles.get(expert.expert_role or ""))
            for expert in approval.experts
        ],
        attachments=[AttachmentShape.model_validate(row) for row in approval.attachments],
        notices=[notice_row(notice) for notice in look.all(notices)],
        judged_by=judged.get("versions", []),
        warnings=judged.get("warnings", []),
    )
    return as_asked(look, [approval], [shape], caller)[0]


def notice_row(notice: Notice) -> NoticeRow:
    names = NoticeRow.model_fields.keys() - {"url"}
    plain = {name: getattr(notice, name) for name in names}
    return NoticeRow(**plain, url=f"/api/plans/public/notices/{notice.id}")


def _common(approval: ImportApproval, caller: Caller, turn: Turn | None) -> dict[str, Any]:
    plain = {name: getattr(approval, name) for name in ImportRow.model_fields.keys() - _MADE}
    return {
        **plain,
        "amount": format_yuan(approval.amount_fen),
        "applicant_note": approval.applicant_gone,
        "current_step": turn.step if turn else "",
        "current_holders": turn.holders if turn else [],
        "returned": returned_shape(approval),
        "available_actions": available_actions(approval, caller),
    }
