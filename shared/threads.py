"""The long-lived threads of a process: each goes on whatever happens, and one that is gone is noticed."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from time import monotonic

from structlog import get_logger

log = get_logger(__name__)
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
CALM = 30.0
"""Seconds after which a failure is no longer taken as one more of those before it."""


class Threads:
    """Threads that live until `stopping` is set. Their work runs until then; work that fails, or ends too
    early, is begun anew after a pause that grows to five seconds."""

    def __init__(self, stopping: threading.Event | None = None) -> None:
        self.stopping = stopping or threading.Event()
        self._all: list[threading.Thread] = []

    def start(self, name: str, work: Callable[..., object], *arguments: object) -> None:
        """Has a thread of its own do the work until the process is to end."""
        thread = threading.Thread(target=self._live, args=(name, work, *arguments), name=name, daemon=True)
        thread.start()
        self._all.append(thread)

    def ended(self) -> list[str]:
        """The names of threads that are gone although the process goes on; there should be none."""
        return [] if self.stopping.is_set() else [one.name for one in self._all if not one.is_alive()]

    def alive(self) -> list[threading.Thread]:
        return [one for one in self._all if one.is_alive()]

    def _live(self, name: str, work: Callable[..., object], *arguments: object) -> None:
        try:
            self._go_on(name, work, *arguments)
        finally:  # what ends a thread here is no `Exception`: somebody wanted it to exit
            if not self.stopping.is_set():
                log.error("thread_ended", thread=name, exc_info=True)

    def _go_on(self, name: str, work: Callable[..., object], *arguments: object) -> None:
        pause = 0.0
        while True:
            began, failure = monotonic(), None
            try:
                work(*arguments)
            except Exception as error:
                failure = error
            if self.stopping.is_set():
                return
            again = pause > 0 and monotonic() - began < CALM
            pause = min(LONGEST_PAUSE, pause * 2) if again else FIRST_PAUSE
            # one traceback for each series of failures: an outage is many of them
            about = {"thread": name, "error": repr(failure)[:300], "exc_info": None if again else failure}
            log.warning("work_begins_anew", **about)
            self.stopping.wait(pause * random.uniform(0.7, 1.0))
