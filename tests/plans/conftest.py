"""The town that the tests of plans play in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plans.town import Town, a_town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with a_town(tmp_path) as town:
        yield town


@pytest.fixture
def any_town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    """The town on SQLite and on PostgreSQL."""
    with a_town(tmp_path, database_url) as town:
        yield town


@pytest.fixture(scope="module")
def shared_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town for the tests of a module that leave nothing behind, or do not mind what others left."""
    with a_town(tmp_path_factory.mktemp("town")) as town:
        yield town
