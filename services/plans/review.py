"""What review leaves with a document: the frozen rounds, who was asked, and the history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Index, String, Uuid, select, text
from sqlalchemy.orm import Mapped, mapped_column

from services.plans import reference
from services.plans.tables import Base
from shared.database import Json, UtcDateTime
from shared.history import History, append, changed_fields
from shared.people import Caller
from shared.store import Look, Work

if TYPE_CHECKING:
    from services.plans.document import Document


class Round(Base):
    """One submission: the content as it was seen, its digest, and the versions of its rules.

    `doc_type` is the review that it went into; the rounds of a document are counted through all of them.
    """

    __tablename__ = "document_round"

    document_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    doc_type: Mapped[str] = mapped_column(String(40))
    content: Mapped[Any] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    facts: Mapped[Any] = mapped_column(Json)
    rules: Mapped[Any] = mapped_column(Json)
    picks: Mapped[Any] = mapped_column(Json)
    submitted_by: Mapped[UUID] = mapped_column(Uuid)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReaderSlot(Base):
    """A to-do of a reviewer on a document, as approvals told it last: `version` is that of its case. A
    decision that is taken back opens it again. Who ever had one may read the document."""

    __tablename__ = "reader_slot"
    __table_args__ = (
        Index("ix_reader_slot_holder_id_document_id", "holder_id", "document_id"),
        Index("ix_reader_slot_document_id_round", "document_id", "round"),
    )

    slot_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    document_id: Mapped[UUID] = mapped_column(Uuid)
    round: Mapped[int]
    holder_id: Mapped[UUID] = mapped_column(Uuid)
    step_name: Mapped[str] = mapped_column(String(200))
    open: Mapped[bool]


class DocumentHistory(History, Base):
    """What happened to a document, in order. What another service told has a `key`, so that it stands here
    once."""

    __tablename__ = "document_history"

    key: Mapped[str | None] = mapped_column(String(80))


_TOLD = text("key IS NOT NULL")
Index(
    "ix_document_history_document_id_key",
    DocumentHistory.document_id,
    DocumentHistory.key,
    unique=True,
    postgresql_where=_TOLD,
    sqlite_where=_TOLD,
)


Record = Mapping[str, Any]


def note(work: Work, document: Document, kind: str, said: str, **about: Any) -> None:
    """Adds to the history of a document: `before` is its record before the change (absent: it is new), `by`
    the caller; or `actor_id` and `actor_name` of somebody whom another service named."""
    by: Caller | None = about.pop("by", None)
    before: Record = about.pop("before", {})
    entry = DocumentHistory(
        document_id=document.id,
        at=work.now,
        actor_id=by.person_id if by else about.pop("actor_id", None),
        actor_name=by.name if by else about.pop("actor_name", ""),
        kind=kind,
        text=said,
        changes=changed_fields(before, document.to_record(), reference.field_labels(document.form)),
        data=about,
    )
    append(work.session, entry)


def judgement(look: Look, document: Document) -> dict[str, Any]:
    """What judged the last submission of a document: `versions` of rules, and the `warnings` that they gave.
    Empty before the first one."""
    last = select(Round.rules).where(Round.document_id == document.id, Round.n == document.round)
    return (look.first(last) if document.round else None) or {}


def rounds(look: Look, document_id: UUID) -> list[Round]:
    """Every submission of a document, oldest first."""
    return look.all(select(Round).where(Round.document_id == document_id).order_by(Round.n))
