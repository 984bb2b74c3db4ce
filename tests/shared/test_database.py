"""Ids: UUIDv7, each greater than the one before, also from many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from shared.database import new_id


def test_ids_are_uuid7_and_keep_the_order_in_which_they_were_made() -> None:
    made = [new_id() for _ in range(5000)]
    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, UUID(int=0x8 << 60).variant)}


def test_ids_of_many_threads_are_all_different() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: new_id(), range(5000)))
    assert len(set(made)) == 5000
