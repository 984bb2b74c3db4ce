"""Topics about amounts: thresholds, and what is reserved for small and medium enterprises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import ClassVar, Literal, Self, get_args

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from services.plans.district import BUDGET_LEVELS
from services.plans.topics.strictness import Stricter, as_strong, at_least, at_most, looser
from services.plans.topics.topic import Enforcement, Kind, Topic
from shared.http import Body
from shared.money import Yuan

KINDS = get_args(Kind)


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
    stricter: ClassVar = {"open_tender_from": at_most, "decentralised_limit": at_most}

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

    def looser_than(self, above: Self) -> Iterator[str]:
        """Judged by what comes of it for each level and kind; what has no row here is as above anyway."""
        found: dict[str, None] = {}
        for level, kind in product(BUDGET_LEVELS, KINDS):
            own, theirs = (amounts.of(BUDGET_LEVELS[level], kind) for amounts in (self, above))
            if own is not None and theirs is not None:
                pointer = f"/amounts/{self.amounts.index(own)}"
                found |= dict.fromkeys(looser(own, theirs, self.stricter, pointer))
        yield from found


class Share(Body):
    """Wholly reserved up to an amount (yuan); above it a share (per cent) and of that one for micro firms."""

    stricter: ClassVar[Stricter] = {
        "whole_up_to": at_least,
        "reserved_percent": at_least,
        "micro_percent": at_least,
    }

    whole_up_to: Yuan
    reserved_percent: int = Field(ge=0, le=100)
    micro_percent: int = Field(ge=0, le=100)


class Sme(Topic):
    """中小企业预留份额, for purchases that suit small and medium enterprises."""

    topic = "sme"
    label, label_en = "中小企业预留份额", "Share reserved for small and medium enterprises"
    law = "财库〔2020〕46号 第八条"
    stricter: ClassVar = {"enforcement": as_strong}

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

    def looser_than(self, above: Self) -> Iterator[str]:
        yield from super().looser_than(above)
        for kind in KINDS:
            yield from looser(getattr(self, kind), getattr(above, kind), Share.stricter, f"/{kind}")
