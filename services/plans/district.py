"""A district as its rules see it, and the numbers that it gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from services.plans.tables import Base
from shared.people import DistrictCopy
from shared.store import Work

PLACEHOLDER = re.compile(r"\{(district|year|seq)\}")
PATTERN = re.compile(r"(?:[0-9A-Za-z\-_/\[\]()]|号|第|\{district\}|\{year\}|\{seq\})+")

BUDGET_LEVELS: Mapping[str, tuple[str, ...]] = {
    "province": ("province",),
    "prefecture": ("prefecture", "city_county"),
    "county": ("county", "city_county"),
}
"""Of each level the names under which thresholds for it may stand, the exact one first."""


class NumberSequence(Base):
    """The last number given, per district, fiscal year and kind; gaps are allowed, repeats are not."""

    __tablename__ = "number_sequence"

    district_code: Mapped[str] = mapped_column(String(6), primary_key=True)
    fiscal_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class District:
    """Where a unit's rules come from: the district and its ancestors, nearest first."""

    code: str
    name: str
    level: str
    path: str

    @classmethod
    def of(cls, copy: DistrictCopy) -> District:
        return cls(copy.code, copy.name, copy.level, copy.path)

    @property
    def codes(self) -> list[str]:
        return [code for code in reversed(self.path.split("/")) if code]

    @property
    def budget_level(self) -> str:
        """The level whose thresholds hold; a fiscal district of the province counts as the province."""
        return "province" if self.level == "fiscal_level" else self.level

    @property
    def budget_levels(self) -> tuple[str, ...]:
        """The names under which thresholds for it may stand, the exact one first."""
        return BUDGET_LEVELS.get(self.budget_level, (self.budget_level,))


def next_number(work: Work, district_code: str, year: int, kind: str, pattern: str) -> str:
    """The next number of a district and year; take it last, as its row stays locked until the commit."""
    first = {"district_code": district_code, "fiscal_year": year, "kind": kind, "last": 1}
    start = work.insert(NumberSequence).values(first)
    seq = work.execute(
        start.on_conflict_do_update(
            index_elements=[NumberSequence.district_code, NumberSequence.fiscal_year, NumberSequence.kind],
            set_={"last": NumberSequence.last + 1},
        ).returning(NumberSequence.last)
    ).scalar_one()
    parts = {"district": district_code, "year": str(year), "seq": f"{seq:06d}"}
    return PLACEHOLDER.sub(lambda match: parts[match[1]], pattern)
