"""Does jobs: claims them for the time of a lease, runs them outside any transaction, notes the outcome."""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from structlog import get_logger

from shared.jobs import LEASE, Job, Retry, cut_off
from shared.service import Running
from shared.store import Store

log = get_logger(__name__)
PATIENCE = 2.0
"""Seconds after which a process begins no further job of a message: slow ones are shared out, and a process
that is told to end need not wait long for its jobs."""


@dataclass(frozen=True)
class Claim:
    """A job that is ours until its lease ends; `attempt` counts from 1, and may be counted in its row."""

    id: UUID
    task: str
    arguments: Any
    attempt: int
    lease_until: datetime
    counted: bool = False


def run(here: Running, job_id: UUID) -> bool:
    """Runs one job; False when it is not due, or another process has it."""
    return run_all(here, [job_id]) == 1


def run_all(here: Running, job_ids: Sequence[UUID]) -> int:
    """Claims the jobs together, runs one after the other outside any transaction, notes those done together.

    After `PATIENCE`, or when the process is to end, the rest is given back, for others to take. Those that
    another process was cut off in are run alone: one of them may have been what ended it. Answers how many
    were run.
    """
    until = monotonic() + PATIENCE
    claimed = _claim(here.store, job_ids)
    ran = _run_together(here, claimed, until)
    if len(claimed) < len(job_ids):
        for job_id in _cut_off_among(here.store, job_ids):
            if _is_over(here, until):
                break
            if (job := _take_up(here, job_id)) is not None:
                ran += _run_together(here, [job], until)
    return ran


def _run_together(here: Running, claimed: Sequence[Claim], until: float) -> int:
    waiting, done = deque(claimed), list[Claim]()
    try:
        while waiting and not _is_over(here, until):
            job = waiting.popleft()
            if _run_one(here, job):
                done.append(job)
    finally:
        _done(here.store, done)
        _note(here.store, waiting, state="queued", wake_at=here.store.clock.now())
    return len(claimed) - len(waiting)


def _is_over(here: Running, until: float) -> bool:
    return monotonic() >= until or here.stopping.is_set()


def _run_one(here: Running, job: Claim) -> bool:
    """Whether it is done; a failure is noted at once."""
    task = here.service.jobs.tasks.get(job.task)
    try:
        if task is None:
            raise LookupError(f"no task {job.task}")
        task.run(here, **job.arguments)
        return True
    except Retry as retry:
        _failed(here.store, job, str(retry), task.pause(job.attempt, retry.after) if task else None)
    except Exception as error:
        log.warning("job_failed", job=str(job.id), task=job.task, attempt=job.attempt, error=repr(error))
        pause = task.pause(job.attempt) if task else None
        _failed(here.store, job, traceback.format_exc(limit=8), pause)
    return False


def _claim(store: Store, job_ids: Sequence[UUID]) -> Sequence[Claim]:
    """Those of the jobs that are due and that nobody has begun, in their order; ours until the lease ends.

    The try is counted when it has ended, so that a process which dies costs those it had not begun nothing.
    """
    with store.work() as work:
        free = select(Job.id).where(Job.id.in_(job_ids), Job.due_at <= work.now, Job.state == "queued")
        claimed = work.execute(
            update(Job)
            .where(Job.id.in_(free.with_for_update(skip_locked=True)))
            .values(state="running", lease_until=work.now + LEASE)
            .returning(Job.id, Job.task, Job.arguments, Job.attempts, Job.lease_until)
            .execution_options(synchronize_session=False)
        ).all()
    ours = [Claim(row.id, row.task, row.arguments, row.attempts + 1, row.lease_until) for row in claimed]
    return sorted(ours, key=lambda job: job_ids.index(job.id))


def _cut_off_among(store: Store, job_ids: Sequence[UUID]) -> list[UUID]:
    with store.read() as look:
        return look.all(select(Job.id).where(Job.id.in_(job_ids), cut_off(look.now)).order_by(Job.due_at))


def _take_up(here: Running, job_id: UUID) -> Claim | None:
    """Claims a job that a process was cut off in. Its try counts from the beginning; after its last one it is
    parked, as it may well be what ends the processes."""
    with here.store.work() as work:
        left = select(Job).where(Job.id == job_id, cut_off(work.now))
        job = work.first(left.with_for_update(skip_locked=True))
        if job is None:
            return None
        task = here.service.jobs.tasks.get(job.task)
        if job.attempts >= (task.tries if task else 1):
            job.state, job.lease_until, job.finished_at = "parked", None, work.now
            job.error = f"执行中进程终止 {job.attempts} 次 (its process ended in the middle of it)"
            log.error("job_parked", job=str(job.id), error=job.error)
            return None
        job.attempts, job.lease_until = job.attempts + 1, work.now + LEASE
        return Claim(job.id, job.task, job.arguments, job.attempts, job.lease_until, counted=True)


def _failed(store: Store, job: Claim, error: str, pause: timedelta | None) -> None:
    if pause is None:
        log.error("job_parked", job=str(job.id), error=error[-300:])
        return _note(store, [job], state="parked", error=error, attempts=job.attempt)
    due = store.clock.now() + pause
    _note(store, [job], state="queued", error=error, attempts=job.attempt, due_at=due, wake_at=due)


def _note(store: Store, jobs: Collection[Claim], **values: Any) -> None:
    """What became of jobs, as far as they are still ours: whoever has taken one up since decides about it."""
    if jobs:
        with store.work() as work:
            noted = update(Job).where(
                Job.id.in_([job.id for job in jobs]),
                Job.lease_until.in_({job.lease_until for job in jobs}),
                Job.state == "running",
            )
            finished = work.now if values["state"] == "parked" else None
            work.execute(noted.values(lease_until=None, finished_at=finished, **values))


def _done(store: Store, jobs: Collection[Claim]) -> None:
    """What is done is done, even if the lease was over before and somebody else has it now."""
    if jobs:
        with store.work() as work:
            now_done = update(Job).where(Job.id.in_([job.id for job in jobs]), Job.state != "done")
            uncounted = 0 if any(job.counted for job in jobs) else 1
            finished = {"state": "done", "error": "", "lease_until": None, "finished_at": work.now}
            work.execute(now_done.values(attempts=Job.attempts + uncounted, **finished))


def run_tick(here: Running, name: str) -> None:
    """Runs a tick; one that fails is logged and comes again."""
    try:
        here.service.jobs.ticks[name].run(here)
    except Exception as error:
        log.warning("tick_failed", service=here.name, tick=name, error=repr(error)[:500])
