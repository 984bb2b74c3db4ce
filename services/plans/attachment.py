"""Attachments: files kept by their digest, each belonging to the document that refers to it first."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, String, Uuid, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from services.plans.document import Document
from services.plans.tables import Base
from shared.database import UtcDateTime, new_id
from shared.errors import Problem, invalid
from shared.people import Caller
from shared.store import Look, Work


class Attachment(Base):
    """A file. Without a document only its uploader sees it; `position` is its place in the form, absent once
    it was taken off (reviewers of earlier rounds may still read it)."""

    __tablename__ = "attachment"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    document_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    position: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(100))
    uploaded_by: Mapped[UUID] = mapped_column(Uuid)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        own = and_(cls.document_id.is_(None), cls.uploaded_by == caller.person_id)
        seen = [select(kind.id).where(kind.visible_to(caller)) for kind in Document.KINDS]
        return or_(own, *(cls.document_id.in_(documents) for documents in seen))

    @classmethod
    def uploaded(cls, by: Caller, at: datetime, **file: Any) -> Attachment:
        return cls(id=new_id(), kind="other", uploaded_by=by.person_id, uploaded_at=at, **file)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, "size": self.size, "sha256": self.sha256}


def attach(
    work: Work, document: Document, wanted: list[tuple[UUID, str]], caller: Caller
) -> list[Attachment]:
    """Makes the wanted files (id and kind, in order) the document's attachments.

    Raises `Invalid` (`unknown_attachment`) for files that are not the document's and not free ones of
    the caller.
    """
    usable = or_(
        Attachment.document_id == document.id,
        and_(Attachment.document_id.is_(None), Attachment.uploaded_by == caller.person_id),
    )
    ids = [attachment_id for attachment_id, _ in wanted]
    rows = work.lock_all(
        select(Attachment)
        .where(or_(Attachment.document_id == document.id, and_(Attachment.id.in_(ids), usable)))
        .order_by(Attachment.id)
    )
    known = {row.id: row for row in rows}
    if missing := [place for place, attachment_id in enumerate(ids) if attachment_id not in known]:
        raise invalid([unknown_attachment(place) for place in missing])
    for row in rows:
        row.position = None
    for place, (attachment_id, kind) in enumerate(wanted):
        row = known[attachment_id]
        row.document_id, row.position, row.kind = document.id, place, kind
    return [known[attachment_id] for attachment_id in ids]


def listed_files(look: Look, wanted: list[tuple[UUID, str]], caller: Caller) -> list[Attachment]:
    """The files that an unsaved form refers to (id and kind, in order), with the kinds it gives them.

    Raises `Invalid` (`unknown_attachment`).
    """
    ids = [attachment_id for attachment_id, _ in wanted]
    rows = select(Attachment).where(Attachment.id.in_(ids), Attachment.visible_to(caller))
    known = {row.id: row for row in look.all(rows)} if ids else {}
    if missing := [place for place, attachment_id in enumerate(ids) if attachment_id not in known]:
        raise invalid([unknown_attachment(place) for place in missing])
    for attachment_id, kind in wanted:
        known[attachment_id].kind = kind
    return [known[attachment_id] for attachment_id in ids]


def unknown_attachment(place: int) -> Problem:
    return Problem(
        "unknown_attachment", "附件不存在或不可使用", f"/attachments/{place}", "no such attachment of yours"
    )
