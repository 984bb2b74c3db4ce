"""Counts letters against limits: in this process, or for all processes in Redis.

A place is given in the first moment at which no window would hold more than its count, and taken at once,
so that what is held wakes when it is its turn and not all together. A token bucket would let twice the count
through in its first window, for which some providers shut a robot up.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Lock

from redis import Redis, RedisError
from structlog import get_logger

from services.notify.limit import Limit, Limits
from shared.service import Running

log = get_logger(__name__)
MOST_KEYS = 10_000
SCRIPT = """
local at = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
  local earlier = redis.call('LINDEX', key, -tonumber(ARGV[2 * i]))
  if earlier then at = math.max(at, tonumber(earlier) + tonumber(ARGV[2 * i + 1])) end
end
if at > tonumber(ARGV[1]) and ARGV[2 * #KEYS + 2] == '0' then return string.format('%d', at) end
for i, key in ipairs(KEYS) do
  redis.call('RPUSH', key, string.format('%d', at))
  redis.call('LTRIM', key, -tonumber(ARGV[2 * i]), -1)
  redis.call('PEXPIRE', key, at - tonumber(ARGV[1]) + tonumber(ARGV[2 * i + 1]))
end
return string.format('%d', at)
"""
"""KEYS: a list of given moments per limit. ARGV: now, then count and window of each, in milliseconds;
and whether a place that is not free yet is taken."""


class Here:
    """Counts what this process sends."""

    def __init__(self) -> None:
        self._given: defaultdict[str, deque[int]] = defaultdict(deque)
        self._lock = Lock()

    def take(self, key: str, limits: Sequence[Limit], now: datetime, waits: bool = True) -> datetime:
        begin = at = _milliseconds(now)
        with self._lock:
            lists = [(self._given[_key(key, limit)], limit) for limit in limits]
            for given, limit in lists:
                if len(given) >= limit.count:
                    at = max(at, given[-limit.count] + limit.seconds * 1000)
            if at > begin and not waits:
                return _moment(at)
            for given, limit in lists:
                given.append(at)
                while len(given) > limit.count:
                    given.popleft()
            if len(self._given) > MOST_KEYS:
                self._forget(begin)
        return now if at == begin else _moment(at)

    def _forget(self, now: int) -> None:
        """Drops the lists that limit nothing any more."""
        longest = 7 * 86400 * 1000
        for key in [key for key, given in self._given.items() if not given or given[-1] + longest < now]:
            del self._given[key]


class Everywhere:
    """Counts what all processes send, in Redis; while that is away, this process counts for itself."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_connect_timeout=2, socket_timeout=2)
        self._take = self._redis.register_script(SCRIPT)
        self._prefix = f"{prefix}notify.limit."
        self._here = Here()

    def take(self, key: str, limits: Sequence[Limit], now: datetime, waits: bool = True) -> datetime:
        begin = _milliseconds(now)
        numbers = [number for limit in limits for number in (limit.count, limit.seconds * 1000)]
        try:
            keys = [self._prefix + _key(key, limit) for limit in limits]
            at = int(self._take(keys=keys, args=[begin, *numbers, int(waits)]))
        except RedisError as error:
            log.warning("limits_uncounted", error=repr(error))
            return self._here.take(key, limits, now, waits)
        return now if at == begin else _moment(at)


_making = Lock()


def limits_of(here: Running) -> Limits:
    """The counter of this process, made at its first use."""
    with _making:
        found: Limits | None = here.state.get("limits")
        if found is None:
            settings = here.settings
            counts = settings.redis_url and Everywhere(settings.redis_url, settings.broker_prefix)
            found = here.state["limits"] = counts or Here()
        return found


def _key(key: str, limit: Limit) -> str:
    return f"{key}.{limit.count}.{limit.seconds}"


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
