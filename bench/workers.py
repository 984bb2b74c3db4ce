"""Runs the same piece of work in several processes for some seconds."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from bench.servers import Place

spawn = multiprocessing.get_context("spawn")
Connect = Callable[[Place], Callable[[], None]]
"""Prepares a process and gives the piece of work that it repeats."""


def per_second(connect: Connect, here: Place, processes: int, seconds: float) -> float:
    """Pieces of work done per second by all processes together; start-up and five warm pieces not counted."""
    gate, counted = spawn.Barrier(processes), spawn.Queue()
    workers = [
        spawn.Process(target=_work, args=(connect, here, seconds, gate, counted)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(seconds + 120)
    if any(worker.exitcode != 0 for worker in workers):
        raise RuntimeError("a process of the bench ended early")
    rates: list[float] = [counted.get() for _ in workers]
    return sum(rates)


def _work(connect: Connect, here: Place, seconds: float, gate: Barrier, counted: Queue[float]) -> None:
    act = connect(here)
    for _ in range(5):
        act()
    gate.wait(60)
    started, done = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < seconds:
        act()
        done += 1
    counted.put(done / elapsed)
