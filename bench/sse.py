"""Live push: event of plans → number on the page, with 1,000 pages open on one web process against 10."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from bench.machine import cpu_seconds, resident_mib
from bench.notifications import usable
from bench.product import Process, Product, product
from bench.readers import Reader, readers
from bench.result import Figure, Goal, percentile
from bench.servers import REDIS
from shared.clock import Clock
from shared.relay import Relay
from shared.store import Store

MANY, FEW = 1_000, 10
FILES = 4_096
"""Open files that a process with so many connections needs."""
PATIENCE = 120.0


@dataclass
class Found:
    """What a run has measured: p95 in ms, share of a core while nothing happens, memory per page in KiB."""

    push: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


def measure(rounds: int, quick: bool) -> Iterable[Figure]:
    events, idle = (60, 5.0) if quick else (200, 30.0)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
    with product() as made:
        made.more["REDIS_URL"] = REDIS
        sample = made.with_district(lambda _: None)
        people = readers(made, UUID(sample.hospital_id), MANY)
        web = made.run("web")
        made.run("worker", "--service", "notify")
        plans = Store("plans", made.here.database("plans"), Clock())
        system = System(made, web, plans, events, idle)
        system.measure(people[:FEW], Found())  # warm
        found = {count: Found() for count in (FEW, MANY)}
        for _ in range(rounds):
            for count, so_far in found.items():
                system.measure(people[:count], so_far)
        plans.close()
    few, many = found[FEW], found[MANY]
    yield Figure("live push, 1,000 pages open, p95 against 10", "ms", Goal(2), many.push, few.push)
    yield Figure("1,000 open pages, nothing happens, share of a core", "%", None, many.idle)
    yield Figure("memory per open page", "KiB", None, many.memory)


@dataclass
class System:
    """The running system, how many events a run tells, and how long (seconds) it is left alone before."""

    made: Product
    web: Process
    plans: Store
    events: int
    idle: float

    def measure(self, people: Sequence[Reader], so_far: Found) -> None:
        """Opens a page for each of the people, waits, tells them. Raises `RuntimeError` unless all hear."""
        pid = self.web.popen.pid
        before = resident_mib(pid)
        with pages(self.web.port, people) as open_pages:
            so_far.memory.append(max(0.0, resident_mib(pid) - before) * 1024 / len(people))
            used = cpu_seconds(pid)
            time.sleep(self.idle)
            so_far.idle.append(100 * (cpu_seconds(pid) - used) / self.idle)
            told = tell(self.made, self.plans, people, self.events)
            arrived = ended(open_pages)
        delays = [1000 * (arrived[n].pop(0) - at) for n, at in told if arrived.get(n)]
        if len(delays) < len(told):
            raise RuntimeError(f"{len(delays)} of {len(told)} numbers have come")
        so_far.push.append(percentile(delays, 0.95))


def tell(made: Product, plans: Store, people: Sequence[Reader], count: int) -> list[tuple[int, float]]:
    """Tells one person after the other that a plan is usable: who, and when that was committed."""
    told, relay = [], Relay(plans, made.here.broker)
    for number in range(count):
        place = number * 7 % len(people)
        event = usable(number).model_copy(update={"applicant_id": people[place].id})
        with plans.work() as work:
            work.publish(event)
        told.append((place, time.time()))
        relay.pump()
        time.sleep(0.05)
    time.sleep(2)  # the last one is on its way
    relay.close()
    return told


@contextmanager
def pages(port: int, people: Sequence[Reader]) -> Iterator[subprocess.Popen[str]]:
    """A page for each of them, all with their first numbers."""
    command = [sys.executable, "-m", "bench.pages"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        tokens = [reader.token for reader in people]
        process.stdin.write(json.dumps({"port": port, "tokens": tokens}) + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "open\n":
            raise RuntimeError("the pages did not open")
        yield process
    finally:
        process.kill()
        process.wait()


def ended(process: subprocess.Popen[str]) -> dict[int, list[float]]:
    """When which page has got numbers; then they are closed."""
    said, _ = process.communicate(timeout=PATIENCE)
    return {int(number): times for number, times in json.loads(said).items()}
