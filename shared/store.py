"""A service's own database: `with store.work() as work` to change it, `with store.read() as look` to look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Executable, Result, Select, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.dml import ReturningInsert

from shared import outbox
from shared.clock import Clock, local_date
from shared.database import read_engine, write_engine
from shared.errors import NotFound
from shared.events import Envelope, Event

Row = TypeVar("Row", bound=DeclarativeBase)
Value = TypeVar("Value")


Insert = postgresql.Insert | sqlite.Insert
INSERTS: dict[str, Callable[[Any], Insert]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


@cache
def put_newest(kind: type[DeclarativeBase], dialect: str) -> ReturningInsert[Any]:
    """The statement of `Work.put_newest`, built once: copies of people and units are put by it."""
    table = kind.__table__
    put = INSERTS[dialect](table)
    new = {column.name: column for column in put.excluded if not column.primary_key}
    put = put.on_conflict_do_update(
        index_elements=[*table.primary_key], set_=new, where=table.c.version <= put.excluded.version
    )
    return put.returning(table.c.version)


class Viewer(Protocol):
    """Whoever asks; a mapped class that is shown to people answers `visible_to(viewer)`."""


class Look:
    """A look at the database at one moment. `now` is the moment of this piece of work."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now
        self.today = local_date(now)

    def get(self, kind: type[Row], key: Any, seen_by: Any = None) -> Row:
        """The row, or `not_found` — also when `seen_by` may not see it, so that nobody learns it exists."""
        found = self.find(kind, key, seen_by)
        if found is None:
            raise NotFound("not_found", "未找到，或不在您的查看范围内", "not found, or outside your scope")
        return found

    def find(self, kind: type[Row], key: Any, seen_by: Any = None) -> Row | None:
        return self.session.scalars(self._by_key(kind, key, seen_by)).one_or_none()

    def first(self, statement: Select[Value]) -> Value | None:
        return self.session.scalars(statement.limit(1)).first()

    def all(self, statement: Select[Value]) -> list[Value]:
        return list(self.session.scalars(statement))

    def execute(self, statement: Executable, parameters: Any = None) -> Result[Any]:
        return self.session.execute(statement, parameters)

    def _by_key(self, kind: type[Row], key: Any, seen_by: Any) -> Select[Row]:
        (primary,) = kind.__mapper__.primary_key
        statement = select(kind).where(primary == key)
        if seen_by is not None:
            visible: ColumnElement[bool] = kind.visible_to(seen_by)  # type: ignore[attr-defined]
            statement = statement.where(visible)
        return statement


class Work(Look):
    """One request, one event or one tick: one transaction, with the events it publishes.

    `get` and `find` lock the row (FOR UPDATE on PostgreSQL, the write lock on SQLite), so what is judged
    afterwards cannot change under us.
    """

    def __init__(self, session: Session, now: datetime, actor: str | None, cause: Envelope | None) -> None:
        super().__init__(session, now)
        self.actor = actor
        self.cause = cause
        self.events: list[dict[str, Any]] = []
        self.has_jobs = False

    def add(self, *rows: DeclarativeBase) -> None:
        self.session.add_all(rows)

    def publish(self, *events: Event) -> None:
        """Collects events; they are written as the last statement before the commit."""
        self.events += [outbox.to_row(event, self.now, self.actor) for event in events]

    def insert(self, kind: type[DeclarativeBase]) -> Insert:
        """An INSERT that may say what to do on a conflict; both engines spell that alike."""
        return INSERTS[self.session.get_bind().dialect.name](kind)

    def put_newest(self, kind: type[DeclarativeBase], row: Mapping[str, Any]) -> bool:
        """Inserts a row, or puts it in the place of one whose `version` is not greater; whether it did."""
        put = put_newest(kind, self.session.get_bind().dialect.name)
        return self.execute(put, row).first() is not None

    def lock_all(self, statement: Select[Row]) -> list[Row]:
        """Locks the rows of a statement; give it an ORDER BY on the key, so that nobody deadlocks."""
        return list(
            self.session.scalars(statement.with_for_update().execution_options(populate_existing=True))
        )

    def _by_key(self, kind: type[Row], key: Any, seen_by: Any) -> Select[Row]:
        statement = super()._by_key(kind, key, seen_by)
        return statement.with_for_update(of=kind).execution_options(populate_existing=True)


class Store:
    """One service's database, with the clock that its work goes by."""

    def __init__(self, service: str, url: str, clock: Clock) -> None:
        self.service = service
        self.url = url
        self.clock = clock
        self.writer = write_engine(url)
        self.reader = read_engine(url, self.writer)
        self.on_commit: list[Callable[[Work], None]] = []

    @property
    def is_sqlite(self) -> bool:
        return self.writer.dialect.name == "sqlite"

    @contextmanager
    def work(self, actor: str | None = None, cause: Envelope | None = None) -> Iterator[Work]:
        """A change: commits when the block ends, or raises there; nothing of it remains on an error."""
        with Session(self.writer, expire_on_commit=False) as session:
            work = Work(session, self.clock.now(), actor, cause)
            yield work
            session.flush()
            if work.events:
                outbox.write(session, work.events, work.now)
            session.commit()
        for tell in self.on_commit:
            tell(work)

    @contextmanager
    def read(self) -> Iterator[Look]:
        """A look; nothing can be changed in it."""
        with Session(self.reader, autoflush=False) as session:
            yield Look(session, self.clock.now())

    def autocommit(self) -> Session:
        """Statements that each stand alone: numbering and claims, which must never wait inside a client."""
        return Session(self.writer.execution_options(isolation_level="AUTOCOMMIT"))

    def close(self) -> None:
        self.writer.dispose()
        self.reader.dispose()
