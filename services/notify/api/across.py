"""Carries wake-ups between processes over Redis; a lost one costs the few seconds until pages look again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import Any
from uuid import UUID

from redis import Redis
from structlog import get_logger

from shared.service import Running

log = get_logger(__name__)
BATCH = 500


class Across:
    """Publishes and hears the ids of people whose numbers have changed; it never holds up a commit."""

    def __init__(self, here: Running, wake: Callable[[Iterable[UUID]], None]) -> None:
        self.channel = f"{here.settings.broker_prefix}notify.inbox"
        self.heard = threading.Event()
        self._redis = Redis.from_url(here.settings.redis_url, socket_connect_timeout=2, socket_timeout=5)
        self._threads = here.threads
        self._wake = wake
        self._waiting: SimpleQueue[frozenset[UUID]] = SimpleQueue()
        self._started: set[str] = set()
        self._lock = threading.Lock()

    def tell(self, people: frozenset[UUID]) -> None:
        """Has the other processes woken, soon."""
        self._waiting.put(people)
        self._start("notify-live-out", self._publish)

    def listen(self) -> None:
        """Hears the other processes from now on."""
        self._start("notify-live-in", self._hear)

    def close(self) -> None:
        """Has a thread that waits for somebody to tell of notice that the process is to end."""
        self._waiting.put(frozenset())

    def _start(self, name: str, run: Callable[[], None]) -> None:
        with self._lock:
            if name not in self._started:
                self._started.add(name)
                self._threads.start(name, run)

    def _publish(self) -> None:
        while not self._threads.stopping.is_set():
            people = set(self._waiting.get())
            while len(people) < BATCH:
                try:
                    people |= self._waiting.get_nowait()
                except Empty:
                    break
            self._redis.publish(self.channel, json.dumps([str(person) for person in people]))

    def _hear(self) -> None:
        try:
            with self._redis.pubsub() as channel:  # type: ignore[no-untyped-call]
                channel.subscribe(self.channel)
                while not self._threads.stopping.is_set():
                    self._take(channel.get_message(timeout=1.0))
        finally:
            self.heard.clear()

    def _take(self, message: dict[str, Any] | None) -> None:
        if message is None:
            return
        if message["type"] == "subscribe":
            self.heard.set()
        elif message["type"] == "message":
            try:
                self._wake([UUID(person) for person in json.loads(message["data"])])
            except (ValueError, TypeError):
                log.warning("live_push_unreadable")
