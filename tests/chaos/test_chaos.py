"""200 plans while processes are killed, the broker is wiped and the database drops everybody."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.demo.client import Api
from services.demo.play import administrator
from services.demo.sample import build
from tests.chaos.storm import Storm
from tests.processes.audit import Books, opened
from tests.processes.paperwork import (
    NEEDS_LEADER,
    YEAR,
    Office,
    Persistent,
    agree_with_all,
    in_background,
    wait_a_moment,
)
from tests.processes.process import wait_until
from tests.processes.running import Product, separate_processes

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.postgres,
    pytest.mark.amqp,
    pytest.mark.redis,
    pytest.mark.timeout(400),
]
UNITS = 4
PLANS = 200
PATIENCE = 150.0
"""Seconds in which all plans must be usable, and everything quiet."""


@pytest.fixture
def seed() -> int:
    """Printed when the test fails; CHAOS_SEED repeats the run's disasters."""
    given = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"CHAOS_SEED={given}")  # noqa: T201
    return given


@pytest.fixture
def product(tmp_path: Path, broker_prefix: str) -> Iterator[Product]:
    with separate_processes(tmp_path / "data", "amqp", broker_prefix) as product:
        product.start()
        yield product


def test_nothing_is_lost_and_nothing_happens_twice(product: Product, seed: int) -> None:
    storm = Storm(product, seed)
    with product.http() as client:
        http = Persistent(client, patience=90)
        api = Api(http, pause=wait_a_moment)
        admin = administrator(api, product.admin_file)
        offices = [Office(build(api, admin, YEAR)) for _ in range(UNITS)]
        try:
            work_through(storm, offices)
            assert http.failures == []
            assert http.retries > 0, "nobody noticed the storm"
            with opened(product.url_of) as books:
                let_leases_end(books)
                product.settle(books)
                books.check({plan for office in offices for plan in office.plans})
        finally:
            print("\n".join(storm.happened), http.failures, product.said(), sep="\n")  # noqa: T201
    assert [name for name, process in product.processes.items() if process.has_children()] == []


def work_through(storm: Storm, offices: list[Office]) -> None:
    """People apply and review while the storm rages, and go on after it until every plan is usable."""
    everybody = [person for office in offices for person in office.reviewers]
    amounts = [NEEDS_LEADER if number % 10 == 0 else "1200.00" for number in range(PLANS // UNITS)]
    reviewing = [lambda person=person: agree_with_all(person) for person in everybody]
    with in_background(*reviewing), ThreadPoolExecutor(2 * UNITS + 1) as pool:
        raging = pool.submit(storm.rage)
        applied = [
            pool.submit(office.apply, f"打印机 {number}", amount)
            for number, amount in enumerate(amounts)
            for office in offices
        ]
        for application in applied:
            application.result()
        raging.result()
        wait_until(lambda: all(office.all_usable() for office in offices), "usable plans", PATIENCE)


def let_leases_end(books: Books) -> None:
    """When only jobs that were killed in the middle are left, their time comes."""
    wait_until(
        lambda: not [left for left in books.unfinished() if "running" not in left],
        lambda: f"all but interrupted jobs: {books.unfinished()}",
        PATIENCE,
    )
    books.end_leases()
