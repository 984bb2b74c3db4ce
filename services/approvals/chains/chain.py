"""Reviewer chains: a draft that administrators edit, and immutable published versions of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, Uuid, and_, event, or_
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from services.approvals.step import Segment, Step
from services.approvals.tables import Approvals
from shared.database import Json, UtcDateTime, new_id
from shared.digest import digest
from shared.errors import Conflict, Forbidden
from shared.events.chains import ChainPublished, ChainRetired
from shared.people import Caller, Role

MAX_STEPS = 30


class Chain(Approvals):
    """The chain of a unit or a district for one type of document. `owner` is an organisation id or a district
    code; `district_path` that of the owner. Rounds follow published versions only: `published` is the number
    of the one in force, 0 before the first and after the chain was retired; `newest` that of the last one
    made."""

    __tablename__ = "chain"
    __table_args__ = (
        UniqueConstraint("level", "owner", "doc_type"),
        Index("ix_chain_created_at", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    level: Mapped[str] = mapped_column(String(10))
    owner: Mapped[str] = mapped_column(String(36))
    owner_name: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    district_path: Mapped[str] = mapped_column(String(60), index=True)
    doc_type: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    draft: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    published: Mapped[int] = mapped_column(default=0)
    newest: Mapped[int] = mapped_column(default=0)
    published_digest: Mapped[str] = mapped_column(String(64), default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retired_by: Mapped[UUID | None] = mapped_column(Uuid)
    retired_reason: Mapped[str] = mapped_column(String(500), default="")

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        """The chain of one's unit; those of the districts above it; all below for roles of a district."""
        above = [code for code in caller.district_path.split("/") if code]
        wanted: list[ColumnElement[bool]] = []
        if caller.roles - {Role.PLATFORM_ADMINISTRATOR}:
            wanted.append(cls.organisation_id == caller.organisation_id)
            wanted.append(and_(cls.level == Segment.DISTRICT, cls.owner.in_(above)))
        if caller.has(Role.DISTRICT_ADMINISTRATOR, Role.FINANCE, Role.AUDITOR):
            wanted.append(cls.district_path.startswith(caller.district_path, autoescape=True))
        return or_(cls.id.is_(None), *wanted)

    def may_edit(self, caller: Caller) -> bool:
        """Unit administrators of the unit; district administrators of the district or of one above it."""
        if self.level == Segment.UNIT:
            return caller.has(Role.UNIT_ADMINISTRATOR) and caller.organisation_id == self.organisation_id
        return caller.has(Role.DISTRICT_ADMINISTRATOR) and self.district_path.startswith(caller.district_path)

    def require_editor(self, caller: Caller) -> None:
        """Raises `Forbidden` (`not_chain_administrator`)."""
        if not self.may_edit(caller):
            raise Forbidden(
                "not_chain_administrator", "只有该级管理员可以维护审核链", "only administrators of its level"
            )

    @property
    def steps(self) -> list[Step]:
        return [Step.model_validate(step) for step in self.draft]

    def edit(self, name: str, steps: Sequence[Step], at: datetime) -> None:
        self.name, self.draft = name, [step.to_json() for step in steps]
        self.version, self.changed_at = self.version + 1, at

    def publish(self, by: UUID, at: datetime) -> tuple[ChainVersion, ChainPublished]:
        """Freezes the draft as the next version. Raises `Conflict` (`nothing_to_publish`) when it is in force
        already."""
        frozen = digest({"steps": self.draft})
        if frozen == self.published_digest:
            raise Conflict("nothing_to_publish", "草稿与已发布版本相同", "the draft is in force already")
        self.published = self.newest = self.newest + 1
        self.published_digest = frozen
        self.retired_at, self.retired_by, self.retired_reason = None, None, ""
        self.version, self.changed_at = self.version + 1, at
        version = ChainVersion(
            chain_id=self.id,
            n=self.published,
            steps=self.draft,
            digest=frozen,
            published_by=by,
            published_at=at,
        )
        return version, ChainPublished(**self._told(), version=self.published, digest=frozen)

    def retire(self, by: UUID, at: datetime, reason: str) -> ChainRetired:
        """No version is in force any more; for rounds that begin from now on it is as if there were no chain.
        Raises `Conflict` (`nothing_to_retire`)."""
        if not self.published:
            raise Conflict("nothing_to_retire", "该审核链没有生效的版本", "no version is in force")
        was, self.published, self.published_digest = self.published, 0, ""
        self.retired_at, self.retired_by, self.retired_reason = at, by, reason
        self.version, self.changed_at = self.version + 1, at
        return ChainRetired(**self._told(), version=was, reason=reason)

    def _told(self) -> dict[str, Any]:
        return {"chain_id": self.id, "level": self.level, "owner": self.owner, "doc_type": self.doc_type}


class ChainVersion(Approvals):
    """What was published; rounds that began under it keep it."""

    __tablename__ = "chain_version"

    chain_id: Mapped[UUID] = mapped_column(ForeignKey(Chain.id), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    published_by: Mapped[UUID] = mapped_column(Uuid)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


@event.listens_for(ChainVersion, "before_update")
@event.listens_for(ChainVersion, "before_delete")
def _refuse_change(_mapper: Mapper[Any], _connection: Connection, _version: ChainVersion) -> None:
    raise TypeError("a published version is immutable")
