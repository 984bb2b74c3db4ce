"""Substitution (代理): who decides for somebody who is away, from when until when. No slot moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, Uuid, and_, exists, or_
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from services.approvals.tables import Approvals
from shared.clock import local_date
from shared.database import UtcDateTime, new_id
from shared.errors import Conflict
from shared.events.substitutions import SubstitutionEnded, SubstitutionGranted
from shared.people import AppointmentCopy, Caller, Role


class Substitution(Approvals):
    """While it is in force (half-open: `starts_at` counts, `ends_at` does not), `deputy` may decide the open
    slots that `principal` holds for this organisation, of these types of document (all when none is named).

    It is read, never copied: the principal keeps his slots, and a deputy's deputy has nothing of them.
    `doc_types` is kept as ",plan,revocation,", so that every database can look into it.
    """

    __tablename__ = "substitution"
    __table_args__ = (
        Index("ix_substitution_deputy_id", "deputy_id", "ends_at"),
        Index("ix_substitution_principal_id", "principal_id", "ends_at"),
        Index("ix_substitution_organisation_id", "organisation_id", "granted_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    principal_id: Mapped[UUID] = mapped_column(Uuid)
    principal_name: Mapped[str] = mapped_column(String(100))
    deputy_id: Mapped[UUID] = mapped_column(Uuid)
    deputy_name: Mapped[str] = mapped_column(String(100))
    organisation_id: Mapped[UUID] = mapped_column(Uuid)
    organisation_name: Mapped[str] = mapped_column(String(200))
    doc_types: Mapped[str] = mapped_column(String(1000))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(200))
    granted_by: Mapped[UUID] = mapped_column(Uuid)
    granted_by_name: Mapped[str] = mapped_column(String(100))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[UUID | None] = mapped_column(Uuid)
    version: Mapped[int] = mapped_column(default=1)

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        """Both people, and the administrators of the unit."""
        wanted = [cls.principal_id == caller.person_id, cls.deputy_id == caller.person_id]
        if caller.has(Role.UNIT_ADMINISTRATOR):
            wanted.append(cls.organisation_id == caller.organisation_id)
        return or_(*wanted)

    @classmethod
    def in_force(cls, at: datetime) -> ColumnElement[bool]:
        """Those that hold at a moment which is not in the past, while the deputy is still of the unit."""
        of_unit = exists().where(
            AppointmentCopy.person_id == cls.deputy_id,
            AppointmentCopy.organisation_id == cls.organisation_id,
            AppointmentCopy.on(local_date(at)),
        )
        return and_(cls.starts_at <= at, at < cls.ends_at, cls.ended_at.is_(None), of_unit)

    @classmethod
    def about(cls, doc_type: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        """Those that cover the type of document in a column."""
        return or_(cls.doc_types == "", cls.doc_types.contains("," + doc_type + ","))

    @property
    def types(self) -> list[str]:
        return self.doc_types.strip(",").split(",") if self.doc_types else []

    def covers(self, doc_type: str) -> bool:
        return not self.doc_types or doc_type in self.types

    def overlaps(self, other: Substitution) -> bool:
        """Whether some document could fall under both at some moment."""
        if self.doc_types and other.doc_types and not set(self.types) & set(other.types):
            return False
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def state(self, now: datetime) -> str:
        """coming | in_force | over | ended"""
        if self.ended_at is not None:
            return "ended"
        if now >= self.ends_at:
            return "over"
        return "in_force" if now >= self.starts_at else "coming"

    def granted(self) -> SubstitutionGranted:
        return SubstitutionGranted(
            substitution_id=self.id,
            principal_id=self.principal_id,
            principal_name=self.principal_name,
            deputy_id=self.deputy_id,
            deputy_name=self.deputy_name,
            organisation_id=self.organisation_id,
            organisation_name=self.organisation_name,
            doc_types=self.types,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            reason=self.reason,
            granted_by=self.granted_by,
            version=self.version,
        )

    def end(self, by: Caller, at: datetime) -> SubstitutionEnded:
        """Ends it at once; what was decided stays decided. Raises `Conflict` (`substitution_over`)."""
        if self.state(at) in ("ended", "over"):
            raise Conflict("substitution_over", "该代理已结束", "it has ended already")
        self.ended_at, self.ended_by, self.version = at, by.person_id, self.version + 1
        return SubstitutionEnded(
            substitution_id=self.id,
            principal_id=self.principal_id,
            deputy_id=self.deputy_id,
            version=self.version,
            ended_by=by.person_id,
            organisation_id=self.organisation_id,
        )


def kept(doc_types: Sequence[str]) -> str:
    """Types of document as the column keeps them."""
    return f",{','.join(sorted(set(doc_types)))}," if doc_types else ""
