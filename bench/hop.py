"""Event hop: from before the sender's transaction to after the hearer's commit, one event per 5 ms."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event

import psycopg

from bench import floor_relay
from bench.pair import HEARER, SENDER, TEXT, Hearing, Sending, make_tables
from bench.result import Figure, Goal, interleaved, percentile
from bench.servers import Place, place

PAUSE = 0.005
WARM = 50
spawn = multiprocessing.get_context("spawn")


def measure(rounds: int, quick: bool) -> Iterable[Figure]:
    count = WARM + (200 if quick else 600)
    with place(SENDER, HEARER) as here:
        make_tables(here)
        starts = iter(range(0, 10**9, count))
        ours, floor = interleaved(
            rounds, lambda: our_hop(here, next(starts), count), lambda: bare_hop(here, count)
        )
    yield Figure("event hop, commit → handled, idle p50", "ms", Goal(2.5), ours, floor)


def our_hop(here: Place, start: int, count: int) -> float:
    ready, delays = spawn.Event(), spawn.Queue()
    hearer = spawn.Process(target=hear, args=(here, count, ready, delays))
    hearer.start()
    ready.wait(20)
    sending = Sending(here)
    time.sleep(0.3)
    sending.send(range(start, start + count), PAUSE)
    found: list[float] = delays.get(timeout=60)
    sending.close()
    hearer.join(10)
    return percentile(found[WARM:], 0.5)


def hear(here: Place, count: int, ready: Event, delays: Queue[list[float]]) -> None:
    """A process: our hearer until it has heard so many events."""
    hearing = Hearing(here)
    ready.set()
    hearing.wait_for(count)
    delays.put(hearing.delays)
    hearing.close()


def bare_hop(here: Place, count: int) -> float:
    dsn, queue = here.dsn(SENDER), f"{here.prefix}floor"
    floor_relay.declare(queue)
    with psycopg.connect(dsn, autocommit=True) as database:
        database.execute(floor_relay.SCHEMA)
        stop, relays, hears, delays = spawn.Event(), spawn.Event(), spawn.Event(), spawn.Queue()
        processes = [
            spawn.Process(target=floor_relay.relay_until, args=(dsn, queue, relays, stop)),
            spawn.Process(target=floor_relay.consume, args=(dsn, queue, count, hears, delays)),
        ]
        for process in processes:
            process.start()
        relays.wait(20)
        hears.wait(20)
        time.sleep(0.3)
        for number in range(count):
            floor_relay.submit(database, number, TEXT)
            time.sleep(PAUSE)
        found: list[float] = delays.get(timeout=60)
        stop.set()
        for process in processes:
            process.join(10)
    return percentile(found[WARM:], 0.5)
