"""The working-day calendar: everybody reads it and counts by it, platform administrators keep it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy import select

from services.directory.calendar_year import CalendarYear
from services.directory.permissions import Verb, require
from services.directory.schemas.calendar import CalendarForm, CalendarShape, calendar_shape
from services.directory.tables import take_turn
from shared.http import IfMatch, SignedIn, StoreHere, etag, shown
from shared.working_days import PeriodShape, calendar_from, period_shape

router = APIRouter(tags=["calendar"])
Year = Annotated[int, Path(ge=2000, le=2100, examples=[2027])]


@router.get("/calendar", operation_id="list_calendar_years", summary="工作日历 (years that are set)")
def list_years(caller: SignedIn, store: StoreHere) -> list[CalendarShape]:
    """The years for which administrators have set anything, this year and the next."""
    with store.read() as look:
        known = {row.year: row for row in look.all(select(CalendarYear))}
        for year in (look.today.year, look.today.year + 1):
            known.setdefault(year, CalendarYear.empty(year))
    return [calendar_shape(known[year], caller) for year in sorted(known)]


@router.get(
    "/calendar/{year}",
    operation_id="read_calendar_year",
    summary="某年的工作日历 (a year)",
    response_model=CalendarShape,
)
def read_year(year: Year, caller: SignedIn, store: StoreHere) -> Response:
    """What is set for the year, with its ETag; `covered`: statutory periods can be counted in it."""
    with store.read() as look:
        row = look.find(CalendarYear, year) or CalendarYear.empty(year)
    return shown(calendar_shape(row, caller), etag(row.version))


@router.put(
    "/calendar/{year}",
    operation_id="set_calendar_year",
    summary="维护某年的工作日历 (set a year)",
    response_model=CalendarShape,
)
def set_year(
    year: Year, body: CalendarForm, caller: SignedIn, store: StoreHere, expected: IfMatch
) -> Response:
    """Replaces what is set for a year (platform administrators); dates that were counted before stay."""
    with store.work(actor=caller.actor) as work:
        require(caller, Verb.WRITE_CALENDAR)
        take_turn(work, "calendar")  # the year may have no row yet that could be locked
        row = work.find(CalendarYear, year) or CalendarYear.empty(year)
        expected.check(etag(row.version))
        work.publish(row.set_days(body.set_days(), body.complete, caller.person_id, work.now))
        work.add(row)
        answer = shown(calendar_shape(row, caller), etag(row.version))
    return answer


@router.get("/working-days", operation_id="count_working_days", summary="推算工作日 (count working days)")
def count(
    _caller: SignedIn,
    store: StoreHere,
    start: Annotated[date, Query(alias="from", description="起算日，不计入 (not counted)")],
    days: Annotated[int, Query(ge=1, le=366, description="工作日数 (working days)")],
    statutory: Annotated[bool, Query(description="法定期限：无日历的年份不可推算 (by law)")] = True,
) -> PeriodShape:
    """When so many working days after a day end, with the reason of each day. A period set by law that
    reaches a year without a calendar is refused (409 `calendar_year_missing`); else Monday to Friday are
    assumed."""
    with store.read() as look:
        calendar = calendar_from(look.all(select(CalendarYear)))
    return period_shape(calendar.add_working_days(start, days, statutory))
