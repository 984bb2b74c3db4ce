"""When a notice ends, and that some way leads to an end: invariants 14 and 22 of the domain."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from services.plans.imports.approval import MOVES, Status
from shared.calendar import Calendar

DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 20))


@given(first=DAYS, second=DAYS, days=st.integers(5, 15), holiday=DAYS)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_invariant_14_when_a_notice_ends(first: date, second: date, days: int, holiday: date) -> None:
    """It is a working day; later publication never ends earlier, a holiday more never makes it earlier."""
    calendar, with_holiday = Calendar({}, [2027]), Calendar({holiday: False}, [2027])
    d1, d2 = sorted((first, second))
    end1, end2 = (calendar.add_working_days(day, days).end for day in (d1, d2))
    assert calendar.is_working_day(end1)
    assert end1 <= end2
    assert with_holiday.add_working_days(d1, days).end >= end1


def test_invariant_22_some_way_leads_from_every_status_to_an_end() -> None:
    ends = {Status.EXPIRED, Status.REJECTED, Status.ABANDONED, Status.DELETED}
    leads: dict[str, set[str]] = defaultdict(set)
    for (status, _), following in MOVES.items():
        leads[status].add(following)
    assert not ends & leads.keys()
    for status in Status:
        reached, fresh = {str(status)}, {str(status)}
        while fresh := {following for one in fresh for following in leads[one]} - reached:
            reached |= fresh
        assert reached & ends, status
