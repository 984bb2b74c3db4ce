"""An import application as it is sent into its first or final review: preview and submission are equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from services.plans import reference
from services.plans.finding import built_in, founded
from services.plans.imports.approval import FINAL, FIRST, ImportApproval
from services.plans.imports.checks import judge
from services.plans.imports.form import header_json
from services.plans.imports.notice import Notice, last_notice
from services.plans.imports.objection import Objection, objections_of
from services.plans.imports.policy import NoticeOrder
from services.plans.imports.rules import ImportRules
from services.plans.judging import Verdict
from services.plans.review import Round
from services.plans.submission import CONTENT_LIMIT
from shared.digest import canonical, digest
from shared.errors import Problem
from shared.events.documents import Fact, Submission
from shared.money import format_yuan
from shared.store import Look

NOT_SENT = frozenset({"contact_phone"})
"""A phone number is a person's, and events go to everybody who listens."""
FORM_LIMIT = CONTENT_LIMIT * 3 // 4
"""The rest is for the notice and the objections that the final review is shown as well."""


@dataclass(frozen=True)
class SoFar:
    """What has happened to an application before the review that comes next."""

    notice: Notice | None = None
    objections: Sequence[Objection] = ()
    first_round: Round | None = None


NOTHING = SoFar()


def so_far(look: Look, approval: ImportApproval) -> SoFar:
    """Nothing for an application that starts anew: a return needs a new notice."""
    if approval.is_being_written:
        return NOTHING
    is_final = approval.review == FINAL
    has_notice = approval.notice_order == NoticeOrder.BEFORE_FIRST_REVIEW or (
        approval.notice_order == NoticeOrder.AFTER_FIRST_REVIEW and is_final
    )
    notice = last_notice(look, approval.id) if has_notice else None
    agreed = select(Round).where(Round.document_id == approval.id, Round.doc_type == FIRST)
    first = look.first(agreed.order_by(Round.n.desc())) if is_final else None
    return SoFar(notice, objections_of(look, notice.id) if notice else (), first)


def build(approval: ImportApproval, rules: ImportRules, known: SoFar = NOTHING) -> tuple[Submission, Verdict]:
    """The submission, and what is wrong with it."""
    content = content_of(approval, rules)
    verdict = judge(approval, rules)
    if len(canonical(content)) > FORM_LIMIT:
        text = f"内容过大，不能超过 {FORM_LIMIT // 1024} KiB"
        problem = Problem("content_too_large", text, "", "the content is too large")
        verdict.problems.append(founded(problem, built_in("content_size", "系统限制")))
    whole = {**content, **_history(content, known)}
    submission = Submission(
        doc_type=FIRST if approval.is_being_written else approval.review,
        doc_id=approval.id,
        number=approval.application_number or "",
        title=approval.name,
        organisation_id=approval.organisation_id,
        applicant_id=approval.applicant_id,
        applicant_name=approval.applicant_name,
        facts=facts_of(approval, rules, known),
        content=whole,
        digest=digest(whole),
        labels=reference.field_labels(approval.form),
    )
    return submission, verdict


def facts_of(approval: ImportApproval, rules: ImportRules, known: SoFar) -> dict[str, Fact]:
    """What reviewer chains may ask about, the same for both reviews. `budget_level` is the level of the
    unit's district (province, prefecture, county); of the first review `objection_count` is 0."""
    kinds = {attachment.kind for attachment in rules.attachments}
    return {
        "amount_fen": approval.amount_fen,
        "kind": "goods",
        "category": approval.category,
        "fiscal_year": approval.fiscal_year,
        "budget_level": rules.district.budget_level,
        "district_code": rules.district.code,
        "organisation_kind": rules.unit.kind,
        "import_exempt_class": rules.unit.import_exempt_class,
        "item_count": len(approval.items),
        "expert_count": len(approval.experts),
        "has_department_opinion": "department_opinion" in kinds,
        "objection_count": len(known.objections),
    }


def content_of(approval: ImportApproval, rules: ImportRules) -> dict[str, Any]:
    """The whole attested form, with the names that people read beside the codes."""
    header = {name: value for name, value in header_json(approval).items() if name not in NOT_SENT}
    unit, district, roles = rules.unit, rules.district, reference.choices("expert_role")
    return {
        "fiscal_year": approval.fiscal_year,
        "purchaser": {"id": str(unit.organisation_id), "uscc": unit.uscc, "name": unit.name},
        "district": {"code": district.code, "name": district.name},
        "applicant": {"id": str(approval.applicant_id), "name": approval.applicant_name},
        **header,
        "category_name": reference.choices("category").get(approval.category or ""),
        "amount": format_yuan(approval.amount_fen),
        "items": [
            {**item.to_json(), "catalogue_name": _name(rules, item.catalogue_code)} for item in approval.items
        ],
        "experts": [
            {**expert.to_json(), "expert_role_name": roles.get(expert.expert_role or "")}
            for expert in approval.experts
        ],
        "attachments": [attachment.to_json() for attachment in rules.attachments],
    }


def public_content(approval: ImportApproval, rules: ImportRules) -> dict[str, Any]:
    """What the notice tells everybody: no person but the experts, and those by role and surname."""
    content = content_of(approval, rules)
    experts = [
        {
            "expert_role": expert["expert_role"],
            "expert_role_name": expert["expert_role_name"],
            "name": surname(expert["name"]),
            "opinion": expert["opinion"],
        }
        for expert in content["experts"]
    ]
    shown = (
        "fiscal_year",
        "name",
        "category",
        "category_name",
        "purpose",
        "reason",
        "policy_basis",
        "amount",
    )
    return {
        "application_number": approval.application_number or "",
        **{name: content[name] for name in shown},
        "purchaser": content["purchaser"]["name"],
        "district": content["district"]["name"],
        "items": content["items"],
        "experts": experts,
    }


def surname(name: str) -> str:
    """A name that tells only how it begins: 王小明 is 王**."""
    return f"{name[:1]}**" if name else ""


def _name(rules: ImportRules, code: str) -> str | None:
    entry = rules.catalogue.get(code)
    return entry.name_zh if entry else None


def _history(content: dict[str, Any], known: SoFar) -> dict[str, Any]:
    """The notice, and every objection with its handling; texts that make the whole too large are there by
    their digest, to be read at the document."""
    told: dict[str, Any] = {}
    if known.first_round is not None:
        told["first_review"] = {"round": known.first_round.n, "digest": known.first_round.digest}
    if known.notice is None:
        return told
    told["notice"] = known.notice.to_json()
    told["objections"] = [objection.to_json() for objection in known.objections]
    if len(canonical({**content, **told})) > CONTENT_LIMIT:
        told["objections"] = [
            {"id": str(objection.id), "state": objection.state, "digest": digest(objection.to_json())}
            for objection in known.objections
        ]
    return told
