"""Topics about procedure: methods and money, notices, splitting, imports, revocation."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from services.plans.form_schemas import Choice
from services.plans.imports.policy import SHORTEST_NOTICE, NoticeOrder
from services.plans.topics.strictness import as_strong, at_least, within
from services.plans.topics.topic import OWN, Enforcement, Topic, known_codes


class IntentNotice(Topic):
    """采购意向公开: how many calendar days before procurement starts the intent is to be public."""

    topic = "intent_notice"
    label, label_en = "采购意向公开", "Intent notice"
    law = "财库〔2020〕10号"
    stricter: ClassVar = {"enforcement": as_strong, "days": at_least}

    enforcement: Enforcement
    days: int = Field(ge=0, le=365)


class Splitting(Topic):
    """化整为零: items of one class and project, several times by other methods than open tendering."""

    topic = "splitting"
    label, label_en = "化整为零核对", "Check for splitting"
    law = "政府采购法实施条例 第二十八条"
    stricter: ClassVar = {"enforcement": as_strong}

    enforcement: Enforcement


class Choices(Topic):
    """可选范围: which methods and fund natures may be used; absent: all that are in force."""

    topic = "choices"
    label, label_en = "采购方式和资金性质", "Methods and fund natures"
    law = "政府采购法 第二十六条"
    stricter: ClassVar = {"methods": within, "fund_natures": within}

    methods: list[Choice] | None = Field(None, max_length=20)
    fund_natures: list[Choice] | None = Field(None, max_length=20)

    @field_validator("methods")
    @classmethod
    def _known_methods(cls, codes: list[str] | None) -> list[str] | None:
        return codes and known_codes(codes, "method")

    @field_validator("fund_natures")
    @classmethod
    def _known_natures(cls, codes: list[str] | None) -> list[str] | None:
        return codes and known_codes(codes, "fund_nature")


class SingleSource(Topic):
    """单一来源公示: how many working days its public notice lasts, five at least."""

    topic = "single_source"
    label, label_en = "单一来源公示", "Single-source notice"
    law = "政府采购法实施条例 第三十八条"
    stricter: ClassVar = {"notice_days": at_least}

    notice_days: int = Field(ge=5, le=60)


def _noticed(own: NoticeOrder, above: NoticeOrder) -> bool:
    """Where a notice stands is the district's own; that there is one may be set above."""
    return above == NoticeOrder.NONE or own != NoticeOrder.NONE


class Imports(Topic):
    """进口产品: which classes of units file instead of asking, the public notice (working days, five at
    least), and for how many months an approval holds; absent: until the end of its fiscal year."""

    topic = "imports"
    label, label_en = "进口产品核准", "Imported products"
    law = "政府采购法 第十条；财库〔2007〕119号"
    stricter: ClassVar = {"exempt_classes": within, "notice_order": _noticed, "notice_days": at_least}

    exempt_classes: list[Literal["university", "research"]] = Field(max_length=2)
    notice_order: NoticeOrder = NoticeOrder.AFTER_FIRST_REVIEW
    notice_days: int = Field(SHORTEST_NOTICE, ge=SHORTEST_NOTICE, le=60)
    valid_months: int | None = Field(None, ge=1, le=60)


class Revocation(Topic):
    """撤销后处理方式: what may become of a revoked plan."""

    topic = "revocation"
    label, label_en = "撤销后处理方式", "Handling after revocation"
    law = OWN
    stricter: ClassVar = {"handlings": within}

    handlings: list[Literal["void", "return_to_draft"]] = Field(min_length=1, max_length=2)
