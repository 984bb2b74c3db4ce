"""What a district sets for its plans: policy, rule texts, thresholds, and the numbers that it gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Index, String, Text, Uuid, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from services.plans.tables import Base
from shared.database import Json, Serial, UtcDateTime
from shared.people import DistrictCopy
from shared.store import Look, Work

PLACEHOLDER = re.compile(r"\{(district|year|seq)\}")
PATTERN = re.compile(r"(?:[0-9A-Za-z\-_/\[\]()]|号|第|\{district\}|\{year\}|\{seq\})+")
APPLICATION_PATTERN = "SQ-{district}-{year}-{seq}"
PLAN_PATTERN = "{district}-{year}-{seq}"


class DistrictPolicy(Base):
    """A district's own settings; a district without a row follows its nearest ancestor."""

    __tablename__ = "district_policy"

    district_code: Mapped[str] = mapped_column(String(6), primary_key=True)
    version: Mapped[int]
    direct_application: Mapped[bool]
    open_years: Mapped[list[int] | None] = mapped_column(Json)
    application_number_pattern: Mapped[str] = mapped_column(String(60))
    plan_number_pattern: Mapped[str] = mapped_column(String(60))
    required_attachments: Mapped[list[dict[str, str]]] = mapped_column(Json)
    revocation_handlings: Mapped[list[str]] = mapped_column(Json)
    changed_by: Mapped[UUID | None] = mapped_column(Uuid)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @classmethod
    def default(cls, district_code: str) -> DistrictPolicy:
        """What holds where nobody has decided: direct applications, this year and the next."""
        return cls(
            district_code=district_code,
            version=0,
            direct_application=True,
            open_years=None,
            application_number_pattern=APPLICATION_PATTERN,
            plan_number_pattern=PLAN_PATTERN,
            required_attachments=[],
            revocation_handlings=["void"],
        )

    def years(self, today: date) -> list[int]:
        """The fiscal years that plans may be made for."""
        return [today.year, today.year + 1] if self.open_years is None else list(self.open_years)


class RuleText(Base):
    """The rules that the foot of the form shows; versions are never changed (区划规则说明)."""

    __tablename__ = "rule_text"

    district_code: Mapped[str] = mapped_column(String(6), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text, deferred=True)
    published_by: Mapped[UUID] = mapped_column(Uuid)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Threshold(Base):
    """From which amount open tendering is due, and below which nothing is government procurement (政府采购法
    art. 8 and 27). `budget_level`: province, prefecture, county, or city_county for the last two."""

    __tablename__ = "threshold"
    __table_args__ = (
        Index("ix_threshold_district_code_kind", "district_code", "kind"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    district_code: Mapped[str] = mapped_column(String(6))
    budget_level: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    open_tender_from_fen: Mapped[int | None] = mapped_column(BigInteger)
    decentralised_limit_fen: Mapped[int | None] = mapped_column(BigInteger)
    effective_from: Mapped[date] = mapped_column(Date)
    effective_to: Mapped[date | None] = mapped_column(Date)
    is_sample: Mapped[bool]
    source: Mapped[str] = mapped_column(String(200))


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


def nearest(district: District, rows: Sequence[Any]) -> Any | None:
    """Of rows of several districts, the one of the nearest."""
    codes = district.codes
    return min(rows, key=lambda row: codes.index(row.district_code), default=None)


def policy_of(look: Look, district: District) -> DistrictPolicy:
    """The settings that hold in a district: its own, its nearest ancestor's, or the defaults."""
    rows = look.all(select(DistrictPolicy).where(DistrictPolicy.district_code.in_(district.codes)))
    found: DistrictPolicy | None = nearest(district, rows)
    return found or DistrictPolicy.default("")


def rule_text_of(look: Look, district: District) -> RuleText | None:
    """The newest rule text of the nearest district that has one."""
    rows = (
        select(RuleText).where(RuleText.district_code.in_(district.codes)).order_by(RuleText.version.desc())
    )
    found: RuleText | None = nearest(district, look.all(rows))
    return found


def threshold_of(look: Look, district: District, kind: str | None) -> Threshold | None:
    """The thresholds in force today for a kind of procurement, of the nearest district that has some."""
    levels = {district.budget_level}
    if district.budget_level in ("prefecture", "county"):
        levels.add("city_county")
    rows = select(Threshold).where(
        Threshold.district_code.in_(district.codes),
        Threshold.kind == kind,
        Threshold.budget_level.in_(levels),
        Threshold.effective_from <= look.today,
        Threshold.effective_to.is_(None) | (Threshold.effective_to >= look.today),
    )
    # the exact level before the common one, the newest rule before older ones
    ordered = sorted(
        look.all(rows), key=lambda row: (row.budget_level == "city_county", -row.effective_from.toordinal())
    )
    found: Threshold | None = nearest(district, ordered)
    return found


def next_number(work: Work, district_code: str, year: int, kind: str, pattern: str) -> str:
    """The next number of a district and year; take it last, as its row stays locked until the commit."""
    insert = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    start = insert(NumberSequence).values(district_code=district_code, fiscal_year=year, kind=kind, last=1)
    seq = work.execute(
        start.on_conflict_do_update(
            index_elements=[NumberSequence.district_code, NumberSequence.fiscal_year, NumberSequence.kind],
            set_={"last": NumberSequence.last + 1},
        ).returning(NumberSequence.last)
    ).scalar_one()
    parts = {"district": district_code, "year": str(year), "seq": f"{seq:06d}"}
    return PLACEHOLDER.sub(lambda match: parts[match[1]], pattern)
