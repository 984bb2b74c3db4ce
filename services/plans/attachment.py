"""Attachments: files kept by their digest, each belonging to the plan that refers to it first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, String, Uuid, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from services.plans.tables import Base
from shared.database import UtcDateTime, new_id
from shared.errors import Problem, invalid
from shared.people import Caller
from shared.store import Work

if TYPE_CHECKING:
    from services.plans.plan import Plan


class Attachment(Base):
    """A file. Without a plan only its uploader sees it; `position` is its place in the form, absent once
    it was taken off (reviewers of earlier rounds may still read it)."""

    __tablename__ = "attachment"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("plan.id"), index=True)
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
        from services.plans.plan import Plan  # a plan lists its attachments: the two files need each other

        own = and_(cls.plan_id.is_(None), cls.uploaded_by == caller.person_id)
        return or_(own, cls.plan_id.in_(select(Plan.id).where(Plan.visible_to(caller))))

    @classmethod
    def uploaded(cls, by: Caller, at: datetime, **file: Any) -> Attachment:
        return cls(id=new_id(), kind="other", uploaded_by=by.person_id, uploaded_at=at, **file)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, "size": self.size, "sha256": self.sha256}


def attach(work: Work, plan: Plan, wanted: list[tuple[UUID, str]], caller: Caller) -> list[Attachment]:
    """Makes the wanted files (id and kind, in order) the plan's attachments.

    Raises `Invalid` (`unknown_attachment`) for files that are not the plan's and not free ones of
    the caller.
    """
    usable = or_(
        Attachment.plan_id == plan.id,
        and_(Attachment.plan_id.is_(None), Attachment.uploaded_by == caller.person_id),
    )
    ids = [attachment_id for attachment_id, _ in wanted]
    rows = work.lock_all(
        select(Attachment)
        .where(or_(Attachment.plan_id == plan.id, and_(Attachment.id.in_(ids), usable)))
        .order_by(Attachment.id)
    )
    known = {row.id: row for row in rows}
    if missing := [place for place, attachment_id in enumerate(ids) if attachment_id not in known]:
        raise invalid([unknown_attachment(place) for place in missing])
    for row in rows:
        row.position = None
    for place, (attachment_id, kind) in enumerate(wanted):
        row = known[attachment_id]
        row.plan_id, row.position, row.kind = plan.id, place, kind
    return [known[attachment_id] for attachment_id in ids]


def unknown_attachment(place: int) -> Problem:
    return Problem(
        "unknown_attachment", "附件不存在或不可使用", f"/attachments/{place}", "no such attachment of yours"
    )
