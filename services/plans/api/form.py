"""The route of the form: everything that the console needs to draw it for a unit and a year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import select

from services.plans import reference
from services.plans.budget import BudgetLine
from services.plans.form_schemas import Year
from services.plans.policy import Policy, policy_of
from services.plans.reference import Field as FormField
from services.plans.reference import Term
from services.plans.rules import unit_of
from services.plans.schemas import BudgetLineShape, RuleTextShape
from services.plans.topics import (
    Choices,
    DirectApplication,
    Required,
    RequiredAttachment,
    RuleText,
    When,
    Years,
)
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
    """A field as the console draws it; `choices` for a choice. `required_when`: the cases in which the
    district wants it besides."""

    name: str
    label_zh: str
    label_en: str
    type: str
    required: bool
    required_when: list[When] = Field(default_factory=list)
    help_zh: str
    help_en: str
    choices: list[ChoiceShape] = Field(default_factory=list)


class OpenYearShape(Shape):
    """A year that is open, and its last day."""

    year: int
    closes_on: date | None


class FormShape(Shape):
    """Everything that the form needs."""

    open_years: list[int]
    years: list[OpenYearShape]
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
    required_attachments: list[RequiredAttachment]
    budget_lines: list[BudgetLineShape]
    rule_text: RuleTextShape | None


@router.get("/form", operation_id="plan_form", summary="申请表单数据 (data of the form)")
def form(store: StoreHere, caller: SignedIn, year: Year | None = None) -> FormShape:
    """Open years, the unit's budget lines with what is available, fields, choices, the district's rules."""
    caller.require(Role.HANDLER)
    with store.read() as look:
        unit, district = unit_of(look, caller.organisation_id)
        policy = policy_of(look, district)
        years = [row for row in policy.get(Years).listed(look.today) if row.is_open(look.today)]
        open_years = [row.year for row in years]
        asked = year or (open_years[0] if years else look.today.year)
        return FormShape(
            open_years=open_years,
            years=[OpenYearShape(year=row.year, closes_on=row.closes_on) for row in years],
            year=asked,
            year_is_open=asked in open_years,
            organisation_id=unit.organisation_id,
            organisation_name=unit.name,
            district_code=district.code,
            district_name=district.name,
            direct_application=policy.get(DirectApplication).allowed,
            import_exempt_class=unit.import_exempt_class,
            fields=_fields(policy, look.today),
            fund_natures=[choice_shape(term) for term in _natures(policy, look.today)],
            attachment_kinds=[choice_shape(term) for term in reference.options("attachment_kind").values()],
            required_attachments=policy.get(Required).attachments,
            budget_lines=_lines(look, caller, asked),
            rule_text=_rule_text(policy),
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


def _rule_text(policy: Policy) -> RuleTextShape | None:
    version, text = policy.version(RuleText.topic), policy.get(RuleText).text
    about = {name: getattr(version, name) for name in ("district_code", "version", "effective_from")}
    return RuleTextShape(**about, text=text) if text else None


def _fields(policy: Policy, today: date) -> list[FieldShape]:
    wanted: dict[str, list[When]] = defaultdict(list)
    for row in policy.get(Required).fields:
        wanted[row.field].append(row.when)
    drawn = [field for field in reference.fields() if field.name not in _NOT_FILLED_IN]
    return [field_shape(field, _terms(field, policy, today), wanted[field.name]) for field in drawn]


def field_shape(field: FormField, terms: Iterable[Term], cases: Sequence[When] = ()) -> FieldShape:
    """A field with the values that may be chosen, and the cases in which a district wants it."""
    names = ("name", "label_zh", "label_en", "type", "help_zh", "help_en")
    always = field.required or When() in cases
    return FieldShape(
        **{name: getattr(field, name) for name in names},
        required=always,
        required_when=[] if always else list(cases),
        choices=[choice_shape(term) for term in terms],
    )


def _terms(field: FormField, policy: Policy, today: date) -> Iterable[Term]:
    if field.options == "method":
        return _allowed(reference.methods(), policy.get(Choices).methods, today)
    if field.options == "organisation_form":
        return reference.organisation_forms().values()
    return reference.options(field.options).values() if field.options else []


def _natures(policy: Policy, today: date) -> list[Term]:
    return _allowed(reference.fund_natures(), policy.get(Choices).fund_natures, today)


def _allowed(terms: Mapping[str, Term], allowed: list[str] | None, today: date) -> list[Term]:
    """What is in force, of that what the district allows."""
    codes = terms if allowed is None else allowed
    return [term for term in terms.values() if term.code in codes and term.in_force(today)]


def choice_shape(term: Term) -> ChoiceShape:
    """A term as a value to choose."""
    groups = {name: sorted(getattr(term, name, ())) for name in ("kinds", "forms", "methods")}
    return ChoiceShape(code=term.code, name_zh=term.name_zh, name_en=term.name_en, **groups)
