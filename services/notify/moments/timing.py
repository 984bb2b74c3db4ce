"""What a person wants, or a unit for its people, about time: when to be left alone, when to get what is
collected, and how much in an hour. All times of day are those of Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

USUAL: Mapping[str, Any] = {
    "quiet_hours": [],
    "working_days_only": False,
    "digest_times": ["17:00"],
    "todo_digest_at": "08:30",
    "hourly_limit": 0,
}
"""What holds while nobody has chosen, as it is kept. No quiet hours, and a limit of 0, are said as such: they
hold against what a unit says."""


class QuietHours(NamedTuple):
    """From `begin` until just before `end`, over midnight when it ends earlier than it begins."""

    begin: time
    end: time

    def hold(self, hour: time) -> bool:
        """Whether it is quiet at a time of day."""
        if self.begin < self.end:
            return self.begin <= hour < self.end
        return hour >= self.begin or hour < self.end

    def over(self, local: datetime) -> datetime:
        """The next end after a local moment."""
        end = datetime.combine(local.date(), self.end, local.tzinfo)
        return end if end > local else end + timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}–{self.end:%H:%M}"


@dataclass(frozen=True)
class Timing:
    """What holds for a person: the same for all channels."""

    quiet: QuietHours | None
    working_days_only: bool
    digest_times: tuple[time, ...]
    todo_digest_at: time
    hourly_limit: int

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Timing:
        """From all values as they are kept."""
        hours = [time.fromisoformat(hour) for hour in kept["quiet_hours"]]
        return cls(
            quiet=QuietHours(*hours) if hours else None,
            working_days_only=kept["working_days_only"],
            digest_times=tuple(sorted(time.fromisoformat(hour) for hour in kept["digest_times"])),
            todo_digest_at=time.fromisoformat(kept["todo_digest_at"]),
            hourly_limit=kept["hourly_limit"],
        )

    @property
    def rests(self) -> bool:
        """Whether there are times at which nothing is to come."""
        return self.quiet is not None or self.working_days_only
