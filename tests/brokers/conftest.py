"""The pair over every transport and both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers.pair.model import POISON
from tests.brokers.pair.running import PairRunning
from tests.conftest import server_url

WAYS = {
    "sqlite-inproc": (),
    "postgresql-amqp": (pytest.mark.postgres, pytest.mark.amqp),
    "postgresql-redis": (pytest.mark.postgres, pytest.mark.redis),
}


@pytest.fixture(params=[pytest.param(way, marks=marks) for way, marks in WAYS.items()])
def pair(request: pytest.FixtureRequest, tmp_path: Path, broker_prefix: str) -> Iterator[PairRunning]:
    """Left and right, migrated and not yet started."""
    database, broker = request.param.split("-")
    url = "inproc://" if broker == "inproc" else server_url(broker)
    POISON.clear()
    if database == "sqlite":
        made = PairRunning(tmp_path, "", url, broker_prefix)
        yield made
        made.close()
    else:
        made = PairRunning(tmp_path, request.getfixturevalue("postgres_url"), url, broker_prefix)
        yield made
        made.close()
