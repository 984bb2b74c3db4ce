"""The feed of a publisher in another process: its answers may be no answers, and it may be an older one."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.brokers.pair.running import PairRunning, wait_until

NOBODY = "amqp://127.0.0.1:9//"


@pytest.fixture
def apart(tmp_path: Path, broker_prefix: str) -> Iterator[PairRunning]:
    """Left in another process than right, and no broker between them."""
    made = PairRunning(tmp_path, "", NOBODY, broker_prefix, over_http=True)
    yield made
    made.close(wipe=False)


def test_a_page_for_people_in_place_of_the_feed_costs_time_only(apart: PairRunning) -> None:
    assert apart.served is not None
    apart.served.under_maintenance = True
    with capture_logs() as logs:
        apart.count("a", 3)
        apart.start()
        wait_until(lambda: failures(logs, "right-from-left") >= 2, "two failures")
    apart.served.under_maintenance = False
    wait_until(lambda: apart.heard(apart.right, "a") == [1, 2, 3], "the events")
    assert apart.threads.ended() == []


def failures(logs: list[MutableMapping[str, Any]], thread: str) -> int:
    return sum(line["event"] == "work_begins_anew" and line["thread"] == thread for line in logs)
