"""Requests on plans in review: the submission that is sent, and what its outcome does to the plan.

The request's row is locked first, then its plan's, then the plan's budget lines.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.plans import reference
from services.plans.announcement import request_changed, status_changed
from services.plans.form import header_json
from services.plans.judging import Verdict
from services.plans.plan import Action, Plan
from services.plans.request import Handling, Kind, PlanRequest
from services.plans.request_checks import judge, plan_as_asked
from services.plans.reservation import release as release_money
from services.plans.review import note
from services.plans.rules import Rules, rules_for
from services.plans.sending import freeze
from services.plans.submission import NOT_SENT, facts_of
from shared.digest import digest
from shared.errors import invalid
from shared.events.approvals import CaseApproved
from shared.events.documents import Submission
from shared.money import format_yuan
from shared.people import Caller
from shared.store import Look, Work


def prepare(
    look: Look, request: PlanRequest, plan: Plan, attachments: list[Any] | None = None
) -> tuple[Submission, Verdict, Rules]:
    """The submission of a request as it is now, what is wrong with it, and the rules that say so."""
    asked = plan_as_asked(plan, request)
    rules = rules_for(look, asked, attachments=request.attachments if attachments is None else attachments)
    content = content_of(request, plan, rules)
    facts = {**facts_of(asked, rules), "old_method": plan.method, "handling": request.handling}
    submission = Submission(
        doc_type=request.kind,
        doc_id=request.id,
        number=request.plan_number,
        title=request.title,
        organisation_id=request.organisation_id,
        applicant_id=request.applicant_id,
        applicant_name=request.applicant_name,
        facts=facts,
        content=content,
        digest=digest(content),
        labels=reference.field_labels(request.form),
    )
    return submission, judge(request, plan, rules), rules


def content_of(request: PlanRequest, plan: Plan, rules: Rules) -> dict[str, Any]:
    """The whole attested request, with the plan as it stands and the names that people read beside codes."""
    header = {name: value for name, value in header_json(plan).items() if name not in NOT_SENT}
    methods, unit = reference.methods(), rules.unit
    names = {
        f"{name}_name": methods[code].name_zh
        for name, code in (("old_method", plan.method), ("new_method", request.new_method))
        if code in methods
    }
    record = request.to_record()
    written = {name: record[name] for name in record if name not in ("status", "old_method")}
    return {
        "kind": request.kind,
        "kind_name": request.kind_label,
        "purchaser": {"id": str(unit.organisation_id), "uscc": unit.uscc, "name": unit.name},
        "district": {"code": rules.district.code, "name": rules.district.name},
        "applicant": {"id": str(request.applicant_id), "name": request.applicant_name},
        "plan": {
            "id": str(plan.id),
            "plan_number": plan.plan_number,
            "fiscal_year": plan.fiscal_year,
            **header,
            "amount": format_yuan(plan.amount_fen),
            "items": [item.to_json() for item in plan.items],
            "holder": {"id": str(plan.holder_id), "name": plan.holder_name},
        },
        **written,
        "old_method": plan.method,
        **names,
        "ground_name": reference.choices("method_ground").get(request.ground or ""),
        "handling_name": reference.choices("handling").get(request.handling or ""),
        "attachments": [attachment.to_json() for attachment in rules.attachments],
    }


def send(work: Work, request: PlanRequest, plan: Plan, by: Caller, picks: list[UUID]) -> None:
    """Submits a request and locks its plan. Raises `Conflict` with the plan's facts when it is not free, or
    `Invalid` with every problem of the form."""
    plan.must_allow(Action.REQUEST)
    submission, verdict, rules = prepare(work, request, plan)
    if verdict.problems:
        raise invalid(verdict.problems)
    before, of_plan = request.to_record(), plan.to_record()
    request.send(plan, work.now)
    plan.lock(request.id, request.kind, work.now)
    freeze(work, request, submission, verdict.to_json(rules), picks)
    text = f"第 {request.round} 次提交审核"
    note(work, request, "submitted", text, by=by, before=before, digest=submission.digest)
    note(work, plan, "requested", f"申请{_what(request)}", by=by, before=of_plan, request_id=str(request.id))
    work.publish(request_changed(request, str(before["status"])), status_changed(plan, plan.status))


def release(work: Work, request: PlanRequest) -> None:
    """The round ended without agreement: the plan may be used again."""
    plan = work.get(Plan, request.plan_id)
    if plan.open_request_id != request.id:
        return
    before = plan.to_record()
    plan.unlock(work.now)
    text = f"{request.kind_label}未通过，计划恢复可使用"
    note(work, plan, "request_ended", text, before=before, request_id=str(request.id))
    work.publish(status_changed(plan, plan.status))


def approve(work: Work, request: PlanRequest, _event: CaseApproved) -> str:
    """Does to the plan what was asked for, provided that it is still what the reviewers saw."""
    plan = work.get(Plan, request.plan_id)
    if plan.open_request_id != request.id or plan.method != request.old_method:
        release(work, request)
        text = "计划在审核期间发生变化，申请未执行"
        request.give_back("system", text, work.now, code="plan_changed")
        return text
    before = plan.to_record()
    if request.kind == Kind.REVOCATION:
        _revoke(work, request, plan)
    else:
        plan.state_notice(request)
        plan.change_method(str(request.new_method), request.ground, request.reason, work.now)
    request.finish(work.now)
    note(work, plan, request.kind, _what(request), before=before, request_id=str(request.id))
    work.publish(status_changed(plan, str(before["status"])))
    return _what(request)


def _revoke(work: Work, request: PlanRequest, plan: Plan) -> None:
    release_money(work, plan)
    plan.revoke(request.reason, work.now, redo=request.handling == Handling.RETURN_TO_DRAFT)


def _what(request: PlanRequest) -> str:
    """What is asked for, in words."""
    if request.kind == Kind.REVOCATION:
        label = reference.choices("handling").get(request.handling or "", "")
        return f"{request.kind_label}：{label}"
    names = {code: method.name_zh for code, method in reference.methods().items()}
    old, new = names.get(request.old_method or "", "未选"), names.get(request.new_method or "", "未选")
    return f"{request.kind_label}：{old} → {new}"
