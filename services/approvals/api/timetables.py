"""Routes of a district's timetable: office hours and special days."""

from __future__ import annotations

from datetime import time

from fastapi import APIRouter
from fastapi.responses import Response

from services.approvals.actions import action
from services.approvals.api.policies import Code, may_set, seen_district
from services.approvals.time_schemas import SpanBody, SpecialDay, TimetableBody, TimetableShape
from services.approvals.timetable import Timetable, TimetableVersion, versions_in_force
from shared.calendar import published_calendar
from shared.errors import Forbidden
from shared.http import IfMatch, SignedIn, StoreHere, etag, shown
from shared.people import Caller, DistrictCopy

router = APIRouter(tags=["timetables"])


@router.get(
    "/districts/{code}/timetable",
    operation_id="get_timetable",
    summary="区划的办公时间 (office hours of a district)",
    response_model=TimetableShape,
)
def get_timetable(store: StoreHere, caller: SignedIn, code: Code) -> Response:
    """What holds in a district: its own timetable, that of the nearest district above, or the usual one."""
    with store.read() as look:
        district = seen_district(look, caller, code)
        rows = versions_in_force(look, district.path)
    return shown(_shape(district, rows, caller), _tag(district, rows))


@router.put(
    "/districts/{code}/timetable",
    operation_id="set_timetable",
    summary="设置办公时间 (set office hours, by a district administrator)",
    response_model=TimetableShape,
)
def set_timetable(
    store: StoreHere, caller: SignedIn, expected: IfMatch, code: Code, body: TimetableBody
) -> Response:
    """Holds for slots that open from now on; due dates that were given stay as they are."""
    with store.work(actor=caller.actor) as work:
        district = seen_district(work, caller, code)
        if not may_set(caller, district):
            raise Forbidden("not_chain_administrator", "不在您管理的区划内", "outside your district")
        work.get(DistrictCopy, code)  # one change of a district's timetable at a time
        rows = versions_in_force(work, district.path)
        own = next((row for row in rows if row.district_code == code), None)
        expected.check(etag(own.n if own else 0))
        new = TimetableVersion(
            district_code=code,
            n=(own.n if own else 0) + 1,
            spans=[[span.opens, span.closes] for span in body.spans],
            days={str(day.date): day.working for day in sorted(body.days, key=lambda day: day.date)},
            set_by=caller.person_id,
            set_at=work.now,
        )
        work.add(new)
    return shown(_shape(district, [new], caller), etag(new.n))


def _tag(district: DistrictCopy, rows: list[TimetableVersion]) -> str:
    return etag(rows[0].n if rows and rows[0].district_code == district.code else 0)


def _shape(district: DistrictCopy, rows: list[TimetableVersion], caller: Caller) -> TimetableShape:
    found = Timetable.of(rows[0] if rows else None)
    url = f"/districts/{district.code}/timetable"
    return TimetableShape(
        district_code=district.code,
        source=found.district_code or None,
        version=found.n,
        spans=[SpanBody(opens=_text(opens), closes=_text(closes)) for opens, closes in found.spans],
        days=[SpecialDay(date=day, working=working) for day, working in found.days.items()],
        published_calendar=published_calendar(),
        available_actions=[action("edit", may_set(caller, district), "不在您管理的区划内", url, "PUT")],
    )


def _text(hour: time) -> str:
    return hour.strftime("%H:%M")
