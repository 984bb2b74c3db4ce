"""The HTTP shapes of district rules: settings, rule texts, thresholds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from services.plans.district import PATTERN, PLACEHOLDER
from services.plans.form_schemas import Choice, Year, must_be_choice
from services.plans.schemas import RuleTextShape
from shared.http import Body, Shape
from shared.money import FenAsYuan, Yuan

When = Literal["always", "imported", "single_source", "above_open_tender", "not_open_tender"]


class RequiredAttachment(Body):
    """A kind of attachment that plans need, always or in the named case."""

    attachment_kind: Choice = Field(examples=["requirement"])
    label: str = Field(min_length=1, max_length=100, examples=["采购需求"])
    when: When = "always"

    _choices = field_validator("attachment_kind")(must_be_choice)


class PolicyForm(Body):
    """A district's settings. `open_years` absent: this year and the next. Patterns need {district}, {year}
    and {seq}, each once."""

    direct_application: bool
    open_years: list[Year] | None = Field(None, max_length=10)
    application_number_pattern: str = Field(max_length=60, examples=["SQ-{district}-{year}-{seq}"])
    plan_number_pattern: str = Field(max_length=60, examples=["{district}-{year}-{seq}"])
    required_attachments: list[RequiredAttachment] = Field([], max_length=20)
    revocation_handlings: list[Literal["void", "return_to_draft"]] = Field(
        ["void"], min_length=1, max_length=2, description="撤销后处理方式 (what may become of a revoked plan)"
    )

    @field_validator("application_number_pattern", "plan_number_pattern")
    @classmethod
    def _complete(cls, pattern: str) -> str:
        placeholders = sorted(PLACEHOLDER.findall(pattern))
        if placeholders != ["district", "seq", "year"] or not PATTERN.fullmatch(pattern):
            raise ValueError("编号规则须各含一次 {district}、{year}、{seq} (each placeholder once)")
        return pattern


class PolicyShape(Shape):
    """What holds in a district, and which district set it (`set_by`; empty: the defaults)."""

    district_code: str
    set_by: str
    version: int
    direct_application: bool
    open_years: list[int] | None
    application_number_pattern: str
    plan_number_pattern: str
    required_attachments: list[dict[str, str]]
    revocation_handlings: list[str]
    changed_at: datetime | None


class RuleTextForm(Body):
    text: str = Field(min_length=1, max_length=20000)


class PublishedRuleText(RuleTextShape):
    """A version of a district's rule text."""

    published_by: UUID
    published_at: datetime


class ThresholdForm(Body):
    """The open-tender amount and the limit for a kind and level, in yuan, from a day on."""

    budget_level: Literal["province", "prefecture", "county", "city_county"]
    kind: Literal["goods", "works", "services"]
    open_tender_from: Yuan | None = None
    decentralised_limit: Yuan | None = None
    effective_from: date
    effective_to: date | None = None
    source: str = Field(min_length=1, max_length=200, description="文号 (number of the document)")


class ThresholdsForm(Body):
    """All thresholds of a district; what is not there is removed."""

    thresholds: list[ThresholdForm] = Field(max_length=200)

    @model_validator(mode="after")
    def _each_once(self) -> ThresholdsForm:
        keys = [(row.budget_level, row.kind, row.effective_from) for row in self.thresholds]
        if len(set(keys)) < len(keys):
            raise ValueError("同一级次、类型和生效日期只能有一条 (one per level, kind and day)")
        return self


class ThresholdShape(Shape):
    district_code: str
    budget_level: str
    kind: str
    open_tender_from: FenAsYuan | None = Field(validation_alias="open_tender_from_fen")
    decentralised_limit: FenAsYuan | None = Field(validation_alias="decentralised_limit_fen")
    effective_from: date
    effective_to: date | None
    is_sample: bool
    source: str


class ThresholdsShape(Shape):
    """Thresholds, oldest first."""

    thresholds: list[ThresholdShape]
