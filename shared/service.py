"""A service: what it is made of, and how it runs in a process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from fastapi import APIRouter
from sqlalchemy import MetaData

from shared import people
from shared.database import Core, migrate
from shared.inbox import Handlers
from shared.jobs import Jobs
from shared.metrics import Number
from shared.people import Caller
from shared.settings import Settings
from shared.store import Look, Store
from shared.threads import Threads
from shared.tokens import Claims, KeyRing


@dataclass(frozen=True)
class Service:
    """The wiring of one service; the same in every process.

    `first_start` runs after each migration, `on_start` in every process that has the service, `on_end` as
    soon as such a process is told to end. `numbers` are shown among the metrics of such a process.
    """

    name: str
    title: str
    routers: Sequence[APIRouter]
    tables: Sequence[MetaData]
    migrations: Path
    handlers: Handlers = field(default_factory=Handlers)
    jobs: Jobs = field(default_factory=Jobs)
    find_caller: Callable[[Look, Claims], Caller] = people.find_caller
    first_start: Callable[[Running], None] | None = None
    on_start: Callable[[Running], object] | None = None
    on_end: Callable[[Running], None] | None = None
    numbers: Sequence[Number] = ()

    @property
    def metadata(self) -> tuple[MetaData, ...]:
        return (Core.metadata, *self.tables)


@dataclass
class Running:
    """One service in one process: its store, what it may reach, and the threads of the process."""

    service: Service
    settings: Settings
    store: Store
    keys: KeyRing
    key: str
    threads: Threads = field(default_factory=Threads)
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def counted(self) -> tuple[Store, Sequence[Number]]:
        """What its metrics are read from."""
        return self.store, self.service.numbers

    @property
    def stopping(self) -> Event:
        """Set as soon as the process is told to end."""
        return self.threads.stopping

    def migrate(self) -> None:
        migrate(self.name, self.service.metadata, self.service.migrations, self.store.url)
        if self.service.first_start is not None:
            self.service.first_start(self)
