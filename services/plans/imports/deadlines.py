"""What time brings to import approvals; a look that comes early, late or twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import or_, select
from structlog import get_logger

from services.plans.imports.announcement import status_changed
from services.plans.imports.approval import ImportApproval, Status
from services.plans.imports.ending import expire
from services.plans.imports.notice import Notice, NoticeState, find_end, last_notice
from services.plans.imports.sending import send_on
from services.plans.review import note
from shared.store import Store, Work

log = get_logger(__name__)
BATCH = 200


def end_notices(store: Store) -> None:
    """Looks after the notices whose days have passed, or whose end was not known yet."""
    with store.read() as look:
        passed = or_(Notice.ends_at.is_(None), Notice.ends_at <= look.now)
        due = select(Notice.approval_id).where(Notice.state == NoticeState.RUNNING, passed)
        found = look.all(due.order_by(Notice.ends_at).limit(BATCH))
    _each(store, found, follow_notice)


def expire_imports(store: Store) -> None:
    """Looks after the approvals whose last day is over."""
    with store.read() as look:
        over = (ImportApproval.status == Status.APPROVED) & (ImportApproval.valid_to < look.today)
        due = select(ImportApproval.id).where(over).order_by(ImportApproval.valid_to)
        found = look.all(due.limit(BATCH))
    _each(store, found, expire)


def _each(store: Store, found: list[UUID], act: Callable[[Work, UUID], None]) -> None:
    """Each in a transaction of its own: one that fails does not hold up the others."""
    for approval_id in found:
        try:
            with store.work() as work:
                act(work, approval_id)
        except Exception as error:
            log.warning("import_deadline_failed", approval=str(approval_id), error=repr(error)[:500])


def follow_notice(work: Work, approval_id: UUID) -> None:
    """Ends the notice if its time is over by the clock; without an open objection the next review begins."""
    approval = work.get(ImportApproval, approval_id)
    notice = last_notice(work, approval_id)
    if notice is None or notice.state != NoticeState.RUNNING:
        return
    before = approval.to_record()
    if notice.ends_at is None:
        find_end(work, notice)
        if notice.ends_at is not None:
            note(work, approval, "notice_dated", f"公示截止日期确定：{notice.explanation}", before=before)
    if not notice.time_is_over(work.now):
        return
    notice.close(NoticeState.OVER, work.now)
    if approval.status != Status.PUBLICITY:
        note(work, approval, "notice_over", "公示期满，异议处理中", before=before)
        return
    send_on(work, approval, approval.review)
    note(work, approval, "notice_over", f"公示期满，{approval.status_label}", before=before)
    work.publish(status_changed(approval, str(before["status"])))
