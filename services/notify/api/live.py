"""Wakes the open pages of people whose numbers have changed, in this process and over Redis in others."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from services.notify.api.across import Across
from services.notify.message import touched_inboxes
from shared.service import Running
from shared.store import Work

_making = threading.Lock()


@dataclass(eq=False)
class Watcher:
    """One open page: a flag on its own event loop, set from whichever thread has news."""

    loop: asyncio.AbstractEventLoop
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        with suppress(RuntimeError):  # a loop that has just been closed has no page left to show anything
            self.loop.call_soon_threadsafe(self.news.set)

    async def wait(self, seconds: float) -> None:
        """Returns when there is news, or when the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self.news.wait()
        except TimeoutError:
            return
        self.news.clear()


class Live:
    """The open pages of this process. It carries no numbers: who is woken looks them up himself, so that a
    lost or doubled wake-up never shows a wrong one."""

    def __init__(self, here: Running) -> None:
        self.closed = False
        self._watchers: dict[UUID, set[Watcher]] = defaultdict(set)
        self._lock = threading.Lock()
        self._across = Across(here, self.wake) if here.settings.redis_url else None
        here.store.on_commit.append(self._committed)

    @contextmanager
    def watching(self, person_id: UUID) -> Iterator[Watcher]:
        """A watcher of one person's inbox, for as long as the block lasts."""
        watcher = Watcher(asyncio.get_running_loop())
        with self._lock:
            self._watchers[person_id].add(watcher)
        if self._across is not None:
            self._across.listen()
        try:
            yield watcher
        finally:
            with self._lock:
                self._watchers[person_id].discard(watcher)
                if not self._watchers[person_id]:
                    del self._watchers[person_id]

    @property
    def watched(self) -> int:
        """How many pages are open."""
        with self._lock:
            return sum(map(len, self._watchers.values()))

    def hears_others(self, seconds: float) -> bool:
        """Whether other processes are heard by now; waits up to so many seconds for that."""
        return self._across is not None and self._across.heard.wait(seconds)

    def wake(self, people: Iterable[UUID]) -> None:
        with self._lock:
            found = [watcher for person in people for watcher in self._watchers.get(person, ())]
        for watcher in found:
            watcher.wake()

    def close(self) -> None:
        """Ends every stream at once, so that a server that shuts down need not wait for them."""
        self.closed = True
        with self._lock:
            people = list(self._watchers)
        self.wake(people)
        if self._across is not None:
            self._across.close()

    def _committed(self, work: Work) -> None:
        people = touched_inboxes(work)
        if people:
            self.wake(people)
            if self._across is not None:
                self._across.tell(people)


def live_of(here: Running) -> Live:
    """The one of this process; made at first use, or at the start by a process that only writes."""
    with _making:
        found: Live | None = here.state.get("live")
        if found is None:
            found = here.state["live"] = Live(here)
        return found


def close_live(here: Running) -> None:
    """Ends the streams of this process, if there were any."""
    if (found := here.state.get("live")) is not None:
        found.close()
