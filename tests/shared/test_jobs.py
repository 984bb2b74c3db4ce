"""Jobs are rows: run once, tried again with a pause, parked in the end, revived by an operator."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from shared import doing, jobs
from shared.jobs import Job, Jobs, Retry, later
from shared.parked import parked, replay
from shared.service import Running, Service
from tests.brokers.pair.model import MIGRATIONS, Pair
from tests.lone import Lone

known = Jobs()
RAN: list[str] = []
FAIL: set[str] = set()
DEADLY = 9
MEANWHILE: dict[str, Callable[[], object]] = {}
"""What happens, once, while the job of that name is at work."""


@known.task("test.note", backoff=(30, 120))
def note(here: Running, what: str) -> None:
    RAN.append(what)
    if what in MEANWHILE:
        MEANWHILE.pop(what)()
    if what in FAIL:
        raise RuntimeError(f"cannot note {what}")
    if what == "stop":
        here.stopping.set()
    if what == "deadly":
        os._exit(DEADLY)
    if what == "busy":
        raise Retry("try me in an hour", after=timedelta(hours=1))


@pytest.fixture
def lone(tmp_path: Path, database_url: str) -> Iterator[Lone]:
    RAN.clear()
    FAIL.clear()
    service = Service("left", "left", (), (Pair.metadata,), MIGRATIONS, jobs=known)
    made = Lone(service, tmp_path, database_url)
    yield made
    made.close()


def ask(lone: Lone, what: str, **more: Any) -> UUID:
    with lone.store.work() as work:
        return later(work, "test.note", what=what, **more)


def job(lone: Lone, job_id: UUID) -> Job:
    with lone.store.read() as look:
        return look.get(Job, job_id)


def test_a_job_of_a_transaction_that_failed_never_runs(lone: Lone) -> None:
    with pytest.raises(RuntimeError, match="rolled back"):
        fail_after_asking(lone)
    assert lone.run_jobs() == 0
    assert RAN == []


def fail_after_asking(lone: Lone) -> None:
    with lone.store.work() as work:
        later(work, "test.note", what="never")
        work.session.flush()
        raise RuntimeError("rolled back")


def test_a_job_runs_once_however_many_wake_ups_come(lone: Lone) -> None:
    job_id = ask(lone, "once")
    threads = [Thread(target=doing.run, args=(lone.here, job_id)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert doing.run(lone.here, job_id) is False
    assert RAN == ["once"]
    assert job(lone, job_id).state == "done"


def test_a_job_waits_for_its_time(lone: Lone) -> None:
    ask(lone, "tomorrow", due_at=lone.clock.now() + timedelta(days=1))
    assert lone.run_jobs() == 0
    lone.clock.move(days=1)
    assert lone.run_jobs() == 1


def test_a_failing_job_is_tried_again_with_growing_pauses_and_parked_in_the_end(lone: Lone) -> None:
    FAIL.add("bad")
    job_id = ask(lone, "bad")
    pauses = []
    for _ in range(2):
        lone.run_jobs()
        pauses.append((job(lone, job_id).due_at - lone.clock.now()).total_seconds())
        lone.clock.move(seconds=pauses[-1])
    lone.run_jobs()

    assert 24 <= pauses[0] <= 36
    assert 96 <= pauses[1] <= 144
    assert job(lone, job_id).state == "parked"
    assert "cannot note bad" in parked(lone.store)[0].error

    FAIL.clear()
    replay(lone.store, str(job_id))
    assert lone.run_jobs() == 1
    assert job(lone, job_id).state == "done"


def test_a_job_that_is_told_when_to_come_again_comes_then(lone: Lone) -> None:
    job_id = ask(lone, "busy")
    lone.run_jobs()
    assert job(lone, job_id).due_at == lone.clock.now() + timedelta(hours=1)


def test_a_job_of_a_killed_process_is_due_again_after_its_lease(lone: Lone) -> None:
    job_id = ask(lone, "cut off")
    with lone.store.work() as work:
        leased = {"state": "running", "lease_until": work.now + jobs.LEASE}
        work.execute(update(Job).where(Job.id == job_id).values(**leased))

    assert doing.run(lone.here, job_id) is False
    lone.clock.move(seconds=jobs.LEASE.total_seconds() + 1)
    assert jobs.claim_wakeups(lone.store) == [job_id]
    assert doing.run(lone.here, job_id) is True


def test_a_restarted_embedded_process_does_not_wait_for_leases(lone: Lone) -> None:
    job_id = ask(lone, "cut off")
    with lone.store.work() as work:
        leased = {"state": "running", "lease_until": work.now + jobs.LEASE}
        work.execute(update(Job).where(Job.id == job_id).values(**leased))
    lone.clock.move(seconds=1)
    jobs.end_leases(lone.store)
    lone.clock.move(seconds=1)
    assert doing.run(lone.here, job_id) is True


def test_a_lost_wake_up_is_sent_again_but_not_at_once(lone: Lone) -> None:
    job_id = ask(lone, "lost")
    assert jobs.claim_wakeups(lone.store) == [job_id]
    assert jobs.claim_wakeups(lone.store) == []
    lone.clock.move(seconds=11)
    assert jobs.claim_wakeups(lone.store) == [job_id]


def test_a_task_that_nobody_knows_is_parked(lone: Lone) -> None:
    with lone.store.work() as work:
        job_id = later(work, "test.unknown")
    lone.run_jobs()
    assert job(lone, job_id).state == "parked"


def test_of_jobs_woken_together_one_that_fails_fails_alone(lone: Lone) -> None:
    FAIL.add("b")
    ids = [ask(lone, what) for what in "abc"]
    assert doing.run_all(lone.here, ids) == 3
    assert RAN == ["a", "b", "c"]
    assert [job(lone, one).state for one in ids] == ["done", "queued", "done"]
    assert [job(lone, one).attempts for one in ids] == [1, 1, 1]


def test_a_process_that_is_to_end_gives_back_the_jobs_it_has_not_begun(lone: Lone) -> None:
    ids = [ask(lone, what) for what in ("a", "stop", "c")]
    assert doing.run_all(lone.here, ids) == 2
    assert [job(lone, one).state for one in ids] == ["done", "done", "queued"]
    assert jobs.claim_wakeups(lone.store) == ids[2:], "another process is woken for it at once"
    lone.here.stopping.clear()
    assert (doing.run_all(lone.here, ids), job(lone, ids[2]).attempts) == (1, 1)


def test_overlapping_wake_ups_run_each_job_once(lone: Lone) -> None:
    ids = [ask(lone, str(n)) for n in range(20)]
    parts = (ids, ids[::-1], ids[5:], ids[:12])
    threads = [Thread(target=doing.run_all, args=(lone.here, part)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(RAN, key=int) == [str(n) for n in range(20)]
    assert {job(lone, one).state for one in ids} == {"done"}


def run_in_a_process(lone: Lone, ids: list[UUID]) -> int:
    """Runs jobs in a process of their own; its exit code. Then whatever lease it had is over."""

    def work() -> None:
        for engine in (lone.store.writer, lone.store.reader):
            engine.dispose(close=False)  # the connections are those of the test
        doing.run_all(lone.here, ids)
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    lone.clock.move(seconds=jobs.LEASE.total_seconds() + 1)
    return process.exitcode or 0


def test_a_job_that_ends_its_process_is_parked_in_the_end_and_costs_the_others_no_try(lone: Lone) -> None:
    ids = [ask(lone, what) for what in ("a", "deadly", "c")]
    codes = [run_in_a_process(lone, ids) for _ in range(6)]

    tries = known.tasks["test.note"].tries
    assert codes == [DEADLY] * (1 + tries) + [0] * (6 - 1 - tries), "once among the others, then alone"
    assert [job(lone, one).state for one in ids] == ["done", "parked", "done"]
    assert [job(lone, one).attempts for one in ids] == [1, tries, 1]
    (item,) = parked(lone.store)
    assert (item.key, item.error) == (
        str(ids[1]),
        "执行中进程终止 3 次 (its process ended in the middle of it)",
    )


@pytest.mark.parametrize("fails", [False, True])
def test_who_has_lost_the_lease_of_a_job_does_not_have_it_done_again(lone: Lone, fails: bool) -> None:
    """The first of two jobs takes so long that another process does both, and is told to end after that."""
    ids = [ask(lone, "slow"), ask(lone, "second")]

    def others_do_both() -> None:
        lone.clock.move(seconds=jobs.LEASE.total_seconds() + 1)
        assert doing.run_all(lone.here, ids) == 2
        FAIL.update({"slow"} if fails else ())
        lone.here.stopping.set()

    MEANWHILE["slow"] = others_do_both
    assert doing.run_all(lone.here, ids) == 1
    assert [job(lone, one).state for one in ids] == ["done", "done"]


def test_what_was_done_too_late_is_done_all_the_same(lone: Lone) -> None:
    """While it was at work, another process has taken it up and failed."""
    job_id = ask(lone, "slow")

    def another_fails() -> None:
        lone.clock.move(seconds=jobs.LEASE.total_seconds() + 1)
        FAIL.add("slow")
        doing.run(lone.here, job_id)
        FAIL.clear()

    MEANWHILE["slow"] = another_fails
    doing.run(lone.here, job_id)
    assert job(lone, job_id).state == "done"


def test_what_is_at_work_needs_no_wake_up(lone: Lone) -> None:
    job_id = ask(lone, "slow")
    due: list[bool] = []

    def look() -> None:
        lone.clock.move(minutes=1)
        due.append(jobs.anything_due(lone.store))

    MEANWHILE["slow"] = look
    doing.run(lone.here, job_id)
    assert due == [False]
