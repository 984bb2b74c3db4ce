"""Databases as a first start leaves them: made once in a run of the tests, then copied."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, Table, create_engine, delete, insert, inspect, select, text
from sqlalchemy.engine import Connection

from shared.service import Running

OWN = ("service-key", "lock")
"""Files of a process, not of the data."""
_kept = tempfile.TemporaryDirectory(prefix="fresh-")


@dataclass(frozen=True)
class Left:
    """What a first start left in a PostgreSQL database and, by name, in the files beside it."""

    rows: list[tuple[Table, list[dict[str, Any]]]]
    files: dict[str, bytes]


_left: dict[str, Left] = {}


def first_start(here: Running) -> None:
    """Migrates a service's database and fills it, as far as it has not been; whatever else is in it goes."""
    if not here.store.is_sqlite:
        return _first_start_on_postgresql(here)
    name = f"{here.name} {here.service.migrations}".replace("/", "_")
    if not copied(name, here.settings.data_dir):
        here.migrate()
        keep(name, here.settings.data_dir, [here])


def copied(name: str, data_dir: Path) -> bool:
    """Copies what was kept under a name into an empty directory; whether there was anything to copy."""
    template = Path(_kept.name) / name
    if not template.exists() or any(data_dir.glob("*.db")):
        return False
    shutil.copytree(template, data_dir, ignore=shutil.ignore_patterns(*OWN), dirs_exist_ok=True)
    return True


def keep(name: str, data_dir: Path, running: Iterable[Running]) -> None:
    """Keeps a copy of the data of services that are at rest."""
    for here in running:
        here.store.close()  # so that everything is in the files; it opens again by itself
    if not (template := Path(_kept.name) / name).exists():
        shutil.copytree(data_dir, template, ignore=shutil.ignore_patterns(*OWN))


def _first_start_on_postgresql(here: Running) -> None:
    with create_engine(here.store.url, poolclass=NullPool).begin() as connection:
        if left := _left.get(here.store.url):
            end_others(connection)
            for table in reversed(tables_of(here, connection)):
                connection.execute(delete(table))
            for table, rows in left.rows:
                connection.execute(insert(table), rows)
            for name, content in left.files.items():
                (here.settings.data_dir / name).write_bytes(content)
            return
        drop_all(connection)
    before = files_in(here.settings.data_dir)
    here.migrate()
    files = {
        name: (here.settings.data_dir / name).read_bytes()
        for name in files_in(here.settings.data_dir) - before
    }
    with here.store.read() as look:
        tables = tables_of(here, look.session.connection())
        found = [(table, [dict(row) for row in look.execute(select(table)).mappings()]) for table in tables]
    _left[here.store.url] = Left([(table, rows) for table, rows in found if rows], files)


def files_in(data_dir: Path) -> set[str]:
    return {path.name for path in data_dir.iterdir() if path.is_file() and path.name not in OWN}


def tables_of(here: Running, connection: Connection) -> list[Table]:
    """A service's tables, as far as they are there: a test may add some that no migration makes."""
    there = set(inspect(connection).get_table_names())
    tables = [table for metadata in here.service.metadata for table in metadata.sorted_tables]
    return [table for table in tables if table.name in there]


def drop_all(connection: Connection) -> None:
    """Ends whoever else is in a PostgreSQL database, and drops everything in it."""
    end_others(connection)
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))
    _left.pop(connection.engine.url.render_as_string(hide_password=False), None)


def end_others(connection: Connection) -> None:
    """Ends who is left in a PostgreSQL database from the test before, and waits until they are gone."""
    others = "datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
    connection.execute(text(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {others}"))
