"""Puts services into a process: which ones, which of their threads, and how they reach each other."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any

import httpx
from celery import Celery
from fastapi import FastAPI, Response
from prometheus_client import make_asgi_app
from starlette.types import ASGIApp

from services.front import add_front
from shared import doing, jobs, wakeups
from shared.broker import Broker
from shared.clock import Clock
from shared.feed import ReadFeed, http_feed, local_feed
from shared.following import follow
from shared.health import health_of
from shared.metrics import registry
from shared.receiver import Receiver
from shared.relay import Relay
from shared.service import Running, Service
from shared.settings import Settings
from shared.store import Store
from shared.threads import Threads
from shared.tokens import KeyRing
from shared.web import Door, add_error_answers, service_app

PATIENCE = 1.5
NAMES = ("directory", "plans", "approvals", "notify")


def find_service(name: str) -> Service:
    """The wiring of a service, by its name."""
    found: Service = importlib.import_module(f"services.{name}.service").service
    return found


class System:
    """The services of one process, with a relay for each and a receiver for each publisher they hear."""

    def __init__(self, settings: Settings, names: Sequence[str] = NAMES, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or Clock()
        self.broker = Broker(settings.broker_url, settings.broker_prefix)
        self.key = settings.key()
        self.threads = Threads()
        self.stopping = self.threads.stopping
        self.running: dict[str, Running] = {}
        keys = KeyRing(self._fetch_keys)
        for name in names:
            store = Store(name, settings.database_url_of(name), self.clock)
            service = find_service(name)
            self.running[name] = Running(service, settings, store, keys, self.key, self.threads)
        self.relays = {name: Relay(here.store, self.broker) for name, here in self.running.items()}
        self.receivers = [
            Receiver(here.store, here.service.handlers, publisher, self._feed(here, publisher))
            for here in self.running.values()
            for publisher in here.service.handlers.publishers
        ]
        self.metrics = registry(here.counted for here in self.running.values())
        for here in self.running.values():
            if here.service.on_start is not None:
                here.service.on_start(here)
        self._wakes: list[Callable[[], None]] = [self.broker.wake]

    def _feed(self, here: Running, publisher: str) -> ReadFeed:
        if publisher in self.running:
            return local_feed(self.running[publisher].store)
        url = self.settings.feed_url.replace("{service}", publisher)
        return http_feed(url, publisher, here.store, self.key)

    def _fetch_keys(self) -> Mapping[str, Any]:
        if "directory" in self.running:
            found: Mapping[str, Any] = importlib.import_module("services.directory.signing_key").jwks(
                self.running["directory"]
            )
            return found
        url = self.settings.feed_url.replace("{service}", "directory")
        answer = httpx.get(f"{url}/api/directory/jwks", trust_env=False, timeout=5)
        answer.raise_for_status()
        keys: dict[str, Any] = answer.json()
        return keys

    def migrate(self) -> None:
        """Brings every database of this process to the newest version."""
        for here in self.running.values():
            here.migrate()

    def app(self) -> ASGIApp:
        """All services of this process under one origin."""
        root = FastAPI(title="政府采购计划 (procurement plans)", openapi_url=None)
        add_error_answers(root)
        root.mount("/metrics", make_asgi_app(self.metrics))

        @root.get("/health", include_in_schema=False)
        async def health(response: Response) -> dict[str, Any]:
            ended = self.threads.ended()
            response.status_code = 503 if ended else 200
            return {**health_of(ended), "services": sorted(self.running)}

        add_front(root)
        for name, here in self.running.items():
            root.mount(f"/api/{name}", service_app(here))
        return Door(root)

    # threads

    def start_relays(self) -> None:
        send_wakeups = partial(wakeups.wake, self.celery)
        for name, relay in self.relays.items():
            relay.send_wakeups = send_wakeups
            self.threads.start(f"relay-{name}", relay.run, self.stopping)
            self._wakes.append(relay.wake)

    def start_receivers(self) -> None:
        for receiver in self.receivers:
            receiver.prepare()
            name = f"{receiver.store.service}-from-{receiver.publisher}"
            self.threads.start(name, follow, receiver, self.broker, self.stopping)

    def resume_jobs(self) -> None:
        """Only where no other process can be at work (embedded): what was cut off is due at once."""
        for here in self.running.values():
            jobs.end_leases(here.store)

    def start_worker(self) -> None:
        """Celery's worker in threads of this process, and its clock: embedded only."""
        self._wakes.append(wakeups.end_embedded_worker)
        app = self.celery
        self.threads.start("jobs", lambda: wakeups.embedded_worker(app).start())
        self.threads.start("ticks", self._tick)

    def _tick(self) -> None:
        """The embedded clock: runs each tick when its time has come, without a message in between."""
        ticks = [(here, tick) for here in self.running.values() for tick in here.service.jobs.ticks.values()]
        due = {tick.name + here.name: 0.0 for here, tick in ticks}
        elapsed = 0.0
        while not self.stopping.wait(1.0):
            elapsed += 1.0
            for here, tick in ticks:
                if elapsed - due[tick.name + here.name] >= tick.seconds:
                    due[tick.name + here.name] = elapsed
                    doing.run_tick(here, tick.name)

    @property
    def celery(self) -> Celery:
        if not hasattr(self, "_celery"):
            self._celery = wakeups.celery_app(
                self.settings.broker_url, self.settings.broker_prefix, self.running
            )
        return self._celery

    def end(self) -> None:
        """Told to end: whatever would otherwise hold the process up lets go now."""
        self.stopping.set()
        for here in self.running.values():
            if here.service.on_end is not None:
                here.service.on_end(here)

    def stop(self) -> None:
        """Ends all threads together; what they have not finished within `PATIENCE` is finished next time."""
        self.end()
        until = monotonic() + PATIENCE
        while (left := self.threads.alive()) and monotonic() < until:
            for wake in self._wakes:  # again and again: some may just have begun to wait
                wake()
            left[0].join(0.05)
        for here in self.running.values():
            here.store.close()
