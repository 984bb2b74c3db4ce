"""The directory alone, on SQLite, or on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.directory.organisation import Kind
from shared.people import Role
from tests.directory.bureau import CITY, Bureau


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def any_bureau(tmp_path: Path, database_url: str) -> Iterator[Bureau]:
    """The same on SQLite and on PostgreSQL."""
    made = Bureau(tmp_path, database_url)
    yield made
    made.close()


@pytest.fixture
def mayor(bureau: Bureau) -> str:
    """The login of the district administrator of the city."""
    bureau.someone("mayor", bureau.unit("示例市财政局", CITY, Kind.FINANCE), Role.DISTRICT_ADMINISTRATOR)
    return "mayor"
