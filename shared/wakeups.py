"""Carries wake-ups of jobs and ticks; the only file that knows Celery.

A message holds the ids of some job rows. Losing, doubling or reordering messages costs latency, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery import Celery
from celery.signals import worker_shutting_down
from celery.worker import state

from shared.broker import PATIENCE
from shared.doing import run_all, run_tick
from shared.jobs import TOGETHER

if TYPE_CHECKING:
    from shared.service import Running

RUN = "shared.jobs.run"
TICK = "shared.jobs.tick"


def celery_app(broker_url: str, prefix: str, services: Mapping[str, Running]) -> Celery:
    """The one Celery app of a process: a task that runs jobs by their ids, and one for ticks."""
    app = Celery("plans", broker=broker_url, set_as_current=True)
    app.set_default()  # else a pool thread publishes through a default app that talks to localhost
    queue = f"{prefix}jobs"
    app.conf.update(
        task_default_queue=queue,
        task_default_exchange=queue,
        task_default_exchange_type="topic",
        task_default_routing_key=queue,
        task_default_queue_type="quorum" if broker_url.startswith("amqp") else "classic",
        task_ignore_result=True,
        task_acks_late=False,
        worker_prefetch_multiplier=4,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options=transport_options(broker_url),
        beat_schedule={
            f"{name}.{tick.name}": {"task": TICK, "schedule": tick.seconds, "args": (name, tick.name)}
            for name, here in services.items()
            for tick in here.service.jobs.ticks.values()
        },
    )

    @app.task(name=RUN)
    def run_jobs(service: str, job_ids: list[str]) -> None:
        run_all(services[service], [UUID(job_id) for job_id in job_ids])

    @app.task(name=TICK)
    def tick(service: str, name: str) -> None:
        run_tick(services[service], name)

    return app


def embedded_worker(app: Celery) -> Any:
    """Celery's worker for a thread of this process: `start()` works until `end_embedded_worker()`."""
    quiet = {"without_heartbeat": True, "without_mingle": True, "without_gossip": True}
    return app.WorkController(pool="threads", concurrency=2, **quiet)


def end_embedded_worker() -> None:
    """Ends the embedded worker as soon as it no longer waits for a message (`Broker.wake`)."""
    state.should_stop = 0


def before_the_end(act: Callable[[], None]) -> None:
    """Has something done as soon as a prefork worker is told to end."""
    worker_shutting_down.connect(lambda **_: act(), weak=False)


def transport_options(broker_url: str) -> dict[str, Any]:
    if broker_url.startswith("redis"):
        return {"visibility_timeout": 3600, "socket_timeout": 10, "socket_connect_timeout": 3}
    if broker_url.startswith("amqp"):
        return {"confirm_publish": True, "read_timeout": PATIENCE, "write_timeout": PATIENCE}
    return {}


def wake(app: Celery, service: str, ids: list[UUID]) -> None:
    """Sends the wake-ups. Raises when the broker is away, or silent: they are sent again later."""
    with app.producer_or_acquire() as producer:
        for start in range(0, len(ids), TOGETHER):
            together = [str(job_id) for job_id in ids[start : start + TOGETHER]]
            patience = {"timeout": PATIENCE, "confirm_timeout": PATIENCE}
            app.send_task(RUN, (service, together), producer=producer, retry=False, **patience)
