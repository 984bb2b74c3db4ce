"""Statistics over finished rounds: how long steps take, what is returned and why; nobody is named.

Cost: the rows of the period below the district (or of the unit), found by index, sorted once per query;
nothing is read of documents, slots or people, and the period is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from services.approvals.case import CaseState
from services.approvals.round_time import RoundTime, StepTime
from services.approvals.staffing import units_where
from shared.clock import SHANGHAI
from shared.errors import NotFound, Problem, invalid
from shared.people import DISTRICT_ROLES, Caller, DistrictCopy, OrganisationCopy, Role
from shared.store import Look

LONGEST = timedelta(days=366)
USUAL = timedelta(days=89)
TOP = 10
"""Reasons of return that are listed."""


@dataclass(frozen=True)
class Asked:
    """Which rounds are looked at: those that ended from one day to another (both included) in one unit, or in
    districts."""

    since: date
    until: date
    doc_type: str = ""
    unit: UUID | None = None
    districts: Sequence[str] = ()

    def where(self, kind: type[RoundTime] | type[StepTime]) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = [
            kind.ended_at >= _midnight(self.since),
            kind.ended_at < _midnight(self.until + timedelta(days=1)),
        ]
        if self.doc_type:
            wanted.append(kind.doc_type == self.doc_type)
        if self.unit is not None:
            wanted.append(kind.organisation_id == self.unit)
        else:
            wanted.append(kind.district_code.in_(self.districts))
        return wanted


def scope_of(look: Look, caller: Caller, unit: UUID | None) -> tuple[UUID | None, list[str]]:
    """The unit or the districts that a caller looks after, narrowed to a unit. Raises `Forbidden`
    (`role_required`), and `NotFound` for a unit outside."""
    caller.require(Role.UNIT_ADMINISTRATOR, *DISTRICT_ROLES)
    if not caller.has(*DISTRICT_ROLES):
        if unit not in (None, caller.organisation_id):
            raise _outside()
        return caller.organisation_id, []
    below = DistrictCopy.path.startswith(caller.district_path, autoescape=True)
    if unit is None:
        return None, look.all(select(DistrictCopy.code).where(below))
    if not units_where(look, OrganisationCopy.organisation_id == unit, below):
        raise _outside()
    return unit, []


def _outside() -> NotFound:
    return NotFound("not_found", "未找到，或不在您的查看范围内", "not found, or outside your scope")


def period(since: date | None, until: date | None, today: date) -> tuple[date, date]:
    """The period asked for, by default the last 90 days. Raises `Invalid` (`period_reversed`,
    `period_too_long`)."""
    last = until or today
    first = since or last - USUAL
    if first > last:
        raise invalid(
            [Problem("period_reversed", "起始日期晚于截止日期", "/since", "it ends before it begins")]
        )
    if last - first > LONGEST:
        raise invalid([Problem("period_too_long", "统计期间最长一年", "/since", "a year at most")])
    return first, last


@dataclass(frozen=True)
class Spread:
    """Minutes of working time of many: the median and what nine of ten stay below (nearest rank)."""

    count: int
    p50: int
    p90: int
    total: int


def steps(look: Look, asked: Asked) -> list[tuple[str, str, Spread, int]]:
    """Key, name, time and number of disagreements of every step, the one that took most time in all first."""
    ranked = _ranked(
        StepTime, StepTime.minutes, asked, StepTime.step_key, StepTime.step_name, StepTime.outcome
    )
    rows: Any = look.execute(
        select(
            ranked.c.step_key,
            ranked.c.step_name,
            *_spread(ranked),
            func.sum(case((ranked.c.outcome == "disagreed", 1), else_=0)),
        )
        .group_by(ranked.c.step_key, ranked.c.step_name)
        .order_by(func.sum(ranked.c.minutes).desc(), ranked.c.step_key)
    )
    return [(row[0], row[1], Spread(*row[2:6]), row[6]) for row in rows]


def outcomes(look: Look, asked: Asked) -> dict[str, int]:
    """How many rounds ended in each state."""
    rows: Any = look.execute(
        select(RoundTime.outcome, func.count()).where(*asked.where(RoundTime)).group_by(RoundTime.outcome)
    )
    return {outcome: count for outcome, count in rows}


def spread(look: Look, asked: Asked, minutes: SQLColumnExpression[Any], *only: ColumnElement[bool]) -> Spread:
    """The spread of a measure of rounds."""
    ranked = _ranked(RoundTime, minutes, asked, only=only)
    row: Any = look.execute(select(*_spread(ranked))).one()
    return Spread(*(value or 0 for value in row))


def reasons(look: Look, asked: Asked) -> list[tuple[str, str, int]]:
    """Why rounds were returned most: the opinion, the step, how often. Opinions count together when their
    words are the same, as common opinions are."""
    rows: Any = look.execute(
        select(RoundTime.reason, RoundTime.step_name, func.count())
        .where(*asked.where(RoundTime), RoundTime.outcome == CaseState.RETURNED)
        .group_by(RoundTime.reason, RoundTime.step_name)
        .order_by(func.count().desc(), RoundTime.reason, RoundTime.step_name)
        .limit(TOP)
    )
    return [(reason, step, count) for reason, step, count in rows]


def _ranked(
    kind: type[RoundTime] | type[StepTime],
    minutes: SQLColumnExpression[Any],
    asked: Asked,
    *kept: InstrumentedAttribute[str],
    only: Sequence[ColumnElement[bool]] = (),
) -> Any:
    """The rows with their rank by minutes among those of their step (of all, without steps) and how many
    these are."""
    by = kept[:2] or None
    return (
        select(
            *kept,
            minutes.label("minutes"),
            func.row_number().over(partition_by=by, order_by=minutes).label("rank"),
            func.count().over(partition_by=by).label("count"),
        )
        .where(*asked.where(kind), *only)
        .subquery()
    )


def _spread(ranked: Any) -> list[ColumnElement[Any]]:
    half, most = (ranked.c.count + 1) // 2, (ranked.c.count * 9 + 9) // 10
    return [
        func.count(),
        func.min(case((ranked.c.rank >= half, ranked.c.minutes))),
        func.min(case((ranked.c.rank >= most, ranked.c.minutes))),
        func.sum(ranked.c.minutes),
    ]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)
