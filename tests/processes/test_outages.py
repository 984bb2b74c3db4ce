"""Threads outlive whatever happens around them; one that is gone all the same is told by `/health`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from amqp.exceptions import NotFound
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from services.approvals.eligibility import LOOK_AGAIN
from services.runtime import System
from shared.broker import Broker
from shared.clock import HandClock
from shared.health import serve_health
from shared.jobs import later
from shared.settings import Settings
from tests import fresh
from tests.brokers.proxy import Proxy
from tests.conftest import server_url
from tests.lone import MORNING
from tests.processes.process import free_port, wait_until
from tests.processes.running import wipe_jobs


class Approvals:
    """The relay of approvals with a real broker at the other end of a proxy."""

    def __init__(self, data_dir: Path, prefix: str) -> None:
        self.proxy = Proxy(server_url("amqp"))
        self.broker = Broker(server_url("amqp"), prefix)
        self.clock = HandClock(MORNING)
        settings = Settings(data_dir=data_dir, broker_url=self.proxy.url, broker_prefix=prefix)
        self.system = System(settings, ["approvals"], self.clock)
        self.here = self.system.running["approvals"]
        fresh.first_start(self.here)
        self.system.start_relays()
        self._woken: set[UUID] = set()

    def ask(self) -> UUID:
        """A new job."""
        with self.here.store.work() as work:
            return later(work, LOOK_AGAIN)

    def woken(self) -> set[UUID]:
        """The jobs whose wake-ups have come to the broker."""
        queue = f"{self.broker.prefix}jobs"
        missing = suppress(NotFound)  # the first wake-up makes it
        with self.broker.connect() as connection, connection.channel() as channel, missing:
            while (message := channel.basic_get(queue, no_ack=True)) is not None:
                (_, ids), *_ = json.loads(message.body)
                self._woken.update(map(UUID, ids))
        return self._woken

    def close(self) -> None:
        self.proxy.close()
        self.system.stop()
        self.broker.wipe(["approvals"])
        wipe_jobs(self.broker)


@pytest.fixture
def approvals(tmp_path: Path, broker_prefix: str) -> Iterator[Approvals]:
    made = Approvals(tmp_path, broker_prefix)
    yield made
    made.close()


@pytest.mark.amqp
@pytest.mark.parametrize("trouble", ["cut", "hold_up"])
def test_wake_ups_go_out_once_the_broker_is_back(approvals: Approvals, trouble: str) -> None:
    first = approvals.ask()
    wait_until(lambda: first in approvals.woken(), "the first wake-up", patience=20)

    getattr(approvals.proxy, trouble)()
    with capture_logs() as logs:
        second = approvals.ask()
        wait_until(lambda: "work_begins_anew" in {line["event"] for line in logs}, "a failure", patience=20)
    approvals.proxy.mend()
    approvals.clock.move(minutes=1)

    wait_until(lambda: second in approvals.woken(), "the second wake-up", patience=20)
    assert health(approvals.system) == (200, {"status": "ok", "services": ["approvals"]})


def health(system: System) -> tuple[int, object]:
    with TestClient(system.app()) as http:
        answer = http.get("/health")
    return answer.status_code, answer.json()


def leave() -> None:
    """Asks the interpreter to exit, as a library might: that ends a thread without a word."""
    raise SystemExit


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_is_gone_makes_the_health_of_its_process_say_so(tmp_path: Path) -> None:
    system = System(Settings(data_dir=tmp_path, broker_url="inproc://"), ["directory"])
    assert health(system)[0] == 200
    port = free_port()
    serve_health(port, system.metrics, system.threads)
    with capture_logs() as logs:
        system.threads.start("relay-directory", leave)
        wait_until(lambda: system.threads.alive() == [], "the thread to be gone", patience=20)
    assert [(line["event"], line["thread"]) for line in logs] == [("thread_ended", "relay-directory")]

    gone = {"status": "failing", "threads_ended": ["relay-directory"]}
    assert health(system) == (503, {**gone, "services": ["directory"]})
    worker = httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
    assert (worker.status_code, worker.json()) == (503, gone)
    system.stop()
