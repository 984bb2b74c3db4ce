"""Routes of the form: its data, its checks, and the submission that it would become."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import or_, select

from services.plans import reference
from services.plans.attachment import listed_files
from services.plans.budget import BudgetLine
from services.plans.catalogue import CatalogueItem
from services.plans.district import District, policy_of, rule_text_of
from services.plans.form_schemas import PlanForm, Year
from services.plans.plan import Plan
from services.plans.reference import Field as FormField
from services.plans.reference import Term
from services.plans.rules import rules_for, unit_of
from services.plans.schemas import BudgetLineShape, CheckShape, RuleTextShape, SubmissionShape, findings
from services.plans.submission import build
from shared.http import Shape, SignedIn, StoreHere
from shared.people import Caller, Role
from shared.store import Look

router = APIRouter(tags=["form"])


class ChoiceShape(Shape):
    """A value that a field may take; `methods` are those that a ground holds for."""

    code: str
    name_zh: str
    name_en: str
    kinds: list[str] = Field(default_factory=list)
    forms: list[str] = Field(default_factory=list)
    methods: list[str] = Field(default_factory=list)


class FieldShape(Shape):
    """A field as the console draws it; `choices` for a choice."""

    name: str
    label_zh: str
    label_en: str
    type: str
    required: bool
    help_zh: str
    help_en: str
    choices: list[ChoiceShape] = Field(default_factory=list)


class FormShape(Shape):
    """Everything that the form needs."""

    open_years: list[int]
    year: int
    year_is_open: bool
    organisation_id: UUID
    organisation_name: str
    district_code: str
    district_name: str
    direct_application: bool
    import_exempt_class: str | None
    fields: list[FieldShape]
    fund_natures: list[ChoiceShape]
    attachment_kinds: list[ChoiceShape]
    required_attachments: list[dict[str, str]]
    budget_lines: list[BudgetLineShape]
    rule_text: RuleTextShape | None


@router.get("/form", operation_id="plan_form", summary="申请表单数据 (data of the form)")
def form(store: StoreHere, caller: SignedIn, year: Year | None = None) -> FormShape:
    """Open years, the unit's budget lines with what is available, fields, choices, the district's rules."""
    caller.require(Role.HANDLER)
    with store.read() as look:
        unit, district = unit_of(look, caller.organisation_id)
        policy = policy_of(look, district)
        years = policy.years(look.today)
        asked = year or (years[0] if years else look.today.year)
        return FormShape(
            open_years=years,
            year=asked,
            year_is_open=asked in years,
            organisation_id=unit.organisation_id,
            organisation_name=unit.name,
            district_code=district.code,
            district_name=district.name,
            direct_application=policy.direct_application,
            import_exempt_class=unit.import_exempt_class,
            fields=[
                field_shape(look, field) for field in reference.fields() if field.name not in _NOT_FILLED_IN
            ],
            fund_natures=[choice_shape(term) for term in reference.fund_natures().values()],
            attachment_kinds=[choice_shape(term) for term in reference.options("attachment_kind").values()],
            required_attachments=policy.required_attachments,
            budget_lines=_lines(look, caller, asked),
            rule_text=_rule_text(look, district),
        )


_NOT_FILLED_IN = frozenset(
    {"amount", "status", "application_number", "plan_number", "holder", "committed", "consumed"}
)


def _lines(look: Look, caller: Caller, year: int) -> list[BudgetLineShape]:
    lines = select(BudgetLine).where(
        BudgetLine.organisation_id == caller.organisation_id, BudgetLine.fiscal_year == year
    )
    return [
        BudgetLineShape.model_validate(line) for line in look.all(lines.order_by(BudgetLine.id).limit(1000))
    ]


def _rule_text(look: Look, district: District) -> RuleTextShape | None:
    text = rule_text_of(look, district)
    return RuleTextShape.model_validate(text) if text else None


def field_shape(look: Look, field: FormField) -> FieldShape:
    """A field with the values that may be chosen today."""
    terms: list[Term] = []
    if field.options == "method":
        terms = [method for method in reference.methods().values() if method.in_force(look.today)]
    elif field.options == "organisation_form":
        terms = list(reference.organisation_forms().values())
    elif field.options:
        terms = list(reference.options(field.options).values())
    plain = {name: getattr(field, name) for name in FieldShape.model_fields if name != "choices"}
    return FieldShape(**plain, choices=[choice_shape(term) for term in terms])


def choice_shape(term: Term) -> ChoiceShape:
    groups = {name: sorted(getattr(term, name, ())) for name in ("kinds", "forms", "methods")}
    return ChoiceShape(code=term.code, name_zh=term.name_zh, name_en=term.name_en, **groups)


class CatalogueShape(Shape):
    """A code of the catalogue."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    parent_code: str
    selectable: bool


