"""The servers of a bench, with databases (`b_…`) and a broker prefix of its own, removed afterwards."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import amqp
from sqlalchemy import create_engine, text

from shared.broker import Broker

POSTGRES = os.environ.get("BENCH_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/0")
AMQP = os.environ.get("BENCH_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//")


@dataclass(frozen=True)
class Place:
    """Where a run lives; `database_url` holds `{service}`. Plain enough to be handed to a process."""

    database_url: str
    broker_url: str
    prefix: str

    def database(self, service: str) -> str:
        return self.database_url.replace("{service}", service)

    def dsn(self, service: str) -> str:
        """The same database for psycopg alone."""
        return self.database(service).replace("+psycopg", "")

    @property
    def broker(self) -> Broker:
        return Broker(self.broker_url, self.prefix)


@contextmanager
def place(*services: str) -> Iterator[Place]:
    """Databases on PostgreSQL and a prefix on RabbitMQ for these services."""
    prefix = f"b_{secrets.token_hex(4)}"
    template = POSTGRES.rsplit("/", 1)[0] + f"/{prefix}_{{service}}"
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            for service in services:
                connection.execute(text(f'CREATE DATABASE "{prefix}_{service}"'))
        yield Place(template, AMQP, f"{prefix}.")
    finally:
        forget_queues(f"{prefix}.", services)
        with admin.connect() as connection:
            for service in services:
                connection.execute(text(f'DROP DATABASE IF EXISTS "{prefix}_{service}" WITH (FORCE)'))
        admin.dispose()


def forget_queues(prefix: str, services: tuple[str, ...]) -> None:
    """Deletes every queue and exchange that a run has made."""
    Broker(AMQP, prefix).wipe(services)
    with amqp_connection() as connection:
        channel = connection.channel()
        for name in ("jobs", "floor"):
            channel.queue_delete(f"{prefix}{name}")
            channel.exchange_delete(f"{prefix}{name}")
        channel.exchange_delete(f"{prefix}dead")


def amqp_connection() -> amqp.Connection:
    """A bare connection to RabbitMQ, open."""
    address = urlsplit(AMQP)
    connection = amqp.Connection(
        host=f"{address.hostname}:{address.port or 5672}",
        userid=unquote(address.username or "guest"),
        password=unquote(address.password or "guest"),
        virtual_host=unquote(address.path[1:]) or "/",
    )
    connection.connect()
    return connection


def missing() -> list[str]:
    """Servers that do not answer, by their URLs' variables."""
    found = []
    for variable, url, port in (("BENCH_POSTGRES_URL", POSTGRES, 5432), ("BENCH_AMQP_URL", AMQP, 5672)):
        address = urlsplit(url)
        answers = False
        with suppress(OSError), socket.create_connection((address.hostname or "", address.port or port), 2):
            answers = True
        if not answers:
            found.append(f"{variable} ({address.hostname}:{address.port or port})")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
