"""The directory alone, on SQLite, or on SQLite and PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.directory.organisation import Kind
from shared.people import Role
from tests.directory.bureau import CITY, Bureau


@pytest.fixture(scope="session")
def first_started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a directory after its first start; copied, since starting takes longer than most tests."""
    data_dir = tmp_path_factory.mktemp("directory")
    Bureau(data_dir).close()
    return data_dir


@pytest.fixture
def data_dir(tmp_path: Path, first_started: Path) -> Path:
    shutil.copytree(first_started, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def bureau(data_dir: Path) -> Iterator[Bureau]:
    made = Bureau(data_dir)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_bureau(data_dir: Path, request: pytest.FixtureRequest) -> Iterator[Bureau]:
    """The same on SQLite and on PostgreSQL."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = Bureau(data_dir, url)
    yield made
    made.close()


@pytest.fixture
def mayor(bureau: Bureau) -> str:
    """The login of the district administrator of the city."""
    bureau.someone("mayor", bureau.unit("示例市财政局", CITY, Kind.FINANCE), Role.DISTRICT_ADMINISTRATOR)
    return "mayor"
