"""The way of an import application from review to notice to review: judged, frozen and told at once."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.plans.district import next_number
from services.plans.imports.announcement import notice_published, status_changed
from services.plans.imports.approval import FINAL, ImportApproval
from services.plans.imports.notice import Notice, publish
from services.plans.imports.policy import NoticeOrder
from services.plans.imports.rules import ImportRules, rules_for
from services.plans.imports.submission import build, public_content, so_far
from services.plans.review import note
from services.plans.sending import freeze
from services.plans.topics import Imports, Numbers
from shared.errors import invalid
from shared.events.approvals import CaseApproved
from shared.people import Caller
from shared.store import Work


def apply(work: Work, approval: ImportApproval, by: Caller, picks: Sequence[UUID]) -> None:
    """Submits a locked application: into the first review, or to the notice where that comes first.

    Raises `Invalid` with every problem of the form, `calendar_year_missing` among them.
    """
    rules = rules_for(work, approval)
    submission, verdict = build(approval, rules)
    if verdict.problems:
        raise invalid(verdict.problems)
    before = approval.to_record()
    approval.apply(rules.imports, work.now)
    if approval.application_number is None:
        pattern = rules.get(Numbers).import_application
        approval.application_number = _number(work, approval, "import_application", pattern)
    if rules.imports.notice_order == NoticeOrder.BEFORE_FIRST_REVIEW:
        text = f"提交申请，开始公示：{tell_everybody(work, approval, rules).explanation}"
    else:
        text = f"第 {approval.round} 次提交审核"
        numbered = submission.model_copy(update={"number": approval.application_number})
        freeze(work, approval, numbered, verdict.to_json(rules), list(picks))
    note(work, approval, "submitted", text, by=by, before=before, digest=submission.digest)
    work.publish(status_changed(approval, str(before["status"])))


def tell_everybody(work: Work, approval: ImportApproval, rules: ImportRules) -> Notice:
    """Publishes the notice of an application that has just become public."""
    days = approval.notice_days or rules.imports.notice_days
    notice = publish(work, approval, public_content(approval, rules), days)
    work.publish(notice_published(approval, notice))
    return notice


def send_on(work: Work, approval: ImportApproval, review: str, picks: Sequence[UUID] = ()) -> None:
    """Sends a locked application into its next review, with what has happened to it so far. The system picks
    nobody: where the chain asks for a pick, it is refused, and then sent by the applicant's hand."""
    rules = rules_for(work, approval)
    approval.enter_review(review, work.now)
    submission, verdict = build(approval, rules, so_far(work, approval))
    freeze(work, approval, submission, verdict.to_json(rules), list(picks))


def after_first_review(work: Work, approval: ImportApproval, _event: CaseApproved) -> str:
    """The last step of the first review agreed: now the notice, or the final review where there is none."""
    if approval.notice_order != NoticeOrder.AFTER_FIRST_REVIEW:
        send_on(work, approval, FINAL)
        return "初审通过，进入终审"
    approval.publish(work.now)
    notice = tell_everybody(work, approval, rules_for(work, approval))
    return f"初审通过，开始公示：{notice.explanation}"


def after_final_review(work: Work, approval: ImportApproval, _event: CaseApproved) -> str:
    """The last step of the final review agreed: the approval gets its number, and holds from today on."""
    rules = rules_for(work, approval)
    until = valid_to(approval, rules.imports, work.today)
    number = _number(work, approval, "import_approval", rules.get(Numbers).import_approval)
    approval.approve(number, (work.today, until), work.now)
    return f"终审通过，核准编号 {number}，有效期至 {until}"


def valid_to(approval: ImportApproval, imports: Imports, today: date) -> date:
    """The last day of an approval: the end of its fiscal year, or so many months on as the district says."""
    if imports.valid_months is None:
        return date(approval.fiscal_year, 12, 31)
    years, month = divmod(today.month - 1 + imports.valid_months, 12)
    year, month = today.year + years, month + 1
    return date(year, month, min(today.day, monthrange(year, month)[1]))


def _number(work: Work, approval: ImportApproval, kind: str, pattern: str) -> str:
    return next_number(work, approval.district_code, approval.fiscal_year, kind, pattern)
