"""A plan as it is sent into review: preview and submit build exactly the same."""

from __future__ import annotations

from typing import Any

from services.plans import reference
from services.plans.checks import above_open_tender
from services.plans.finding import built_in, founded
from services.plans.form import header_json
from services.plans.judging import Verdict
from services.plans.plan import Plan
from services.plans.plan_checks import judge
from services.plans.rules import Rules
from shared.digest import canonical, digest
from shared.errors import Problem
from shared.events.documents import Fact, Submission
from shared.money import format_yuan

DOC_TYPE = "plan"
CONTENT_LIMIT = 256 * 1024
"""Bytes of the canonical content of a submission."""
# A phone number is a person's, and events go to everybody who listens.
NOT_SENT = frozenset({"contact_phone"})
NAMED = ("kind", "organisation_form", "method", "implementation_form", "sme_mode", "method_ground")


def build(plan: Plan, rules: Rules) -> tuple[Submission, Verdict]:
    """The submission, and what is wrong with it."""
    content = content_of(plan, rules)
    verdict = judge(plan, rules)
    if len(canonical(content)) > CONTENT_LIMIT:
        text = "内容过大，不能超过 256 KiB"
        problem = Problem("content_too_large", text, "", "the content is above 256 KiB")
        verdict.problems.append(founded(problem, built_in("content_size", "系统限制")))
    submission = Submission(
        doc_type=DOC_TYPE,
        doc_id=plan.id,
        number=plan.application_number or "",
        title=plan.name,
        organisation_id=plan.organisation_id,
        applicant_id=plan.applicant_id,
        applicant_name=plan.applicant_name,
        facts=facts_of(plan, rules),
        content=content,
        digest=digest(content),
        labels=reference.field_labels(plan.form),
    )
    return submission, verdict


def facts_of(plan: Plan, rules: Rules) -> dict[str, Fact]:
    """What reviewer chains may ask about. `budget_level` is the level of the unit's district (province,
    prefecture, county); `above_open_tender` is absent (null) while no threshold is configured."""
    method = reference.methods().get(plan.method or "")
    above = None if rules.threshold is None else above_open_tender(plan, rules)
    return {
        "amount_fen": plan.amount_fen,
        "kind": plan.kind,
        "method": plan.method,
        "organisation_form": plan.organisation_form,
        "implementation_form": plan.implementation_form,
        "fiscal_year": plan.fiscal_year,
        "has_budget": bool(plan.allocations),
        "is_joint": plan.is_joint,
        "is_ppp": plan.is_ppp,
        "is_shanty": plan.is_shanty,
        "is_imported": plan.is_imported,
        "budget_level": rules.district.budget_level,
        "district_code": rules.district.code,
        "above_open_tender": above,
        "method_needs_approval": bool(above and method is not None and method.needs_approval),
    }


def content_of(plan: Plan, rules: Rules) -> dict[str, Any]:
    """The whole attested document, with the names that people read beside the codes."""
    header = {name: value for name, value in header_json(plan).items() if name not in NOT_SENT}
    names = {f"{name}_name": reference.choices(name).get(header[name] or "") for name in NAMED}
    unit, district = rules.unit, rules.district
    return {
        "fiscal_year": plan.fiscal_year,
        "purchaser": {"id": str(unit.organisation_id), "uscc": unit.uscc, "name": unit.name},
        "district": {"code": district.code, "name": district.name},
        "applicant": {"id": str(plan.applicant_id), "name": plan.applicant_name},
        **header,
        **names,
        "import_approval": _approval(rules),
        "amount": format_yuan(plan.amount_fen),
        "items": [{**item.to_json(), "catalogue_name": _name(rules, item)} for item in plan.items],
        "allocations": [{**part.to_json(), **_about_line(rules, part)} for part in plan.allocations],
        "attachments": [attachment.to_json() for attachment in rules.attachments],
    }


def _approval(rules: Rules) -> dict[str, str | None] | None:
    """The import approval that the plan relies on, as reviewers read it."""
    if rules.cover is None:
        return None
    approval = rules.cover.approval
    valid_to = approval.valid_to.isoformat() if approval.valid_to else None
    return {"approval_number": approval.approval_number, "name": approval.name, "valid_to": valid_to}


def _name(rules: Rules, item: Any) -> str | None:
    entry = rules.catalogue.get(item.catalogue_code)
    return entry.name_zh if entry else None


def _about_line(rules: Rules, allocation: Any) -> dict[str, str]:
    line = rules.lines.get(allocation.budget_line_id)
    if line is None:
        return {}
    return {
        "project_code": line.project_code,
        "project_name": line.project_name,
        "fund_nature": line.fund_nature,
        "fund_nature_name": reference.fund_natures()[line.fund_nature].name_zh,
    }
