"""Servers that tests may use, and databases of their own on them."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import structlog
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import NullPool, create_engine, text

from services.directory.password import set_strength
from services.runtime import NAMES
from tests import fresh
from tests.world import World

# a failing test shows one plain traceback, not one with every local variable
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

# passwords of tests need not withstand anybody: hashing them as for people would take a third of the time
os.environ["PASSWORD_MEMORY_KIB"] = "1024"
set_strength(1024)

# a busy machine is no reason to fail: no test of this project judges time
hypothesis_settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
hypothesis_settings.load_profile("unhurried")

URLS = {
    "postgres": ("TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    "amqp": ("TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//"),
    "redis": ("TEST_REDIS_URL", "redis://127.0.0.1:6379/15"),
}


def server_url(kind: str) -> str:
    variable, default = URLS[kind]
    return os.environ.get(variable) or default


def is_there(kind: str) -> bool:
    address = urlsplit(server_url(kind))
    try:
        with socket.create_connection((address.hostname or "127.0.0.1", address.port or 0), 1):
            return True
    except OSError:
        return False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes comes first, so that at the end no worker is left alone with it."""
    long = ("chaos", "slow", "fuzz")
    items.sort(key=lambda item: all(item.get_closest_marker(kind) is None for kind in long))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for kind in URLS:
        if item.get_closest_marker(kind) and not is_there(kind):
            reason = f"no {kind} server at {urlsplit(server_url(kind)).hostname}: set {URLS[kind][0]}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def databases_of_session() -> Iterator[PostgresDatabases]:
    """Made once: making and dropping a whole database makes the server write everything out."""
    with PostgresDatabases(*NAMES, "left", "right") as databases:
        yield databases


@pytest.fixture
def postgres_url(databases_of_session: PostgresDatabases) -> str:
    """A URL with `{service}` in it; the databases behind it are empty."""
    databases_of_session.empty()
    return databases_of_session.template


class PostgresDatabases:
    """Databases of our own, one per service, on the PostgreSQL server of the tests."""

    def __init__(self, *services: str) -> None:
        self.services = services or NAMES
        self.prefix = f"t_{secrets.token_hex(4)}"
        self.template = server_url("postgres").rsplit("/", 1)[0] + f"/{self.prefix}_{{service}}"
        self._admin = create_engine(server_url("postgres"), isolation_level="AUTOCOMMIT")

    def __enter__(self) -> PostgresDatabases:
        with self._admin.connect() as connection:
            for service in self.services:
                connection.execute(text(f'CREATE DATABASE "{self.prefix}_{service}"'))
        return self

    def empty(self) -> None:
        """Ends whoever is still there, and drops everything in them."""
        for service in self.services:
            url = self.template.replace("{service}", service)
            with create_engine(url, poolclass=NullPool).begin() as connection:
                fresh.drop_all(connection)

    def __exit__(self, *_: object) -> None:
        with self._admin.connect() as connection:
            for service in self.services:
                connection.execute(text(f'DROP DATABASE "{self.prefix}_{service}" WITH (FORCE)'))
        self._admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Runs a test on SQLite ("") and on PostgreSQL (a URL with `{service}`), for `Lone` and `World`, which
    bring the databases behind it to their first start."""
    if request.param == "sqlite":
        return ""
    databases: PostgresDatabases = request.getfixturevalue("databases_of_session")
    return databases.template


@pytest.fixture
def empty_database_url(database_url: str, request: pytest.FixtureRequest) -> str:
    """The same, for tests that migrate by themselves: the databases behind it are empty."""
    return str(request.getfixturevalue("postgres_url")) if database_url else ""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The whole system on SQLite, settled and empty."""
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def broker_prefix() -> str:
    return f"t{secrets.token_hex(4)}."
