"""The one place that reads the clock; calendar dates are those of Asia/Shanghai."""

from datetime import UTC, date, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local_date(moment: datetime) -> date:
    """The calendar day of a moment in Asia/Shanghai, which is what rules and fiscal years go by."""
    return moment.astimezone(SHANGHAI).date()


class Clock:
    """The real time, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return local_date(self.now())


class HandClock(Clock):
    """A clock that stands until somebody moves it: for tests and for replaying a story on a fixed day."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def move(self, **step: float) -> None:
        """Moves forward by `timedelta(**step)`, for example `move(minutes=15)`."""
        with self._lock:
            self._now += timedelta(**step)
