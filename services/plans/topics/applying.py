"""Topics about applying: what the form asks for, open years, numbers, and the text below the form."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from services.plans.district import PATTERN, PLACEHOLDER
from services.plans.form import AMOUNTS, CODES, DATES, TEXTS
from services.plans.form_schemas import Choice, Year, must_be_choice
from services.plans.topics.strictness import at_most
from services.plans.topics.topic import OWN, Kind, Topic, known_codes
from shared.http import Body
from shared.money import Yuan

REQUIRABLE = frozenset({*TEXTS, *CODES, *AMOUNTS, *DATES})


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
        return known_codes(methods, "method")


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
    stricter: ClassVar = {"allowed": at_most}

    allowed: bool


class Numbers(Topic):
    """编号规则: patterns that need {district}, {year} and {seq}, each once."""

    topic = "numbers"
    label, label_en = "编号规则", "Patterns of numbers"
    law = OWN

    application: str = Field(max_length=60, examples=["SQ-{district}-{year}-{seq}"])
    plan: str = Field(max_length=60, examples=["{district}-{year}-{seq}"])
    import_application: str = Field("JKSQ-{district}-{year}-{seq}", max_length=60)
    import_approval: str = Field("JKHZ-{district}-{year}-{seq}", max_length=60)

    @field_validator("application", "plan", "import_application", "import_approval")
    @classmethod
    def _complete(cls, pattern: str) -> str:
        placeholders = sorted(PLACEHOLDER.findall(pattern))
        if placeholders != ["district", "seq", "year"] or not PATTERN.fullmatch(pattern):
            text = "编号规则须各含一次 {district}、{year}、{seq} (each placeholder once)"
            raise PydanticCustomError("bad_pattern", text)
        return pattern


class OpenYear(Body):
    """A fiscal year that plans may be made for, between two days (both included; open when absent).

    `ends_on` is the last day on which plans of the year are used (年终结转): 31 December or later. Absent, it
    is 31 December, or the last day of applications when that is later.
    """

    year: Year
    opens_on: date | None = None
    closes_on: date | None = None
    ends_on: date | None = Field(None, examples=["2027-02-28"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens_on and self.closes_on and self.closes_on < self.opens_on:
            raise PydanticCustomError(
                "closes_before_opening", "截止日期早于开放日期 (closes before it opens)"
            )
        if self.ends_on and self.ends_on < max(date(self.year, 12, 31), self.closes_on or date.min):
            text = "结转日期不能早于年末或申请截止日期 (ends before the year or its applications)"
            raise PydanticCustomError("ends_too_early", text)
        return self

    def is_open(self, day: date) -> bool:
        return (self.opens_on or date.min) <= day <= (self.closes_on or self.ends_on or date.max)

    @property
    def last_day(self) -> date:
        """The last day on which its plans are used."""
        return self.ends_on or max(date(self.year, 12, 31), self.closes_on or date.max)


class Years(Topic):
    """开放年度; `years` absent: this year and the next, and what is left of a year is closed at its end."""

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

    def is_over(self, year: int, today: date) -> bool:
        """Whether the plans of a year are used no more on a day."""
        listed = (row.last_day for row in self.years or () if row.year == year)
        return next(listed, date(year, 12, 31)) < today


class RuleText(Topic):
    """区划规则说明: shown at the foot of the form, not enforced."""

    topic = "text"
    label, label_en = "区划规则说明", "Rules shown with the form"
    law = OWN

    text: str = Field(max_length=20_000)
