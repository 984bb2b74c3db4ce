"""The stream of a document (操作记录): what happened to it, and what others tell of it, in one order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.plans import reference
from services.plans.document import Document
from services.plans.review import DocumentHistory
from shared.errors import Unreadable
from shared.history import append
from shared.store import Look, Work

GROUPS: Mapping[str, frozenset[str]] = {
    "opinions": frozenset({"agreed", "transferred", "carried"}),
    "messages": frozenset({"message"}),
}
"""Kinds of entries by what they are about; every other kind is `document`: its own moves and changes."""
DOCUMENT = "document"


def group_of(kind: str) -> str:
    return next((group for group, kinds in GROUPS.items() if kind in kinds), DOCUMENT)


def tell(work: Work, model: type[Document], entry: DocumentHistory) -> None:
    """Adds what another service told of a document, once per `key`; nothing where there is no such document.

    The document itself does not change. Its row is locked, as the entry takes the next number.
    """
    row = select(model.id).where(model.id == entry.document_id).with_for_update()
    if work.execute(row).first() is None:
        return
    same = select(DocumentHistory.id).where(
        DocumentHistory.document_id == entry.document_id, DocumentHistory.key == entry.key
    )
    if work.first(same) is None:
        append(work.session, entry)


def page(
    look: Look, document_id: UUID, groups: Iterable[str], limit: int, cursor: str
) -> tuple[list[DocumentHistory], str | None]:
    """Entries after a cursor, oldest first, with the cursor of the next page. Without groups: of all.

    Raises `Unreadable` (`bad_cursor`).
    """
    wanted = select(DocumentHistory).where(
        DocumentHistory.document_id == document_id, DocumentHistory.seq > _seq(cursor)
    )
    if asked := set(groups):
        kinds = frozenset[str]().union(*(GROUPS.get(group, ()) for group in asked))
        others = frozenset[str]().union(*GROUPS.values()) - kinds
        of_document = DocumentHistory.kind.not_in(others)
        wanted = wanted.where(of_document if DOCUMENT in asked else DocumentHistory.kind.in_(kinds))
    rows = look.all(wanted.order_by(DocumentHistory.seq).limit(limit + 1))
    return rows[:limit], str(rows[limit - 1].seq) if len(rows) > limit else None


def _seq(cursor: str) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise Unreadable("bad_cursor", "分页参数无效", "not a cursor of this list")
    return int(cursor)


def readable(document: Document, changes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Changes with what people read for the codes in them (`old_label`, `new_label`)."""
    # a plan and an import approval have one name for all their reviews, a request one for each kind
    states = reference.labels(document.doc_type) or reference.labels(document.__tablename__)
    known = {**reference.choice_labels(document.form), "status": states}

    def label(field: str, value: Any) -> str | None:
        return known.get(field, {}).get(value) if isinstance(value, str) else None

    return [
        {
            **change,
            "old_label": label(change["field"], change["old"]),
            "new_label": label(change["field"], change["new"]),
        }
        for change in changes
    ]
