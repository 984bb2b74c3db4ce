"""Relay drain: how fast events that wait in the outbox are numbered, published, confirmed and marked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

import psycopg
from sqlalchemy import text

from bench import floor_relay
from bench.pair import HEARER, SENDER, TEXT, ThingChanged, make_tables, store_of
from bench.result import Figure, Goal, interleaved
from bench.servers import Place, place
from shared.relay import Relay


def measure(rounds: int, quick: bool) -> Iterable[Figure]:
    waiting = 2_000 if quick else 10_000
    with place(SENDER, HEARER) as here:
        make_tables(here)
        here.broker.subscribe(HEARER, SENDER).close()
        ours, floor = interleaved(rounds, lambda: our_drain(here, waiting), lambda: bare_drain(here, waiting))
    yield Figure(
        f"relay drain of {waiting:,} waiting events", "events/s", Goal(0.3, at_least=True), ours, floor
    )


def our_drain(here: Place, waiting: int) -> float:
    store = store_of(here, SENDER)
    relay = Relay(store, here.broker)
    publish(here, 1)
    relay.pump()  # connected
    publish(here, waiting)
    with store.writer.begin() as connection:
        connection.execute(text("ANALYZE outbox"))
    started = time.perf_counter()
    sent = relay.pump()
    relay.mark()
    elapsed = time.perf_counter() - started
    relay.close()
    store.close()
    assert sent == waiting
    return sent / elapsed


def publish(here: Place, count: int) -> None:
    store = store_of(here, SENDER)
    for start in range(0, count, 1000):
        with store.work() as work:
            numbers = range(start, min(start + 1000, count))
            work.publish(*(ThingChanged(thing=n % 100, number=n, sent_at=time.time()) for n in numbers))
    store.close()


def bare_drain(here: Place, waiting: int) -> float:
    dsn, queue = here.dsn(SENDER), f"{here.prefix}floor"
    floor_relay.declare(queue)
    event = json.dumps({"number": 1, "sent_at": time.time(), "text": TEXT})
    with psycopg.connect(dsn, autocommit=True) as database:
        database.execute(floor_relay.SCHEMA)
        database.execute(
            "INSERT INTO f_outbox (topic, payload)"
            " SELECT 'plan.submitted', %s::jsonb FROM generate_series(1, %s)",
            (event, waiting),
        )
        database.execute("ANALYZE f_outbox")
    relay = floor_relay.BareRelay(dsn, queue)
    started = time.perf_counter()
    sent = relay.drain()
    elapsed = time.perf_counter() - started
    relay.close()
    assert sent == waiting
    return sent / elapsed
