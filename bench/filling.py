"""Fills tables with copies of a row that the product itself has written, by one INSERT … SELECT each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, text

from bench.servers import Place


class Ids:
    """UUIDs of version 7 in ascending order, one for each number from 1: the same in SQL and in Python."""

    def __init__(self, kind: int = 0) -> None:
        stamp = f"{int(time.time() * 1000):012x}"
        self._head = f"{stamp[:8]}-{stamp[8:]}-7{kind:03x}-8000-"

    def sql(self, number: str = "g") -> str:
        return f"('{self._head}' || lpad(to_hex({number}), 12, '0'))::uuid"

    def of(self, number: int) -> str:
        return f"{self._head}{number:012x}"


@contextmanager
def open_database(here: Place, service: str) -> Iterator[Connection]:
    """One transaction on a service's database."""
    engine = create_engine(here.database(service))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def multiply(connection: Connection, table: str, template: str, count: int, **changes: str) -> None:
    """Copies the rows of `table` where `template` holds, `count` times; `changes` are SQL expressions of the
    copy's number `g` (1, 2, …) and of the copied row `t`."""
    named = connection.execute(
        text("SELECT column_name FROM information_schema.columns WHERE table_name = :name"), {"name": table}
    )
    columns = [str(name) for (name,) in named]
    assert changes.keys() <= set(columns), f"{table} has no {changes.keys() - set(columns)}"
    kept = [column for column in columns if column not in changes]
    names = ", ".join(f'"{column}"' for column in (*kept, *changes))
    values = ", ".join((*(f't."{column}"' for column in kept), *changes.values()))
    connection.execute(
        text(
            f'INSERT INTO "{table}" ({names}) SELECT {values}'
            f' FROM "{table}" t, generate_series(1, {count}) g WHERE {template}'
        )
    )


def analyse(here: Place, *services: str) -> None:
    """Fresh statistics and visibility map, as a database in use has them."""
    for service in services:
        engine = create_engine(here.database(service), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
        engine.dispose()
