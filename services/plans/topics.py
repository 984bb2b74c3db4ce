"""What district rules can say: one class per topic is its content, as it is written, kept and shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from services.plans import reference
from services.plans.district import PATTERN, PLACEHOLDER
from services.plans.form import AMOUNTS, CODES, TEXTS
from services.plans.form_schemas import Choice, Year, must_be_choice
from shared.http import Body
from shared.money import Yuan

Kind = Literal["goods", "works", "services"]
Enforcement = Literal["off", "warn", "block"]
"""What comes of a check that finds something: nothing, a warning, or no submission."""
REQUIRABLE = frozenset({*TEXTS, *CODES, *AMOUNTS, "intent_notice_date"})
OWN = "区划自行规定"
"""What a rule stands on that the law leaves to the district."""


class Topic(Body):
    """The content of a rule. `topic` is its name, `law` what it stands on."""

    topic: ClassVar[str]
    label: ClassVar[str]
    label_en: ClassVar[str]
    law: ClassVar[str]


class Amounts(Body):
    """From which amount open tendering is due, and below which nothing is government procurement."""

    budget_level: Literal["province", "prefecture", "county", "city_county"]
    kind: Kind
    open_tender_from: Yuan | None = None
    decentralised_limit: Yuan | None = None


class Thresholds(Topic):
    """数额标准: per budget level (`city_county`: prefecture and county alike) and kind, in yuan."""

    topic = "thresholds"
    label, label_en = "数额标准", "Thresholds"
    law = "政府采购法 第八条、第二十七条"

    amounts: list[Amounts] = Field(max_length=20)

    @field_validator("amounts")
    @classmethod
    def _each_once(cls, amounts: list[Amounts]) -> list[Amounts]:
        if len({(row.budget_level, row.kind) for row in amounts}) < len(amounts):
            raise PydanticCustomError("repeated", "同一级次和类型只能有一条 (one per level and kind)")
        return amounts

    def of(self, levels: tuple[str, ...], kind: str | None) -> Amounts | None:
        """The amounts for a kind at the first of these levels that has any."""
        rows: dict[tuple[str, str | None], Amounts] = {
            (row.budget_level, row.kind): row for row in self.amounts
        }
        return next((rows[level, kind] for level in levels if (level, kind) in rows), None)


class Share(Body):
    """Wholly reserved up to an amount (yuan); above it a share (per cent) and of that one for micro firms."""

    whole_up_to: Yuan
    reserved_percent: int = Field(ge=0, le=100)
    micro_percent: int = Field(ge=0, le=100)


class Sme(Topic):
    """中小企业预留份额, for purchases that suit small and medium enterprises."""

    topic = "sme"
    label, label_en = "中小企业预留份额", "Share reserved for small and medium enterprises"
    law = "财库〔2020〕46号 第八条"

    enforcement: Enforcement
    goods: Share
    services: Share
    works: Share

    def of(self, kind: str | None) -> Share | None:
        shares: Mapping[str | None, Share] = {
            "goods": self.goods,
            "services": self.services,
            "works": self.works,
        }
        return shares.get(kind)


class IntentNotice(Topic):
    """采购意向公开: how many calendar days before procurement starts the intent is to be public."""

    topic = "intent_notice"
    label, label_en = "采购意向公开", "Intent notice"
    law = "财库〔2020〕10号"

    enforcement: Enforcement
    days: int = Field(ge=0, le=365)


class Splitting(Topic):
    """化整为零: the same items of the same project, several times by other methods than open tendering."""

    topic = "splitting"
    label, label_en = "化整为零核对", "Check for splitting"
    law = "政府采购法实施条例 第二十八条"

    enforcement: Enforcement


class When(Body):
    """In which plans something is wanted: every part that is given must hold; nothing given means always."""

    kinds: list[Kind] = Field([], max_length=3)
    methods: list[Choice] = Field([], max_length=20)
    amount_from: Yuan | None = None
    imported: bool = False
    above_open_tender: bool = False

    @field_validator("methods")
    @classmethod
    def _known(cls, methods: list[str]) -> list[str]:
        return _known_codes(methods, "method")


def _known_codes(codes: list[str], group: str) -> list[str]:
    if unknown := [code for code in codes if code not in reference.choices(group)]:
        raise PydanticCustomError(
            "unknown_choice", "不是可选的值 (not one of the choices): " + unknown[0][:40]
        )
    return codes


class RequiredField(Body):
    """A field of the form that must be filled in."""

    field: str = Field(max_length=40, examples=["purpose"])
    when: When = Field(default_factory=When)

    @field_validator("field")
    @classmethod
    def _of_the_form(cls, name: str) -> str:
        if name not in REQUIRABLE:
            raise PydanticCustomError("unknown_field", "不是可以设为必填的字段 (no such field)")
        return name


class RequiredAttachment(Body):
    """A kind of attachment that must be there."""

    attachment_kind: Choice = Field(examples=["requirement"])
    label: str = Field(min_length=1, max_length=100, examples=["采购需求"])
    when: When = Field(default_factory=When)

    _choices = field_validator("attachment_kind")(must_be_choice)


class Required(Topic):
    """必填字段和附件, beyond what every plan needs."""

    topic = "required"
    label, label_en = "必填字段和附件", "Required fields and attachments"
    law = "政府采购法实施条例 第二十九条"

    fields: list[RequiredField] = Field([], max_length=50)
    attachments: list[RequiredAttachment] = Field([], max_length=20)


class DirectApplication(Topic):
    """直接申请: whether plans may be applied for without an approved budget."""

    topic = "direct_application"
    label, label_en = "无预算直接申请", "Application without a budget"
    law = "预算法 第十三条；政府采购法 第六条"

    allowed: bool


class Numbers(Topic):
    """编号规则: patterns that need {district}, {year} and {seq}, each once."""

    topic = "numbers"
    label, label_en = "编号规则", "Patterns of numbers"
    law = OWN

    application: str = Field(max_length=60, examples=["SQ-{district}-{year}-{seq}"])
    plan: str = Field(max_length=60, examples=["{district}-{year}-{seq}"])

    @field_validator("application", "plan")
    @classmethod
    def _complete(cls, pattern: str) -> str:
        placeholders = sorted(PLACEHOLDER.findall(pattern))
        if placeholders != ["district", "seq", "year"] or not PATTERN.fullmatch(pattern):
            text = "编号规则须各含一次 {district}、{year}、{seq} (each placeholder once)"
            raise PydanticCustomError("bad_pattern", text)
        return pattern


class OpenYear(Body):
    """A fiscal year that plans may be made for, between two days (both included; open when absent)."""

    year: Year
    opens_on: date | None = None
    closes_on: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens_on and self.closes_on and self.closes_on < self.opens_on:
            raise PydanticCustomError(
                "closes_before_opening", "截止日期早于开放日期 (closes before it opens)"
            )
        return self

    def is_open(self, day: date) -> bool:
        return (self.opens_on or date.min) <= day <= (self.closes_on or date.max)


class Years(Topic):
    """开放年度; `years` absent: this year and the next, without an end."""

    topic = "years"
    label, label_en = "开放年度", "Open fiscal years"
    law = "预算法 第十八条"

    years: list[OpenYear] | None = Field(None, max_length=20)

    @field_validator("years")
    @classmethod
    def _each_once(cls, years: list[OpenYear] | None) -> list[OpenYear] | None:
        if years is not None and len({row.year for row in years}) < len(years):
            raise PydanticCustomError("repeated", "同一年度只能有一条 (each year once)")
        return years

    def listed(self, today: date) -> list[OpenYear]:
        if self.years is None:
            return [OpenYear(year=year) for year in (today.year, today.year + 1)]
        return self.years

    def open_on(self, today: date) -> list[int]:
        """The years that are open on a day."""
        return [row.year for row in self.listed(today) if row.is_open(today)]


class Choices(Topic):
    """可选范围: which methods and fund natures may be used; absent: all that are in force."""

    topic = "choices"
    label, label_en = "采购方式和资金性质", "Methods and fund natures"
    law = "政府采购法 第二十六条"

    methods: list[Choice] | None = Field(None, max_length=20)
    fund_natures: list[Choice] | None = Field(None, max_length=20)

    @field_validator("methods")
    @classmethod
    def _known_methods(cls, codes: list[str] | None) -> list[str] | None:
        return codes and _known_codes(codes, "method")

    @field_validator("fund_natures")
    @classmethod
    def _known_natures(cls, codes: list[str] | None) -> list[str] | None:
        return codes and _known_codes(codes, "fund_nature")


class SingleSource(Topic):
    """单一来源公示: how many working days its public notice lasts, five at least."""

    topic = "single_source"
    label, label_en = "单一来源公示", "Single-source notice"
    law = "政府采购法实施条例 第三十八条"

    notice_days: int = Field(ge=5, le=60)


class Imports(Topic):
    """进口产品: which classes of units file instead of asking, the public notice (working days, five at
    least), and how long an approval is valid."""

    topic = "imports"
    label, label_en = "进口产品核准", "Imported products"
    law = "政府采购法 第十条；财库〔2007〕119号"

    exempt_classes: list[Literal["university", "research"]] = Field(max_length=2)
    notice: bool = True
    notice_days: int = Field(5, ge=5, le=60)
    valid_months: int = Field(12, ge=1, le=60)


class Revocation(Topic):
    """撤销后处理方式: what may become of a revoked plan."""

    topic = "revocation"
    label, label_en = "撤销后处理方式", "Handling after revocation"
    law = OWN

    handlings: list[Literal["void", "return_to_draft"]] = Field(min_length=1, max_length=2)


class RuleText(Topic):
    """区划规则说明: shown at the foot of the form, not enforced."""

    topic = "text"
    label, label_en = "区划规则说明", "Rules shown with the form"
    law = OWN

    text: str = Field(max_length=20_000)


Content = (
    Thresholds
    | Sme
    | IntentNotice
    | Splitting
    | Required
    | DirectApplication
    | Numbers
    | Years
    | Choices
    | SingleSource
    | Imports
    | Revocation
    | RuleText
)
"""The content of any topic."""

TOPICS: Mapping[str, type[Topic]] = {
    kind.topic: kind
    for kind in (
        *(Thresholds, Sme, IntentNotice, Splitting, Required, DirectApplication, Numbers, Years),
        *(Choices, SingleSource, Imports, Revocation, RuleText),
    )
}
