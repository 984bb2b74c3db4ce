"""Attachments of opinions and comments: files kept by their digest, each bound to the act that names it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, String, Uuid, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from services.approvals.case import Case
from services.approvals.tables import Approvals
from shared.database import UtcDateTime, new_id
from shared.errors import Problem, invalid
from shared.people import Caller
from shared.store import Work

MOST = 20
"""How many files one act may have."""


class Attachment(Approvals):
    """A file. Until an act names it only its uploader sees it; `seq` is the number of that act's event, which
    vouches for the file by its digest."""

    __tablename__ = "attachment"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    seq: Mapped[int | None]
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(100))
    uploaded_by: Mapped[UUID] = mapped_column(Uuid)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        own = and_(cls.case_id.is_(None), cls.uploaded_by == caller.person_id)
        return or_(own, cls.case_id.in_(select(Case.id).where(Case.visible_to(caller))))

    @classmethod
    def uploaded(cls, by: Caller, at: datetime, **file: Any) -> Attachment:
        return cls(id=new_id(), uploaded_by=by.person_id, uploaded_at=at, **file)

    def to_json(self) -> dict[str, Any]:
        return {"id": str(self.id), "name": self.name, "size": self.size, "sha256": self.sha256}


def attach(work: Work, case: Case, wanted: Sequence[UUID], caller: Caller) -> list[dict[str, Any]]:
    """Binds files that the caller has uploaded to the act of the case that is recorded next; gives what its
    event says of them, in order. Raises `Invalid` (`unknown_attachment`)."""
    if not wanted:
        return []
    free = select(Attachment).where(
        Attachment.id.in_(wanted), Attachment.case_id.is_(None), Attachment.uploaded_by == caller.person_id
    )
    known = {row.id: row for row in work.lock_all(free.order_by(Attachment.id))}
    missing = [place for place, one in enumerate(wanted) if one not in known or one in wanted[:place]]
    if missing:
        raise invalid([_unknown(place) for place in missing])
    for row in known.values():
        row.case_id, row.seq = case.id, case.event_seq + 1
    return [known[one].to_json() for one in wanted]


def _unknown(place: int) -> Problem:
    text_en = "no such attachment of yours that is still free"
    return Problem("unknown_attachment", "附件不存在或不可使用", f"/attachments/{place}", text_en)
