"""Limits: no window ever holds more than its count, in this process and over Redis alike."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.limit import Limit, Limits
from services.notify.providers.counting import Everywhere, Here
from tests.conftest import server_url
from tests.lone import MORNING
from tests.notify.office import Office, slot_opened
from tests.notify.post_office import Replies, post_office

PER_MINUTE = [Limit(count=3, seconds=60)]


@pytest.fixture(params=["here", pytest.param("redis", marks=pytest.mark.redis)])
def limits(request: pytest.FixtureRequest, broker_prefix: str) -> Iterator[Limits]:
    if request.param == "here":
        yield Here()
        return
    counting = Everywhere(server_url("redis"), broker_prefix)
    yield counting
    for key in counting._redis.scan_iter(f"{broker_prefix}*"):
        counting._redis.delete(key)


def seconds(moment: datetime) -> float:
    return (moment - MORNING).total_seconds()


def test_who_comes_too_soon_gets_the_first_free_moment(limits: Limits) -> None:
    given_at = [seconds(limits.take("robot", PER_MINUTE, MORNING)) for _ in range(8)]
    assert given_at == [0, 0, 0, 60, 60, 60, 120, 120]
    later = MORNING + timedelta(seconds=30)
    assert seconds(limits.take("robot", PER_MINUTE, later)) == 120
    assert seconds(limits.take("another", PER_MINUTE, later)) == 30
    assert limits.take("robot", PER_MINUTE, MORNING + timedelta(hours=1)) == MORNING + timedelta(hours=1)


def test_several_limits_hold_at_once(limits: Limits) -> None:
    both = [Limit(count=2, seconds=1), Limit(count=3, seconds=60)]
    given_at = [seconds(limits.take("robot", both, MORNING)) for _ in range(7)]
    assert given_at == [0, 0, 1, 60, 60, 61, 120]


def test_who_does_not_wait_takes_no_place_but_a_free_one(limits: Limits) -> None:
    assert [seconds(limits.take("robot", PER_MINUTE, MORNING, waits=False)) for _ in range(5)] == [
        *(0, 0, 0, 60, 60)
    ]
    assert seconds(limits.take("robot", PER_MINUTE, MORNING)) == 60
    assert seconds(limits.take("another", PER_MINUTE, MORNING, waits=False)) == 0


def test_many_threads_take_no_place_twice(limits: Limits) -> None:
    with ThreadPoolExecutor(8) as pool:
        given_at = [*pool.map(lambda _: limits.take("robot", PER_MINUTE, MORNING), range(30))]
    assert sorted(map(seconds, given_at)) == [60 * minute for minute in range(10) for _ in range(3)]


@given(
    pauses=st.lists(st.integers(0, 40), max_size=60),
    count=st.integers(1, 5),
    window=st.integers(1, 60),
    more=st.integers(1, 9),
)
def test_no_window_holds_more_than_its_count(pauses: list[int], count: int, window: int, more: int) -> None:
    both = [Limit(count=count, seconds=window), Limit(count=count + more, seconds=window * 3)]
    limits, now, given_at = Here(), MORNING, list[datetime]()
    for pause in pauses:
        now += timedelta(seconds=pause)
        given_at.append(limits.take("robot", both, now))
        assert given_at[-1] >= now
    for limit in both:
        for first, after in zip(given_at, given_at[limit.count :], strict=False):
            assert (after - first).total_seconds() >= limit.seconds


def test_without_its_redis_a_process_counts_for_itself() -> None:
    limits = Everywhere("redis://127.0.0.1:1/0", "")
    assert [seconds(limits.take("robot", PER_MINUTE, MORNING)) for _ in range(4)] == [0, 0, 0, 60]


def test_a_receiver_gets_no_more_letters_than_the_limit_that_was_entered(any_office: Office) -> None:
    office, replies = any_office, Replies()
    office.has_address(office.wang, "wang@example.org")
    office.has_address(office.zhao, "zhao@example.org")
    with post_office(replies) as address:
        host, _, port = address.partition(":")
        office.provider(
            "smtp",
            {"host": host, "port": int(port)},
            channel="email",
            limits=[{"count": 2, "seconds": 3600, "per": "receiver"}],
        )
        for _ in range(3):
            office.hear(slot_opened(office.wang))
        office.hear(slot_opened(office.zhao))
        office.run_jobs()
        assert sorted(mail["To"].addresses[0].addr_spec for mail in replies.taken) == [
            *("wang@example.org", "wang@example.org", "zhao@example.org")
        ]
        (held,) = (d for d in office.deliveries() if d.state == "held")
        assert (held.code, held.attempts) == ("limit_receiver", 0)
        office.clock.move(hours=1)
        office.run_jobs()
    assert len(replies.taken) == 4
    assert {d.attempts for d in office.deliveries()} == {1}


def test_a_test_message_counts_against_the_limits(office: Office) -> None:
    office.has_address(office.wang, "wang@example.org")
    replies = Replies()
    with post_office(replies) as address:
        host, _, port = address.partition(":")
        limits = [{"count": 2, "seconds": 60}, {"count": 1, "seconds": 30, "per": "receiver"}]
        made = office.provider("smtp", {"host": host, "port": int(port)}, channel="email", limits=limits)
        path = f"providers/{made['id']}/try"
        assert office.post(office.admin, path, {"to": "a@example.org"}).json()["outcome"] == "accepted"
        again = office.post(office.admin, path, {"to": "a@example.org"})
        assert (again.status_code, again.json()["code"]) == (429, "limit_reached")
        assert (again.json()["limit"], again.headers["retry-after"]) == ("limit_receiver", "30")
        assert office.post(office.admin, path, {"to": "b@example.org"}).json()["outcome"] == "accepted"
        third = office.post(office.admin, path, {"to": "c@example.org"})
        assert (third.json()["limit"], third.headers["retry-after"]) == ("limit_provider", "60")
        office.hear(slot_opened(office.wang))
        office.run_jobs()
        assert [(d.state, d.code) for d in office.deliveries()] == [("held", "limit_provider")]
        office.clock.move(minutes=1)
        office.run_jobs()
    assert len(replies.taken) == 3


def test_what_missed_its_place_takes_another(office: Office) -> None:
    """After a standstill all that was held is due at once, and still goes at the pace of the limit."""
    office.has_address(office.wang, "wang@example.org")
    replies = Replies()
    with post_office(replies) as address:
        host, _, port = address.partition(":")
        limit = [{"count": 2, "seconds": 60}]
        office.provider("smtp", {"host": host, "port": int(port)}, channel="email", limits=limit)
        for _ in range(7):
            office.hear(slot_opened(office.wang))
        office.run_jobs()
        assert len(replies.taken) == 2
        office.clock.move(hours=1)
        office.run_jobs()
        assert len(replies.taken) == 4
        for _ in range(2):
            office.clock.move(minutes=1)
            office.run_jobs()
    assert len(replies.taken) == 7
