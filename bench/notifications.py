"""Notifications per second, event to accepted mail, against Celery draining tasks that do nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import func, select

from bench import floor_tasks
from bench.product import Product, product
from bench.result import Figure, Goal, interleaved
from services.notify.delivery import Delivery, State
from services.notify.handlers import events
from shared.clock import Clock
from shared.database import new_id
from shared.events.directory import PersonChanged, PersonContactChanged
from shared.events.plans import PlanStatusChanged
from shared.relay import Relay
from shared.store import Store

PEOPLE = [new_id() for _ in range(50)]


def measure(rounds: int, quick: bool) -> Iterable[Figure]:
    count, tasks = (200, 2_000) if quick else (1_000, 10_000)
    with product() as made:
        notify, plans = (Store(name, made.here.database(name), Clock()) for name in ("notify", "plans"))
        make_people(notify)
        made.run("web")
        made.run("worker", "--service", "notify")
        made.run("jobs", "--concurrency", "2")
        accept(made, plans, notify, 20)  # warm
        ours, floor = interleaved(
            rounds, lambda: accept(made, plans, notify, count), lambda: drain_tasks(made, tasks)
        )
        notify.close()
        plans.close()
    yield Figure("notifications, event → mail accepted", "per second", Goal(0.2, True), ours, floor)


def make_people(notify: Store) -> None:
    for person in PEOPLE:
        with notify.work() as work:
            for event in (
                PersonChanged(
                    person_id=person, version=1, name="张三", active=True, epoch=1, appointments=[]
                ),
                PersonContactChanged(person_id=person, version=1, email=f"{person}@example.org"),
            ):
                events.apply(work, event.type, event.model_dump(mode="json"))


def accept(made: Product, plans: Store, notify: Store, count: int) -> float:
    """Tells so many applicants that their plan is usable; how many mails per second are accepted."""
    before = accepted(notify)
    relay = Relay(plans, made.here.broker)
    started = time.perf_counter()
    with plans.work() as work:
        work.publish(*(usable(number) for number in range(count)))
    relay.pump()
    while accepted(notify) < before + count:
        if time.perf_counter() - started > 120:
            raise TimeoutError(f"{accepted(notify) - before} of {count} mails accepted")
        time.sleep(0.05)
    elapsed = time.perf_counter() - started
    relay.close()
    return count / elapsed


def usable(number: int) -> PlanStatusChanged:
    person = PEOPLE[number % len(PEOPLE)]
    return PlanStatusChanged(
        plan_id=new_id(),
        version=5,
        round=1,
        status="usable",
        previous_status="under_review",
        status_label="可使用",
        name="信息化终端采购",
        fiscal_year=2026,
        organisation_id=new_id(),
        applicant_id=person,
        holder_id=person,
        application_number=f"SQ-{number}",
        plan_number=f"JH-{number}",
        amount_fen=47_600_000,
    )


def accepted(notify: Store) -> int:
    with notify.read() as look:
        return look.session.scalar(select(func.count()).where(Delivery.state == State.ACCEPTED)) or 0


def drain_tasks(made: Product, count: int) -> float:
    """Tasks per second between the first mark and the last of Celery's worker with two processes."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        marks = Path(folder) / "marks"
        marks.touch()
        environment = {
            **os.environ,
            "FLOOR_BROKER": made.here.broker_url,
            "FLOOR_QUEUE": f"{made.here.prefix}floor",
            "FLOOR_MARKS": str(marks),
            "FLOOR_EVERY": str(count // floor_tasks.MARKS),
        }
        fill = [sys.executable, "-m", "bench.floor_tasks", str(count)]
        subprocess.run(fill, env=environment, check=True)
        options = [
            "worker",
            "-c",
            "2",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "-l",
            "ERROR",
        ]
        command = [sys.executable, "-m", "celery", "-A", "bench.floor_tasks", *options]
        worker = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            until = time.monotonic() + 120
            while len(marks.read_text().split()) < floor_tasks.MARKS and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            worker.send_signal(signal.SIGQUIT)  # at once: its work is done, and a warm shutdown may take long
            worker.wait(20)
        times = [float(mark) for mark in marks.read_text().split()]
    return (count - count // floor_tasks.MARKS) / (max(times) - min(times))
