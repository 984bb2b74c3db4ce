"""Events that a service has published, with dense positions in the order of their commits.

Writers insert rows without a position as the last statement of their transaction, after they have locked
what the event is about; numbering gives positions in id order. So the order of one subject is the order
of its commits, and no reader ever meets a hole that fills up later.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, Uuid, insert, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from structlog.contextvars import get_contextvars

from shared.database import Core, Json, Serial, UtcDateTime, new_id
from shared.events import Envelope, Event

BATCH = 1000
SWEEP_AFTER = timedelta(seconds=3)


class OutboxRow(Core):
    """One event; `position` is absent until it is numbered, `published_at` until a broker confirmed it."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_unpublished",
            "position",
            postgresql_where=text("published_at IS NULL AND position IS NOT NULL"),
            sqlite_where=text("published_at IS NULL AND position IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    type: Mapped[str] = mapped_column(String(80))
    schema_version: Mapped[int]
    subject: Mapped[str] = mapped_column(String(120))
    subject_version: Mapped[int] = mapped_column(BigInteger)
    time: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str | None] = mapped_column(String(80))
    traceparent: Mapped[str | None] = mapped_column(String(80))
    data: Mapped[Any] = mapped_column(Json)
    knows: Mapped[Any | None] = mapped_column(Json)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OutboxPosition(Core):
    """One row: the last position given, and the identity of this feed."""

    __tablename__ = "outbox_position"

    id: Mapped[int] = mapped_column(primary_key=True)
    feed_id: Mapped[UUID] = mapped_column(Uuid)
    last: Mapped[int] = mapped_column(BigInteger)


# The lock and the numbering are two statements: each takes a new snapshot, so a caller that waited sees
# what the one before it did. Called in autocommit, so that no client ever holds the lock.
NUMBERING_FUNCTION = """
CREATE OR REPLACE FUNCTION number_outbox(lim int) RETURNS SETOF outbox LANGUAGE plpgsql VOLATILE AS $$
DECLARE l bigint; n bigint;
BEGIN
  SELECT last INTO l FROM outbox_position WHERE id = 1 FOR UPDATE;
  RETURN QUERY
    WITH new AS (
      SELECT x.id, row_number() OVER (ORDER BY x.id) AS n
      FROM (SELECT o.id FROM outbox o WHERE o.position IS NULL ORDER BY o.id LIMIT lim) x)
    UPDATE outbox o
       SET position = l + new.n,
           knows = (SELECT coalesce(jsonb_object_agg(c.publisher, c.position), '{}') FROM checkpoint c),
           due_at = clock_timestamp() + interval '3 s'
      FROM new WHERE o.id = new.id RETURNING o.*;
  GET DIAGNOSTICS n = ROW_COUNT;
  UPDATE outbox_position SET last = l + n WHERE id = 1 AND n > 0;
END $$
"""


def create_numbering(execute: Any, bind: Any) -> None:
    """What a first migration adds to the outbox tables: the one row, the function, vacuum settings."""
    execute(
        insert(OutboxPosition.__table__).values(id=1, feed_id=new_id(), last=0)  # type: ignore[arg-type]
    )
    if bind.dialect.name == "postgresql":
        execute(text(NUMBERING_FUNCTION))
        execute(text("ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.02)"))
        execute(text("ALTER TABLE outbox_position SET (fillfactor = 10)"))


INSERT = insert(OutboxRow.__table__)  # type: ignore[arg-type]


def to_row(event: Event, now: datetime, actor: str | None) -> dict[str, Any]:
    trace = get_contextvars().get("trace_id")
    return {
        "event_id": new_id(),
        "type": event.type,
        "schema_version": event.schema_version,
        "subject": event.subject,
        "subject_version": event.subject_version,
        "time": now,
        "actor": actor,
        "traceparent": f"00-{trace}-{secrets.token_hex(8)}-01" if trace else None,
        "data": event.model_dump(mode="json"),
    }


def write(session: Session, rows: list[dict[str, Any]], now: datetime) -> None:
    """The last statements before commit. SQLite numbers here, under the writer's own lock."""
    if session.get_bind().dialect.name == "sqlite":
        last = session.execute(
            update(OutboxPosition).values(last=OutboxPosition.last + len(rows)).returning(OutboxPosition.last)
        ).scalar_one()
        knows = read_knows(session)
        for position, row in enumerate(rows, last - len(rows) + 1):
            row.update(position=position, knows=knows, due_at=now + SWEEP_AFTER)
    session.connection().execute(INSERT, rows)  # plain: the ORM would cost as much as the insert


def read_knows(session: Session) -> dict[str, int]:
    rows = session.execute(text("SELECT publisher, position FROM checkpoint"))
    return {publisher: position for publisher, position in rows}


def number(session: Session) -> Sequence[OutboxRow]:
    """Gives positions to what has none (PostgreSQL); answers the rows just numbered, in order."""
    rows = select(OutboxRow).from_statement(text("SELECT * FROM number_outbox(:lim) ORDER BY position"))
    return session.scalars(rows, {"lim": BATCH}).all()


def unpublished(session: Session, after: int, now: datetime) -> Sequence[OutboxRow]:
    """What this process has not sent yet (SQLite has one process), and what is overdue."""
    rows = select(OutboxRow).where(
        OutboxRow.published_at.is_(None),
        OutboxRow.position.is_not(None),
        (OutboxRow.position > after) | (OutboxRow.due_at < now),
    )
    return session.scalars(rows.order_by(OutboxRow.position).limit(BATCH)).all()


def claim_overdue(session: Session) -> Sequence[OutboxRow]:
    """Rows numbered but not confirmed in time, claimed so that not every process sends them again."""
    claim = text(
        "UPDATE outbox SET due_at = clock_timestamp() + interval '10 s' WHERE id IN ("
        " SELECT id FROM outbox WHERE published_at IS NULL AND position IS NOT NULL"
        " AND due_at < clock_timestamp() ORDER BY position LIMIT :lim FOR UPDATE SKIP LOCKED) RETURNING *"
    )
    rows = session.scalars(select(OutboxRow).from_statement(claim), {"lim": BATCH}).all()
    return sorted(rows, key=lambda row: row.position or 0)


def mark_published(session: Session, positions: Sequence[int], now: datetime) -> None:
    """Notes that a broker has confirmed these, so that nobody sweeps them up again."""
    for start in range(0, len(positions), 500):
        chunk = positions[start : start + 500]
        marked = update(OutboxRow).where(OutboxRow.position.in_(chunk)).values(published_at=now)
        session.execute(marked, execution_options={"synchronize_session": False})


def envelope(service: str, row: OutboxRow) -> Envelope:
    """The row as everybody else sees it."""
    return Envelope(
        id=row.event_id,
        source=f"/{service}",
        type=row.type,
        subject=row.subject,
        time=row.time,
        dataschema=f"/schemas/{row.type}/{row.schema_version}",
        traceparent=row.traceparent,
        position=row.position or 0,
        subjectversion=row.subject_version,
        knows=row.knows or {},
        actor=row.actor,
        data=row.data,
    )
