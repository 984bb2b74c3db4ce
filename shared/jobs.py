"""Work done later. A job's row is the truth; a message (`shared/wakeups.py`) only wakes whoever does it."""

from __future__ import annotations

import random
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Row, String, Text, Uuid, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column
from structlog import get_logger

from shared.database import Core, Json, UtcDateTime, new_id
from shared.store import Store, Work

if TYPE_CHECKING:
    from shared.service import Running

log = get_logger(__name__)
LEASE = timedelta(minutes=3)
"""Longer than `PATIENCE` and any task take; a job whose process died is due again after it."""
PATIENCE = 2.0
"""Seconds after which a process begins no further job of a message: slow ones are shared out, and a process
that is told to end need not wait long for its jobs."""
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

    def pause(self, attempt: int, asked: timedelta | None = None) -> timedelta | None:
        """How long to wait after this try, with jitter; nothing when it was the last one."""
        if attempt > len(self.backoff):
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
        rows = select(Job.id).where(_free(work.now), Job.due_at <= work.now, Job.wake_at <= work.now)
        ids = work.all(rows.order_by(Job.due_at).limit(limit).with_for_update(skip_locked=True))
        if ids:
            work.execute(update(Job).where(Job.id.in_(ids)).values(wake_at=work.now + WOKEN_AGAIN))
    return ids


def anything_due(store: Store) -> bool:
    """A cheap look, so that an idle service writes nothing."""
    with store.read() as look:
        due = select(Job.id).where(
            Job.state.in_(("queued", "running")), Job.due_at <= look.now, Job.wake_at <= look.now
        )
        return look.first(due) is not None


def run(here: Running, job_id: UUID) -> bool:
    """Runs one job; False when it is not due, or another process has it."""
    return run_all(here, [job_id]) == 1


def run_all(here: Running, job_ids: Sequence[UUID]) -> int:
    """Claims the jobs together, runs one after the other outside any transaction, notes those done together.

    After `PATIENCE`, or when the process is to end, the rest is given back, for others to take. Answers how
    many were run.
    """
    claimed = _claim(here.store, job_ids)
    waiting, done, until = deque(claimed), list[UUID](), monotonic() + PATIENCE
    try:
        while waiting and monotonic() < until and not here.stopping.is_set():
            job = waiting.popleft()
            if _run_one(here, job):
                done.append(job.id)
    finally:
        _note(here.store, done, state="done", error="")
        given_back = {"state": "queued", "attempts": Job.attempts - 1, "wake_at": here.store.clock.now()}
        _note(here.store, [job.id for job in waiting], **given_back)
    return len(claimed) - len(waiting)


def _run_one(here: Running, job: Row[Any]) -> bool:
    """Whether it is done; a failure is noted at once."""
    task = here.service.jobs.tasks.get(job.task)
    try:
        if task is None:
            raise LookupError(f"no task {job.task}")
        task.run(here, **job.arguments)
        return True
    except Retry as retry:
        _failed(here.store, job.id, str(retry), task.pause(job.attempts, retry.after) if task else None)
    except Exception as error:
        log.warning("job_failed", job=str(job.id), task=job.task, attempt=job.attempts, error=repr(error))
        pause = task.pause(job.attempts) if task else None
        _failed(here.store, job.id, traceback.format_exc(limit=8), pause)
    return False


def _claim(store: Store, job_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Those of the jobs that are due and that nobody else has, in their order; ours until the lease ends."""
    with store.work() as work:
        free = select(Job.id).where(Job.id.in_(job_ids), Job.due_at <= work.now, _free(work.now))
        claimed = work.execute(
            update(Job)
            .where(Job.id.in_(free.with_for_update(skip_locked=True)))
            .values(state="running", lease_until=work.now + LEASE, attempts=Job.attempts + 1)
            .returning(Job.id, Job.task, Job.arguments, Job.attempts)
            .execution_options(synchronize_session=False)
        ).all()
    return sorted(claimed, key=lambda job: job_ids.index(job.id))


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(Job.state == "queued", (Job.state == "running") & (Job.lease_until < now))


def _failed(store: Store, job_id: UUID, error: str, pause: timedelta | None) -> None:
    if pause is None:
        log.error("job_parked", job=str(job_id), error=error[-300:])
        return _note(store, [job_id], state="parked", error=error)
    due = store.clock.now() + pause
    _note(store, [job_id], state="queued", error=error, due_at=due, wake_at=due)


def _note(store: Store, job_ids: Sequence[UUID], **values: Any) -> None:
    if job_ids:
        with store.work() as work:
            finished = work.now if values["state"] in ("done", "parked") else None
            noted = update(Job).where(Job.id.in_(job_ids))
            work.execute(noted.values(lease_until=None, finished_at=finished, **values))


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


def run_tick(here: Running, name: str) -> None:
    """Runs a tick; one that fails is logged and comes again."""
    try:
        here.service.jobs.ticks[name].run(here)
    except Exception as error:
        log.warning("tick_failed", service=here.name, tick=name, error=repr(error)[:500])
