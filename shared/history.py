"""The history of documents: an append-only table per service, for people to read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, Text, UniqueConstraint, Uuid, event, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, Session, declared_attr, mapped_column

from shared.database import Json, Serial, UtcDateTime


class History:
    """The columns of a history table: `class PlanHistory(History, Base): __tablename__ = "plan_history"`.

    `seq` counts 1, 2, 3, … per document; `kind` is a stable code, `text` what people read. A row without
    `actor_id` was written by the system. Rows can be added and read, never changed or deleted.
    """

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    document_id: Mapped[UUID] = mapped_column(Uuid)
    seq: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[UUID | None] = mapped_column(Uuid)
    actor_name: Mapped[str] = mapped_column(String(100), default="")
    kind: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    changes: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        # The unique constraint is also the index that a document's history is read by.
        return UniqueConstraint("document_id", "seq"), {"sqlite_autoincrement": True}


def append(session: Session, entry: History) -> None:
    """Adds an entry as the next one of its document, in the transaction that changes the document.

    The number is taken by the INSERT itself; the caller holds the document's row lock, else one of two
    writers fails on the unique constraint.
    """
    kind = type(entry)
    last = select(func.coalesce(func.max(kind.seq), 0)).where(kind.document_id == entry.document_id)
    entry.seq = last.scalar_subquery() + 1
    session.add(entry)


def changed_fields(
    old: Mapping[str, Any], new: Mapping[str, Any], labels: Mapping[str, str]
) -> list[dict[str, Any]]:
    """What differs between two JSON forms of a document: [{field, label, old, new}], absent counts as null.

    In the order of `labels` (field to Chinese label); fields without a label follow by name, under that name,
    so that no change goes unseen.
    """
    unlabelled = sorted((old.keys() | new.keys()) - labels.keys())
    return [
        {"field": field, "label": labels.get(field, field), "old": old.get(field), "new": new.get(field)}
        for field in [*labels, *unlabelled]
        if not _same(old.get(field), new.get(field))
    ]


def _same(old: Any, new: Any) -> bool:
    # As JSON, because True == 1 in Python.
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


@event.listens_for(History, "before_update", propagate=True)
@event.listens_for(History, "before_delete", propagate=True)
def _refuse_change(_mapper: Mapper[Any], _connection: Connection, entry: History) -> None:
    raise TypeError(f"{type(entry).__name__} is append-only")
