"""The feed of a publisher in another process: its answers may be no answers, and it may be an older one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from shared.inbox import Checkpoint
from tests.brokers.pair.running import PairRunning, wait_until

NOBODY = "amqp://127.0.0.1:9//"
Pairs = Callable[..., PairRunning]


@pytest.fixture
def begin(tmp_path: Path, broker_prefix: str) -> Iterator[Pairs]:
    """Begins the pair on the data that it has left; `end` is its last beginning's end."""
    running: list[PairRunning] = []

    def begin(over_http: bool = True, broker_url: str = "inproc://") -> PairRunning:
        running.append(PairRunning(tmp_path, "", broker_url, broker_prefix, over_http=over_http))
        return running[-1]

    yield begin
    running[-1].close(wipe=running[-1].broker.url == "inproc://")


def events(logs: list[MutableMapping[str, Any]], level: str) -> list[str]:
    return [line["event"] for line in logs if line["log_level"] == level]


def test_a_page_for_people_in_place_of_the_feed_costs_time_only(begin: Pairs) -> None:
    pair = begin(broker_url=NOBODY)
    assert pair.served is not None
    pair.served.under_maintenance = True
    pair.count("a", 3)
    with capture_logs() as logs:
        pair.start()
        wait_until(lambda: [line.get("thread") for line in logs].count("right-from-left") >= 2, "failures")
    pair.served.under_maintenance = False
    wait_until(lambda: pair.heard(pair.right, "a") == [1, 2, 3], "the events")
    assert pair.threads.ended() == []


def test_what_the_broker_brings_is_heard_although_the_feed_is_away(begin: Pairs) -> None:
    pair = begin()
    assert pair.served is not None
    pair.start()
    pair.served.under_maintenance = True
    pair.count("a", 3)
    wait_until(lambda: pair.heard(pair.right, "a") == [1, 2, 3], "the events")


@pytest.mark.parametrize("over_http", [True, False])
@pytest.mark.parametrize(("since", "why"), [(1, "after_head"), (3, "position_conflict")])
def test_nothing_is_taken_from_a_publisher_that_was_restored_from_an_older_backup(
    begin: Pairs, tmp_path: Path, over_http: bool, since: int, why: str
) -> None:
    """It goes on from position 3, whether or not it comes past what had been heard of it before."""
    count_until(begin(over_http), 3)
    shutil.copy(tmp_path / "left.db", tmp_path / "backup")
    count_until(begin(over_http), 5)
    shutil.copy(tmp_path / "backup", tmp_path / "left.db")

    pair = begin(over_http)
    pair.count("a", since)
    with capture_logs() as logs:
        pair.start()
        wait_until(lambda: why in events(logs, "error"), "the alarm")
        pair.count("a", 5 - since)
        pair.count("b")
        wait_until(lambda: pair.is_published(), "all to be published")
    assert pair.heard(pair.right) == [1, 2, 3, 4, 5]
    with pair.right.read() as look:
        assert look.first(select(Checkpoint.position)) == 5


def count_until(pair: PairRunning, value: int) -> None:
    """Counts up to a value, has it heard, and ends."""
    pair.start()
    pair.count("a", value - pair.total(pair.right))
    wait_until(lambda: pair.total(pair.right) == pair.total(pair.left) == value, "the events")
    pair.close()
