"""The office of the notify tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notify.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.close()


@pytest.fixture
def postgres_office(tmp_path: Path, postgres_url: str) -> Iterator[Office]:
    made = Office(tmp_path, postgres_url)
    yield made
    made.close()


@pytest.fixture
def any_office(tmp_path: Path, database_url: str) -> Iterator[Office]:
    """The same on SQLite and on PostgreSQL."""
    made = Office(tmp_path, database_url)
    yield made
    made.close()
