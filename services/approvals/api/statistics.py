"""Route of statistics, for those who look after a unit or a district."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.approvals import statistics
from services.approvals.case import CaseState
from services.approvals.round_time import RoundTime
from services.approvals.statistics import Asked, Spread
from services.approvals.statistics_schemas import (
    ReasonShape,
    SpreadShape,
    StatisticsShape,
    StepStatistics,
)
from services.approvals.step import KEY
from services.approvals.time_schemas import Day
from shared.http import SignedIn, StoreHere
from shared.store import Look

router = APIRouter(tags=["statistics"])
Asks = Annotated[Day | None, Query(description="含当日；默认最近 90 天，最长一年 (both included)")]
Unit = Annotated[UUID | None, Query(description="只看一个单位，区划角色可用 (one unit of the district)")]
DocType = Annotated[str, Query(pattern=rf"^$|{KEY}")]


@router.get(
    "/statistics", operation_id="get_statistics", summary="审核统计 (how long review takes, and what returns)"
)
def get_statistics(  # noqa: PLR0913 - a period, a type and a unit
    store: StoreHere,
    caller: SignedIn,
    since: Asks = None,
    until: Asks = None,
    doc_type: DocType = "",
    organisation_id: Unit = None,
) -> StatisticsShape:
    """Rounds that ended in the period: of their unit for unit administrators, below their district for
    district administrators, finance and auditors. Times are working hours; no person is named."""
    with store.read() as look:
        first, last = statistics.period(since, until, look.today)
        unit, districts = statistics.scope_of(look, caller, organisation_id)
        asked = Asked(first, last, doc_type, unit, districts)
        return _shape(look, asked)


def _shape(look: Look, asked: Asked) -> StatisticsShape:
    outcomes = statistics.outcomes(look, asked)
    steps = statistics.steps(look, asked)
    rounds, whole = sum(outcomes.values()), sum(time.total for _, _, time, _ in steps)
    again = RoundTime.applicant_minutes.is_not(None)
    approved = RoundTime.outcome == CaseState.APPROVED
    total = RoundTime.case_review_minutes + RoundTime.case_applicant_minutes
    return StatisticsShape(
        since=asked.since,
        until=asked.until,
        doc_type=asked.doc_type,
        organisation_id=asked.unit,
        rounds=rounds,
        outcomes={state: outcomes.get(state, 0) for state in CaseState if state != CaseState.REVIEWING},
        return_rate=_share(outcomes.get(CaseState.RETURNED, 0), rounds),
        review=_spread(statistics.spread(look, asked, RoundTime.review_minutes)),
        with_applicant=_spread(statistics.spread(look, asked, RoundTime.applicant_minutes, again)),
        to_approval=_spread(statistics.spread(look, asked, total, approved)),
        steps=[
            StepStatistics(
                key=key,
                name=name,
                time=_spread(time),
                share=_share(time.total, whole),
                returned=returned,
                return_rate=_share(returned, time.count),
            )
            for key, name, time, returned in steps
        ],
        bottleneck=steps[0][0] if whole else None,
        reasons=[
            ReasonShape(text=text, step_name=step, count=count)
            for text, step, count in statistics.reasons(look, asked)
        ],
    )


def _spread(time: Spread) -> SpreadShape:
    return SpreadShape(count=time.count, p50=_hours(time.p50), p90=_hours(time.p90))


def _hours(minutes: int) -> Decimal:
    return (Decimal(minutes) / 60).quantize(Decimal("0.1"))


def _share(part: int, whole: int) -> Decimal:
    return (Decimal(part) / whole if whole else Decimal(0)).quantize(Decimal("0.01"))
