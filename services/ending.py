"""How a process ends: Ctrl-C and SIGTERM, status 0, within five seconds whatever it is at."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable

from structlog import get_logger

log = get_logger(__name__)
LIMIT = 4.0
"""Seconds after which what is still at work is cut off. It loses no more by that than by a kill: nothing."""


def leave_when_asked() -> None:
    """Until a process knows how to end well, Ctrl-C and SIGTERM break its start off, with status 0.

    At once, by no exception: one that is raised while something is tidied up would be lost.
    """

    def leave(_number: int, _frame: object) -> None:
        os._exit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)


def end_when_asked(end: Callable[[], None]) -> None:
    """From now on Ctrl-C and SIGTERM have the process end by itself."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: end())


def started(stopping: threading.Event) -> None:
    """The process is complete: what it consists of now stays until its end, which `stopping` begins."""
    gc.collect()
    gc.freeze()  # nothing of that is garbage: it need not be looked through again and again
    threading.Thread(target=_cut_off_late, args=(stopping,), daemon=True, name="ending").start()


def _cut_off_late(stopping: threading.Event) -> None:
    stopping.wait()
    gc.freeze()  # else the interpreter tidies up for a second before it ends
    threading.Event().wait(LIMIT)
    log.warning("cut_off", threads=[thread.name for thread in threading.enumerate()])
    os._exit(0)
