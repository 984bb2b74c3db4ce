"""Engines, column types and migrations: one code path on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from alembic import command
from alembic.config import Config
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Engine, Integer, MetaData, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
Json = JSON().with_variant(JSONB(), "postgresql")
Serial = BigInteger().with_variant(Integer(), "sqlite")


def metadata() -> MetaData:
    """A MetaData whose constraint names are the same on every engine."""
    return MetaData(naming_convention=NAMING)


class Core(DeclarativeBase):
    """The tables that every service has: outbox, checkpoints, inbox, jobs, remembered answers."""

    metadata = metadata()


_last_id = 0
_id_lock = Lock()


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): ordered by creation, so that indexes and lists stay local.

    Within a process each is greater than the one before, also in the same millisecond: rows that are made
    together keep the order in which they were made.
    """
    global _last_id
    value = ((time.time_ns() // 1_000_000) << 80) | secrets.randbits(80)
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    with _id_lock:
        _last_id = max(value, _last_id + 1)
        return UUID(int=_last_id)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def sqlite_url(data_dir: Path, service: str) -> str:
    return f"sqlite:///{data_dir / service}.db"


def write_engine(url: str) -> Engine:
    """The engine for changes. SQLite takes the write lock at BEGIN, else read-check-write loses updates."""
    return _sqlite(url, "BEGIN IMMEDIATE") if url.startswith("sqlite") else _postgresql(url)


def read_engine(url: str, writer: Engine) -> Engine:
    """The engine for looking: a plain second one on SQLite, the same one on PostgreSQL."""
    return _sqlite(url, "BEGIN") if url.startswith("sqlite") else writer


def _sqlite(url: str, begin: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, pool_size=16)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql(url: str) -> Engine:
    # A paused process must not hold row locks for as long as others wait; a lost peer must be noticed.
    options = "-c idle_in_transaction_session_timeout=8000 -c lock_timeout=10000 -c timezone=UTC"
    return create_engine(
        url,
        pool_size=16,
        max_overflow=8,
        pool_timeout=10,
        connect_args={
            "options": options,
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
        },
    )


def migrate(service: str, metadatas: tuple[MetaData, ...], versions: Path, url: str) -> None:
    """Brings one service's database to the newest version of its own migrations."""
    engine = write_engine(url)
    try:
        with engine.connect() as connection:
            command.upgrade(migration_config(service, metadatas, versions, connection), "head")
            connection.commit()
    finally:
        engine.dispose()


def migration_config(
    service: str, metadatas: tuple[MetaData, ...], versions: Path, connection: Connection
) -> Config:
    """Alembic's configuration for one service: shared environment, own versions, own version table."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", str(versions).replace(os.pathsep, ""))
    config.attributes.update(connection=connection, service=service, metadata=metadatas)
    return config


def database_name(url: str) -> str:
    """The name without secrets, for messages to people."""
    return make_url(url).render_as_string(hide_password=True)
