"""Objections to a notice: raised by anybody, answered by the applicant, decided by the finance office.

The application's row is locked first; its notice and objections change under that lock only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from services.plans.imports.announcement import about, cancelled, status_changed
from services.plans.imports.approval import Action, ImportApproval
from services.plans.imports.notice import Notice, NoticeState, last_notice
from services.plans.imports.objection import Objection, ObjectionState
from services.plans.imports.sending import send_on
from services.plans.leaving import look_for_leavers
from services.plans.review import note
from shared.database import new_id
from shared.errors import Conflict, NotFound, TooMany
from shared.events.imports import ObjectionDecided, ObjectionRaised
from shared.people import AppointmentCopy, Caller, OrganisationCopy, PersonCopy, Role
from shared.store import Look, Work

PER_NOTICE = 3
PER_DAY = 10
"""Objections that one address may raise, to one notice and in 24 hours in all."""


@dataclass(frozen=True)
class Objector:
    """Who objects, and from which address (`source`, told apart without keeping it)."""

    name: str
    organisation: str
    phone: str
    email: str
    source: str


def raise_objection(work: Work, notice_id: UUID, text: str, by: Objector) -> Objection:
    """Somebody objects. Raises `NotFound`, `Conflict` (`notice_over`), `TooMany` (`too_many_objections`)."""
    approval_id = work.first(select(Notice.approval_id).where(Notice.id == notice_id))
    if approval_id is None:
        raise NotFound("not_found", "未找到该公示", "no such notice")
    approval = work.get(ImportApproval, approval_id)
    notice = work.get(Notice, notice_id)
    if not (approval.is_noticed and notice.takes_objections(work.now)):
        ends = notice.ends_at.isoformat() if notice.ends_at else None
        raise Conflict(
            "notice_over", "公示已结束，不再受理异议", "the notice is over", facts={"ends_at": ends}
        )
    _must_be_few(work, notice, by.source)
    objection = _new(work, notice, text, by)
    work.add(objection)
    before = approval.to_record()
    approval.object_to(work.now)
    said = f"收到{by.organisation}的异议"
    note(work, approval, "objection_raised", said, before=before, objection_id=str(objection.id))
    raised = ObjectionRaised(
        **_about(approval, objection), raised_at=work.now, finance_ids=finance_of(work, approval)
    )
    work.publish(raised, *_moved(approval, before))
    return objection


def _new(work: Work, notice: Notice, text: str, by: Objector) -> Objection:
    return Objection(
        id=new_id(),
        version=1,
        approval_id=notice.approval_id,
        notice_id=notice.id,
        state=ObjectionState.OPEN,
        contact_name=by.name,
        contact_organisation=by.organisation,
        contact_phone=by.phone,
        contact_email=by.email,
        text=text,
        source=by.source,
        raised_at=work.now,
        **dict.fromkeys(("argument", "argued_by", "decision_reason", "decided_by"), ""),
    )


def _must_be_few(look: Look, notice: Notice, source: str) -> None:
    from_there: Select[Any] = select(func.count()).select_from(Objection).where(Objection.source == source)
    here = look.execute(from_there.where(Objection.notice_id == notice.id)).scalar_one()
    lately = look.execute(from_there.where(Objection.raised_at > look.now - timedelta(days=1))).scalar_one()
    if here >= PER_NOTICE or lately >= PER_DAY:
        text = "提交的异议过多，请合并意见或稍后再试"
        raise TooMany("too_many_objections", text, "too many", headers={"Retry-After": "86400"})


def must_be_open(approval: ImportApproval, objection: Objection) -> None:
    """Raises `Conflict`: `objection_decided`, or `wrong_state` when the application has ended meanwhile."""
    objection.must_be_open()
    approval.must_allow(Action.UPHOLD)


def argue(work: Work, approval: ImportApproval, objection: Objection, text: str, by: Caller) -> None:
    """The applicant answers an objection (补充论证). Raises `Conflict` once it is decided."""
    objection.argue(text, by, work.now)
    said = f"对{objection.contact_organisation}的异议补充论证"
    record = approval.to_record()
    note(work, approval, "objection_argued", said, by=by, before=record, objection_id=str(objection.id))


def decide(  # noqa: PLR0913 - a decision: on what, how, why, by whom
    work: Work, approval: ImportApproval, objection: Objection, upheld: bool, reason: str, by: Caller
) -> None:
    """The finance office decides. Upheld: the application has failed. The last one not upheld: the notice
    goes on, or, when its time is over, the next review begins with both texts before it. An applicant who
    has left need not have answered."""
    look_for_leavers(work, [approval])
    objection.decide(upheld, reason, by, work.now, nobody_answers=bool(approval.applicant_gone))
    before = approval.to_record()
    if upheld:
        _fail(work, approval, reason, by)
    elif not _others_open(work, objection):
        _go_on(work, approval)
    said = f"认定{objection.contact_organisation}的异议{'成立' if upheld else '不成立'}：{reason}"
    note(work, approval, "objection_decided", said, by=by, before=before, objection_id=str(objection.id))
    decided = ObjectionDecided(
        **_about(approval, objection), upheld=upheld, reason=reason, decided_by=by.name
    )
    work.publish(decided, *_moved(approval, before))


def _fail(work: Work, approval: ImportApproval, reason: str, by: Caller) -> None:
    approval.uphold(reason, by.name, work.now)
    notice = last_notice(work, approval.id)
    if notice is not None and notice.state == NoticeState.RUNNING:
        notice.close(NoticeState.ENDED, work.now)
    work.publish(*cancelled(approval, reason))


def _others_open(look: Look, objection: Objection) -> bool:
    others = select(Objection.id).where(
        Objection.notice_id == objection.notice_id,
        Objection.state == ObjectionState.OPEN,
        Objection.id != objection.id,
    )
    return look.first(others) is not None


def _go_on(work: Work, approval: ImportApproval) -> None:
    notice = last_notice(work, approval.id)
    if notice is not None and notice.takes_objections(work.now):
        approval.dismiss(work.now)
        return
    if notice is not None and notice.state == NoticeState.RUNNING:
        notice.close(NoticeState.OVER, work.now)
    work.session.flush()
    send_on(work, approval, approval.review)


def _moved(approval: ImportApproval, before: dict[str, Any]) -> list[Any]:
    previous = str(before["status"])
    return [status_changed(approval, previous)] if previous != approval.status else []


def _about(approval: ImportApproval, objection: Objection) -> dict[str, Any]:
    return {
        **about(approval),
        "notice_id": objection.notice_id,
        "objection_id": objection.id,
        "objector_organisation": objection.contact_organisation,
    }


def finance_of(look: Look, approval: ImportApproval) -> list[UUID]:
    """The people of the nearest finance office at or above the district."""
    codes = [code for code in reversed(approval.district_path.split("/")) if code]
    rows: list[Any] = list(
        look.execute(
            select(PersonCopy.person_id, OrganisationCopy.district_code)
            .join(AppointmentCopy, AppointmentCopy.person_id == PersonCopy.person_id)
            .join(OrganisationCopy, OrganisationCopy.organisation_id == AppointmentCopy.organisation_id)
            .where(AppointmentCopy.role == Role.FINANCE, AppointmentCopy.on(look.today))
            .where(PersonCopy.active, OrganisationCopy.active, OrganisationCopy.district_code.in_(codes))
        )
    )
    nearest = min((codes.index(code) for _, code in rows), default=0)
    return sorted({person for person, code in rows if codes.index(code) == nearest})


def may_see_objector(approval: ImportApproval, caller: Caller) -> bool:
    """Who objected is shown to the handlers of the purchaser, and to the finance office."""
    own_unit = caller.organisation_id == approval.organisation_id and caller.has(Role.HANDLER)
    above = approval.district_path.startswith(caller.district_path) and caller.has(Role.FINANCE)
    return own_unit or above
