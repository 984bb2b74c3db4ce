"""The embedded system: start, memory after the story, idle processor time, and the hop inside one process."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from bench.machine import cpu_seconds, resident_mib
from bench.pair import HEARER, SENDER, Hearing, Sending, make_tables
from bench.product import start
from bench.result import Figure, Goal, percentile
from bench.servers import Place, free_port

PAUSE = 0.005


def measure(rounds: int, quick: bool) -> Iterable[Figure]:
    idle = 3.0 if quick else 10.0
    runs = [run(idle) for _ in range(rounds)]
    starts, memory, shares = ([run[part] for run in runs] for part in range(3))
    yield Figure("embedded: start until /health", "s", Goal(3), starts)
    yield Figure("embedded: memory after the story", "MiB", Goal(200), memory)
    yield Figure("embedded: idle, share of a core", "%", Goal(2), shares)
    hops = [hop(200 if quick else 600) for _ in range(rounds)]
    yield Figure("embedded: event hop, p50", "ms", Goal(10), hops)


def run(idle: float) -> tuple[float, float, float]:
    """Seconds to the first answer, MiB after the story, per cent of a core while nobody asks anything."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data_dir = Path(folder)
        began = time.perf_counter()
        process = start(["up"], data_dir, free_port(), {})
        try:
            process.wait_for_health()
            started = time.perf_counter() - began
            wait_for_story(data_dir / "out")
            time.sleep(2)
            before = cpu_seconds(process.popen.pid)
            time.sleep(idle)
            used = cpu_seconds(process.popen.pid) - before
            return started, resident_mib(process.popen.pid), 100 * used / idle
        finally:
            process.stop()


def wait_for_story(out: Path) -> None:
    until = time.monotonic() + 60
    while not re.search("故事完成", told := out.read_text()):
        if "故事中断" in told or time.monotonic() > until:
            raise RuntimeError(f"the story did not end well: {told[-500:]}")
        time.sleep(0.1)


def hop(count: int) -> float:
    """The pair of the hop bench as threads of this process, over SQLite and the in-process broker."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        here = Place(f"sqlite:///{folder}/{{service}}.db", "inproc://localhost", f"{Path(folder).name}.")
        make_tables(here)
        hearing, sending = Hearing(here), Sending(here)
        try:
            sending.send(range(count), PAUSE)
            hearing.wait_for(count)
            return percentile(hearing.delays, 0.5)
        finally:
            sending.close()
            hearing.close()
            here.broker.wipe([SENDER, HEARER])
