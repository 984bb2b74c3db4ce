"""Catch-up: seconds until a burst of events is handled although the broker is wiped in the middle of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from bench.pair import HEARER, SENDER, Hearing, Sending, make_tables
from bench.result import Figure, interleaved
from bench.servers import Place, place


def measure(rounds: int, quick: bool) -> Iterable[Figure]:
    count = 300 if quick else 2_000
    with place(SENDER, HEARER) as here:
        make_tables(here)
        starts = iter(range(0, 10**9, count))
        wiped, whole = interleaved(
            rounds,
            lambda: burst(
                here, range(at := next(starts), at + count), lambda: here.broker.wipe([SENDER, HEARER])
            ),
            lambda: burst(here, range(at := next(starts), at + count), lambda: None),
        )
    costs = [one - other for one, other in zip(wiped, whole, strict=True)]
    yield Figure(f"catch-up: {count:,} events handled, broker wiped", "s", None, wiped, whole)
    yield Figure("catch-up: what the wipe costs", "s", None, costs)


def burst(here: Place, numbers: range, then: Callable[[], None]) -> float:
    """Seconds from the first change to the last event handled; `then` happens after the last commit."""
    hearing, sending = Hearing(here), Sending(here)
    try:
        time.sleep(0.5)
        started = time.perf_counter()
        sending.send(numbers)
        then()
        hearing.wait_for(len(numbers))
        return time.perf_counter() - started
    finally:
        sending.close()
        hearing.close()
