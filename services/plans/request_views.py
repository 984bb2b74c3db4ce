"""How requests on plans are shown: with labels, who has them now, and what may be done with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import raiseload
from sqlalchemy.orm.attributes import set_committed_value

from services.plans import reference
from services.plans.actions import available_actions
from services.plans.leaving import look_for_leavers
from services.plans.outside import as_asked
from services.plans.plan import Action, Plan
from services.plans.queries import Turn, turns
from services.plans.request import Kind, PlanRequest, must_be_requester
from services.plans.request_schemas import MethodShape, RequestFormShape, RequestRow, RequestShape
from services.plans.review import judgement
from services.plans.rules import Rules
from services.plans.schemas import AttachmentShape
from services.plans.submission import facts_of
from services.plans.topics import Choices, Revocation, RuleText
from services.plans.views import returned_shape
from shared.errors import Conflict, Forbidden
from shared.people import Caller
from shared.store import Look


def request_rows(look: Look, requests: Iterable[PlanRequest], caller: Caller) -> list[RequestRow]:
    listed = list(requests)
    now_with = turns(look, listed)
    look_for_leavers(look, listed)
    look_for_plans(look, listed)
    rows = [RequestRow(**_common(request, caller, now_with.get(request.id))) for request in listed]
    return as_asked(look, listed, rows, caller)


def look_for_plans(look: Look, requests: Iterable[PlanRequest]) -> None:
    """Brings each request its plan, on which it depends what may be done with the request."""
    listed = list(requests)
    of_requests = select(Plan).where(Plan.id.in_({request.plan_id for request in listed}))
    plans = {plan.id: plan for plan in look.all(of_requests.options(raiseload("*")))}
    for request in listed:
        set_committed_value(request, "plan", plans[request.plan_id])


def request_shape(look: Look, request: PlanRequest, caller: Caller) -> RequestShape:
    """The whole request."""
    judged = judgement(look, request)
    look_for_leavers(look, [request])
    look_for_plans(look, [request])
    shape = RequestShape(
        **_common(request, caller, turns(look, [request]).get(request.id)),
        district_code=request.district_code,
        ground=request.ground,
        ground_label=reference.choices("method_ground").get(request.ground or "", ""),
        notice_number=request.notice_number,
        notice_date=request.notice_date,
        notice_supplier=request.notice_supplier,
        attachments=[AttachmentShape.model_validate(attachment) for attachment in request.attachments],
        judged_by=judged.get("versions", []),
        warnings=judged.get("warnings", []),
    )
    return as_asked(look, [request], [shape], caller)[0]


MADE = ("applicant_note", "current_step", "current_holders", "returned", "available_actions")


def _common(request: PlanRequest, caller: Caller, turn: Turn | None) -> dict[str, Any]:
    labels = {name: label for name, label in _labels(request).items() if label}
    names = RequestRow.model_fields.keys() - {*MADE, *_labels(request)}
    return {
        **{name: getattr(request, name) for name in names},
        **labels,
        "applicant_note": request.applicant_gone,
        "current_step": turn.step if turn else "",
        "current_holders": turn.holders if turn else [],
        "returned": returned_shape(request),
        "available_actions": available_actions(request, caller),
    }


def _labels(request: PlanRequest) -> dict[str, str]:
    methods = reference.choices("method")
    return {
        "old_method_label": methods.get(request.old_method or "", ""),
        "new_method_label": methods.get(request.new_method or "", ""),
        "handling_label": reference.choices("handling").get(request.handling or "", ""),
    }


def form_shape(plan: Plan, kind: Kind, rules: Rules, caller: Caller) -> RequestFormShape:
    """What the form of a request on a plan needs."""
    refusal = _refusal(plan, caller)
    handlings = reference.choices("handling")
    above = facts_of(plan, rules)["above_open_tender"]
    return RequestFormShape(
        plan_id=plan.id,
        plan_number=plan.plan_number or "",
        plan_name=plan.name,
        plan_version=plan.version,
        kind=kind,
        kind_label=reference.labels("request")[kind],
        method=plan.method,
        method_label=reference.choices("method").get(plan.method or "", ""),
        above_open_tender=None if above is None else bool(above),
        methods=_methods(plan, rules) if kind == Kind.METHOD_CHANGE else [],
        handlings=[
            {"code": code, "name_zh": handlings[code]}
            for code in (rules.policy.get(Revocation).handlings if kind == Kind.REVOCATION else ())
        ],
        allowed=not refusal,
        reason=refusal,
        rule_text=rules.policy.get(RuleText).text,
    )


def _methods(plan: Plan, rules: Rules) -> list[MethodShape]:
    grounds, allowed = reference.options("method_ground").values(), rules.policy.get(Choices).methods
    return [
        MethodShape(
            code=method.code,
            name_zh=method.name_zh,
            name_en=method.name_en,
            grounds=[
                {"code": ground.code, "name_zh": ground.name_zh, "name_en": ground.name_en}
                for ground in grounds
                if method.code in ground.methods
            ],
        )
        for method in reference.methods().values()
        if method.code != plan.method
        and (allowed is None or method.code in allowed)
        and method.in_force(rules.today)
        and plan.kind in method.kinds
        and plan.organisation_form in method.forms
    ]


def _refusal(plan: Plan, caller: Caller) -> str:
    try:
        must_be_requester(plan, caller)
        plan.must_allow(Action.REQUEST)
    except (Forbidden, Conflict) as refusal:
        return refusal.text
    return ""
