"""How the stream of a document is asked for and shown."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.plans.document import Document
from services.plans.review import DocumentHistory
from services.plans.schemas import HistoryShape
from services.plans.stream import group_of, page, readable
from shared.http import Page, PageAsked
from shared.store import Look


class StreamAsked(PageAsked):
    """A page of a stream, oldest first; of some groups, or of all."""

    group: list[Literal["document", "opinions", "messages"]] = Field(default_factory=list, max_length=3)


def stream_page(look: Look, document: Document, asked: StreamAsked) -> Page[HistoryShape]:
    """The entries of a page."""
    rows, following = page(look, document.id, asked.group, asked.limit, asked.cursor)
    return Page(items=[_shape(document, row) for row in rows], next=following)


def _shape(document: Document, row: DocumentHistory) -> HistoryShape:
    plain = ("seq", "at", "actor_id", "actor_name", "kind", "text", "data")
    return HistoryShape.model_validate(
        {
            **{name: getattr(row, name) for name in plain},
            "group": group_of(row.kind),
            "changes": readable(document, row.changes),
        }
    )
