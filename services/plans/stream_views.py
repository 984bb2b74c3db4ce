"""How the stream of a document is asked for and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from services.plans.document import Document
from services.plans.outside import is_outside
from services.plans.reached import Reached, outcomes_of
from services.plans.review import DocumentHistory
from services.plans.schemas import HistoryShape
from services.plans.stream import group_of, page, readable
from shared.clock import SHANGHAI
from shared.http import Page, PageAsked
from shared.people import Caller
from shared.store import Look

MESSAGE = "message/"
"""Begins the key of an entry that tells of a message; the message's id follows."""


class StreamAsked(PageAsked):
    """A page of a stream, oldest first; of some groups, or of all."""

    group: list[Literal["document", "opinions", "messages"]] = Field(default_factory=list, max_length=3)


def stream_page(look: Look, document: Document, asked: StreamAsked, caller: Caller) -> Page[HistoryShape]:
    """The entries of a page; those of messages with what has become of them by now. Outside the caller's
    scope it is not told what of a form has changed."""
    rows, following = page(look, document.id, asked.group, asked.limit, asked.cursor)
    told = {row.seq: message for row in rows if (message := _message_of(row))}
    reached = outcomes_of(look, told.values())
    shapes = [_shape(document, row, told.get(row.seq), reached) for row in rows]
    if is_outside(document, caller):
        shapes = [shape.model_copy(update={"changes": []}) for shape in shapes]
    return Page(items=shapes, next=following)


def _message_of(row: DocumentHistory) -> UUID | None:
    key = row.key or ""
    return UUID(key.removeprefix(MESSAGE)) if key.startswith(MESSAGE) else None


def _shape(
    document: Document,
    row: DocumentHistory,
    message_id: UUID | None,
    reached: dict[UUID, Sequence[Reached]],
) -> HistoryShape:
    plain = ("seq", "at", "actor_id", "actor_name", "kind", "text", "data")
    doc_type = row.data.get("doc_type", document.doc_type)
    proof = f"/api/notify/documents/{doc_type}/{document.id}/notices?message_id={message_id}"
    return HistoryShape.model_validate(
        {
            **{name: getattr(row, name) for name in plain},
            "group": group_of(row.kind),
            "changes": readable(document, row.changes),
            "deliveries": [_outcome(one) for one in reached.get(message_id, ())] if message_id else [],
            "proof_url": proof if message_id else None,
        }
    )


def _outcome(reached: Reached) -> dict[str, Any]:
    local = reached.at.astimezone(SHANGHAI)
    text = f"{reached.label} {local:%m-%d %H:%M}"
    return {name: getattr(reached, name) for name in ("channel", "state", "code", "at")} | {"text": text}
