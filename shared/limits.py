"""How often somebody may ask: counted in this process, so that reading what is public stays cheap."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from shared.errors import TooMany

KEYS = 10_000
"""Addresses that are remembered; beyond that the count of all of them begins anew."""


@dataclass
class Limiter:
    """At most `times` in each window of `seconds`, per key. Each process counts for itself."""

    times: int
    seconds: int
    _window: int = 0
    _counts: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def check(self, key: str, now: datetime) -> None:
        """Counts; raises `TooMany` (`too_many_requests`) with the seconds to wait."""
        window, spent = divmod(int(now.timestamp()), self.seconds)
        with self._lock:
            if window != self._window or len(self._counts) >= KEYS:
                self._window, self._counts = window, {}
            self._counts[key] = count = self._counts.get(key, 0) + 1
        if count > self.times:
            wait = math.ceil(self.seconds - spent)
            text = f"访问过于频繁，请 {wait} 秒后再试"
            raise TooMany("too_many_requests", text, "too many requests", headers={"Retry-After": str(wait)})
