"""Work done later. A job's row is the truth; a message (`shared/wakeups.py`) only wakes whoever does it
(`shared/doing.py`)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, Text, Uuid, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from shared.database import Core, Json, UtcDateTime, new_id
from shared.store import Store, Work

if TYPE_CHECKING:
    from shared.service import Running

LEASE = timedelta(minutes=3)
"""Longer than any task takes; a job whose process died is due again after it."""
TOGETHER = 20
"""Jobs that one message wakes."""
WOKEN_AGAIN = timedelta(seconds=10)


class Job(Core):
    """A piece of work. state: queued | running | done | parked (failed for good, waits for an operator)."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state_due_at", "state", "due_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    task: Mapped[str] = mapped_column(String(80))
    arguments: Mapped[Any] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(10), default="queued")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    wake_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Retry(Exception):
    """Not now: try again, after the task's own backoff or after what the other side asked for."""

    def __init__(self, why: str, after: timedelta | None = None) -> None:
        super().__init__(why)
        self.after = after


@dataclass(frozen=True)
class Task:
    """A function `(here, **arguments)` that runs outside any transaction; `backoff` in seconds per try."""

    name: str
    run: Callable[..., None]
    backoff: tuple[float, ...]

    @property
    def tries(self) -> int:
        """How often it is tried before it is parked."""
        return len(self.backoff) + 1

    def pause(self, attempt: int, asked: timedelta | None = None) -> timedelta | None:
        """How long to wait after this try, with jitter; nothing when it was the last one."""
        if attempt >= self.tries:
            return None
        return asked or timedelta(seconds=self.backoff[attempt - 1] * random.uniform(0.8, 1.2))


@dataclass(frozen=True)
class Tick:
    """A function `(here)` that looks for what is due; one missed or doubled is harmless."""

    name: str
    run: Callable[[Running], None]
    seconds: float


class Jobs:
    """A service's tasks and ticks."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.ticks: dict[str, Tick] = {}

    def task(
        self, name: str, backoff: tuple[float, ...] = (30, 120, 600, 3600, 21600)
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Decorator. A task that raises is tried again after each of `backoff`, with jitter, then parked."""

        def register(run: Callable[..., None]) -> Callable[..., None]:
            self.tasks[name] = Task(name, run, backoff)
            return run

        return register

    def every(self, seconds: float) -> Callable[[Callable[[Running], None]], Callable[[Running], None]]:
        """Decorator: `@jobs.every(seconds=30)`."""

        def register(run: Callable[[Running], None]) -> Callable[[Running], None]:
            self.ticks[run.__name__] = Tick(run.__name__, run, seconds)
            return run

        return register


def later(work: Work, task: str, due_at: datetime | None = None, **arguments: Any) -> UUID:
    """Has a task run after this transaction has committed, at `due_at` or at once."""
    due = due_at or work.now
    job = Job(id=new_id(), task=task, arguments=arguments, due_at=due, wake_at=due)
    work.add(job)
    work.has_jobs = True
    return job.id


def claim_wakeups(store: Store, limit: int = 500) -> list[UUID]:
    """Jobs that are due and whose wake-up was never sent, or so long ago that it must have been lost."""
    with store.work() as work:
        rows = select(Job.id).where(free(work.now), Job.due_at <= work.now, Job.wake_at <= work.now)
        ids = work.all(rows.order_by(Job.due_at).limit(limit).with_for_update(skip_locked=True))
        if ids:
            work.execute(update(Job).where(Job.id.in_(ids)).values(wake_at=work.now + WOKEN_AGAIN))
    return ids


def anything_due(store: Store) -> bool:
    """A cheap look, so that an idle service writes nothing."""
    with store.read() as look:
        due = select(Job.id).where(free(look.now), Job.due_at <= look.now, Job.wake_at <= look.now)
        return look.first(due) is not None


def free(now: datetime) -> ColumnElement[bool]:
    """Jobs that nobody has."""
    return or_(Job.state == "queued", cut_off(now))


def cut_off(now: datetime) -> ColumnElement[bool]:
    """Jobs whose process ended in the middle of them, or took longer than its lease."""
    return (Job.state == "running") & (Job.lease_until < now)


def end_leases(store: Store) -> None:
    """Makes jobs that a process was at when it died due at once; only when no other process can have them."""
    with store.work() as work:
        work.execute(update(Job).where(Job.state == "running").values(lease_until=work.now, wake_at=work.now))


def revive(store: Store, job_id: UUID) -> bool:
    """Puts a parked job back to work (an operator asked for it)."""
    with store.work() as work:
        job = work.find(Job, job_id)
        if job is None or job.state != "parked":
            return False
        job.state, job.attempts, job.due_at, job.wake_at = "queued", 0, work.now, work.now
        work.has_jobs = True
    return True
