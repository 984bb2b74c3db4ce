"""Events arrive exactly once and in order over every transport, whatever happens to the broker."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from shared.inbox import Checkpoint, InboxRow, Unreadable
from shared.outbox import OutboxRow
from shared.parked import parked, replay, skip
from shared.store import Store
from tests.brokers.pair import model
from tests.brokers.pair.running import PairRunning, wait_until


def count_from_threads(pair: PairRunning, names: list[str], times: int) -> None:
    threads = [threading.Thread(target=pair.count, args=(name, times)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_events_of_many_writers_arrive_once_and_in_order_and_are_answered(pair: PairRunning) -> None:
    pair.start()
    names = ["a", "b", "c", "d"]

    count_from_threads(pair, names, 25)

    wait_until(lambda: pair.total(pair.left) >= 100, "all answers")
    for name in names:
        assert pair.heard(pair.right, name) == list(range(1, 26))
        assert pair.heard(pair.left, name) == list(range(1, 26))


def test_positions_are_dense_although_transactions_roll_back(pair: PairRunning) -> None:
    pair.start()
    for number in range(20):
        if number % 3 == 0:
            with pytest.raises(RuntimeError):
                roll_back(pair.left)
        pair.count("x")
    wait_until(lambda: pair.total(pair.right) == 20, "all events")

    with pair.left.read() as look:
        positions = look.all(select(OutboxRow.position).order_by(OutboxRow.position))
    assert positions == list(range(1, 21))


def roll_back(store: Store) -> None:
    with store.work() as work:
        model.count_up(work, "x")
        work.session.flush()
        raise RuntimeError("rolled back")


def test_a_wiped_broker_costs_seconds_and_no_event(pair: PairRunning) -> None:
    pair.start()
    pair.count("a", 10)
    wait_until(lambda: pair.total(pair.right) == 10, "the first ten")

    pair.broker.wipe(["left", "right"])
    pair.count("a", 10)

    wait_until(lambda: pair.total(pair.left) == 20, "all twenty, there and back")
    assert pair.heard(pair.right, "a") == list(range(1, 21))


def test_a_receiver_that_starts_late_catches_up_from_the_feed(pair: PairRunning) -> None:
    pair.count("a", 30)
    pair.broker.wipe(["left", "right"])
    pair.start()
    wait_until(lambda: pair.total(pair.right) == 30, "what was published before")
    assert pair.heard(pair.right, "a") == list(range(1, 31))


def test_two_workers_of_a_service_handle_nothing_twice(pair: PairRunning) -> None:
    pair.start(workers=2)
    count_from_threads(pair, ["a", "b"], 30)
    wait_until(lambda: pair.total(pair.left) >= 60, "all answers")
    assert pair.heard(pair.right, "a") == list(range(1, 31))
    assert pair.heard(pair.right, "b") == list(range(1, 31))


def test_a_failing_event_holds_up_its_own_subject_only(pair: PairRunning) -> None:
    model.POISON.add("bad")
    pair.start()
    pair.count("bad", 2)
    pair.count("good", 3)
    wait_until(lambda: pair.heard(pair.right, "good") == [1, 2, 3], "the other subject")
    assert pair.heard(pair.right, "bad") == []

    model.POISON.clear()
    wait_until(lambda: pair.heard(pair.right, "bad") == [1, 2], "the healed subject, in order")
    with pair.right.read() as look:
        assert look.all(select(InboxRow)) == []
        assert look.get(Checkpoint, "left").waiting == 0


def test_bytes_that_are_no_event_are_kept_for_an_operator(pair: PairRunning) -> None:
    pair.start()
    pair.count("a")
    wait_until(lambda: pair.total(pair.right) == 1, "the first event")
    send_rubbish(pair)
    pair.count("a")
    wait_until(lambda: pair.total(pair.right) == 2, "the event behind the rubbish")
    wait_until(lambda: bool(unreadable(pair.right)), "the kept bytes")
    assert unreadable(pair.right) == [b"no event"]
    assert [item.kind for item in parked(pair.right)] == ["bytes"]


def unreadable(store: Store) -> list[bytes]:
    with store.read() as look:
        return look.all(select(Unreadable.body))


def send_rubbish(pair: PairRunning) -> None:
    with pair.broker.connect() as connection:
        producer = connection.Producer(exchange=pair.broker.exchange("left"))
        producer.publish(
            b"no event", routing_key="x", content_type="application/data", content_encoding="binary"
        )


def test_an_operator_replays_or_skips_what_is_parked(pair: PairRunning) -> None:
    model.POISON.add("bad")
    pair.start()
    pair.count("bad", 3)
    wait_until(lambda: waiting(pair.right) == 3, "the waiting events")
    park_first(pair.right)

    model.POISON.clear()
    first = parked(pair.right)[0]
    replay(pair.right, first.key)
    wait_until(lambda: pair.heard(pair.right, "bad") == [1, 2, 3], "all after the replay")

    model.POISON.add("worse")
    pair.count("worse", 2)
    wait_until(lambda: waiting(pair.right) == 2, "the next waiting events")
    park_first(pair.right)
    model.POISON.clear()
    skip(pair.right, parked(pair.right)[0].key)
    wait_until(lambda: pair.heard(pair.right, "worse") == [2], "the event behind the skipped one")


def waiting(store: Store) -> int:
    with store.read() as look:
        return look.get(Checkpoint, "left").waiting


def park_first(store: Store) -> None:
    """What the last failed try does, without waiting for all of them."""
    with store.work() as work:
        work.get(Checkpoint, "left")
        row = work.lock_all(select(InboxRow).where(InboxRow.state == "waiting").order_by(InboxRow.position))[
            0
        ]
        row.state = "parked"