@router.get("/catalogue", operation_id="search_catalogue", summary="采购品目 (catalogue codes)")
def catalogue(
    store: StoreHere,
    _caller: SignedIn,
    q: Annotated[str, Query(max_length=100, description="名称或编码前缀 (name or start of the code)")] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    parent: Annotated[str, Query(max_length=9)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> list[CatalogueShape]:
    """Codes by name or beginning, or the children of a code; in the order of the codes."""
    statement = select(CatalogueItem).order_by(CatalogueItem.code).limit(limit)
    if q:
        names = (CatalogueItem.name_zh, CatalogueItem.name_en)
        found = [name.icontains(q, autoescape=True) for name in names]
        statement = statement.where(or_(CatalogueItem.code.startswith(q, autoescape=True), *found))
    if kind:
        statement = statement.where(CatalogueItem.kind == kind)
    if parent:
        statement = statement.where(CatalogueItem.parent_code == parent)
    with store.read() as look:
        return [CatalogueShape.model_validate(row) for row in look.all(statement)]


@router.get("/plans/{plan_id}/check", operation_id="check_plan", summary="提交前检查 (check)", tags=["plans"])
def check(plan_id: UUID, store: StoreHere, caller: SignedIn) -> CheckShape:
    """What stands in the way of a submission, and what should be known before it."""
    return submission(plan_id, store, caller)


@router.get(
    "/plans/{plan_id}/submission",
    operation_id="plan_submission",
    summary="预览提交内容 (what submit would send)",
    tags=["plans"],
)
def submission(plan_id: UUID, store: StoreHere, caller: SignedIn) -> SubmissionShape:
    """Exactly the facts, content and digest that submit would send, for the preview of the route."""
    with store.read() as look:
        plan = look.get(Plan, plan_id, seen_by=caller)
        sent, verdict = build(plan, rules_for(look, plan))
        return SubmissionShape(
            submission=sent, problems=findings(verdict.problems), warnings=findings(verdict.warnings)
        )


class Unsaved(PlanForm):
    """A form that is not saved; `plan_id` when it belongs to a plan that is being edited."""

    plan_id: Annotated[UUID | None, Field(description="正在编辑的计划 (the plan being edited)")] = None


@router.post(
    "/submission",
    operation_id="unsaved_submission",
    summary="预览未保存的表单 (what an unsaved form would send)",
)
def unsaved_submission(body: Unsaved, store: StoreHere, caller: SignedIn) -> SubmissionShape:
    """As the preview of a saved plan; nothing is written."""
    caller.require(Role.HANDLER)
    with store.read() as look:
        unit, district = unit_of(look, caller.organisation_id)
        plan = Plan.draft(body.fiscal_year, caller, unit, district, look.now)
        if body.plan_id is not None:
            known = look.get(Plan, body.plan_id, seen_by=caller)
            known.must_be_own(caller)
            plan.id, plan.application_number = known.id, known.application_number
        plan.fill(body.filled(), look.now)
        files = listed_files(look, [(part.id, part.attachment_kind) for part in body.attachments], caller)
        sent, verdict = build(plan, rules_for(look, plan, attachments=files))
        return SubmissionShape(
            submission=sent, problems=findings(verdict.problems), warnings=findings(verdict.warnings)
        )
