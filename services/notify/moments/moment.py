"""When something may leave: pure functions of what a person wishes, the calendar, and a moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from services.notify.event_words import local_text
from services.notify.moments.timing import QuietHours, Timing
from shared.calendar import Calendar, Day, assumption
from shared.clock import SHANGHAI, local_date

DAY_BEGINS = time(8, 30)
"""When what waited over days off leaves, unless quiet hours last till another time of the day."""
LONGEST_REST = 60
"""Days that are looked over for a working one; a calendar without any holds nothing back for ever."""


@dataclass(frozen=True)
class Moment:
    """When something may leave that was to leave at `asked`; the quiet hours and days off on the way say why
    not before."""

    asked: datetime
    at: datetime
    quiet: QuietHours | None = None
    days_off: Sequence[Day] = ()

    @property
    def waits(self) -> bool:
        return self.at > self.asked

    def kept(self, why: str = "", why_en: str = "") -> dict[str, Any]:
        """The explanation as a delivery keeps it; it begins with any other reason there is."""
        chinese = [*filter(None, [why]), *self._why(), f"{local_text(self.at)} 发送"]
        english = [*filter(None, [why_en]), *self._why_in_english(), f"leaves at {local_text(self.at)}"]
        assumed = sorted({day.date.year for day in self.days_off if day.assumed})
        warnings = [assumption(year).text for year in assumed]
        return {"text": "；".join(chinese), "text_en": "; ".join(english), "warnings": warnings}

    def _why(self) -> Iterator[str]:
        if self.quiet:
            yield f"免打扰时间 {self.quiet}"
        if self.days_off:
            ends = dict.fromkeys((str(self.days_off[0]), str(self.days_off[-1])))
            yield f"{'至'.join(ends)}为休息日"

    def _why_in_english(self) -> Iterator[str]:
        if self.quiet:
            yield f"quiet hours {self.quiet}"
        if self.days_off:
            ends = dict.fromkeys((str(self.days_off[0].date), str(self.days_off[-1].date)))
            yield f"off days {' to '.join(ends)}"


@dataclass(frozen=True)
class Window:
    """What is collected from `start` on leaves together; `leaves` is the moment, explained."""

    start: datetime
    leaves: Moment


def may_leave(timing: Timing, calendar: Calendar, at: datetime) -> Moment:
    """The first moment, `at` or later, that is in no quiet hours and, where a person wants that, on a working
    day. In a year that no calendar covers Monday to Friday are worked, with a warning."""
    local, quiet, days_off = at.astimezone(SHANGHAI), None, list[Day]()
    while len(days_off) < LONGEST_REST:
        day = calendar.day(local.date(), statutory=False) if timing.working_days_only else None
        if day is not None and not day.working:
            days_off.append(day)
            local = _next_morning(timing, local.date())
        elif timing.quiet is not None and timing.quiet.hold(local.time()):
            quiet, local = timing.quiet, timing.quiet.over(local)
        else:
            break
    return Moment(at, local.astimezone(UTC), quiet, days_off)


def _next_morning(timing: Timing, day: date) -> datetime:
    """Where the day after a day off begins."""
    covered = timing.quiet is not None and timing.quiet.hold(time())
    return datetime.combine(day + timedelta(days=1), time() if covered else DAY_BEGINS, SHANGHAI)


def window_of(timing: Timing, calendar: Calendar, at: datetime) -> Window:
    """The window in which a message of this moment is collected: from one of a person's digest times to the
    next, on working days only, so that one over a holiday lasts until the first working day after it."""
    day, days_off = local_date(at), list[Day]()
    for ahead in range(LONGEST_REST):
        known = calendar.day(day + timedelta(days=ahead), statutory=False)
        coming = [moment for moment in _times(timing, known) if moment > at]
        if coming:
            return Window(_begun(timing, calendar, at), _leaves(timing, calendar, at, coming[0], days_off))
        days_off += [] if known.working else [known]
    return Window(on_day(day, time()), Moment(at, at))


def hour_of(timing: Timing, calendar: Calendar, at: datetime) -> Window:
    """The hour of a moment, in which a person gets so many messages, and the rest together at its end."""
    start = at.replace(minute=0, second=0, microsecond=0)
    return Window(start, _leaves(timing, calendar, at, start + timedelta(hours=1)))


def mornings(timing: Timing, calendar: Calendar, at: datetime) -> Iterator[Window]:
    """The working days on which a to-do digest may still go out after a moment, one window a day."""
    day = local_date(at)
    for _ in range(LONGEST_REST):
        due = on_day(day, timing.todo_digest_at)
        if due > at and calendar.day(day, statutory=False).working:
            yield Window(on_day(day, time()), _leaves(timing, calendar, due, due))
        day += timedelta(days=1)


def on_day(day: date, hour: time) -> datetime:
    """A time of a day in Asia/Shanghai, in UTC."""
    return datetime.combine(day, hour, SHANGHAI).astimezone(UTC)


def _leaves(
    timing: Timing, calendar: Calendar, asked: datetime, end: datetime, days_off: Sequence[Day] = ()
) -> Moment:
    """When what was collected until `end` may leave, with the days off before and after it."""
    found = may_leave(timing, calendar, end)
    return replace(found, asked=asked, days_off=[*days_off, *found.days_off])


def _begun(timing: Timing, calendar: Calendar, at: datetime) -> datetime:
    """The last digest time at or before a moment."""
    day = local_date(at)
    for back in range(LONGEST_REST):
        times = _times(timing, calendar.day(day - timedelta(days=back), statutory=False))
        if passed := [moment for moment in times if moment <= at]:
            return passed[-1]
    return on_day(day - timedelta(days=LONGEST_REST), time())


def _times(timing: Timing, day: Day) -> list[datetime]:
    return [on_day(day.date, hour) for hour in timing.digest_times] if day.working else []
