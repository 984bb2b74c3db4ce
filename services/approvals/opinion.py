"""Common opinions (常用意见): sentences that a person keeps for his decisions."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.approvals.tables import Approvals
from shared.database import new_id
from shared.people import Caller

MAX_PER_PERSON = 50


class CommonOpinion(Approvals):
    """kind: agree | disagree. Listed by how often it was used, then by position."""

    __tablename__ = "common_opinion"
    __table_args__ = (Index("ix_common_opinion_owner_id", "owner_id", "kind", "position"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    owner_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(String(500))
    position: Mapped[int] = mapped_column(default=0)
    use_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        return cls.owner_id == caller.person_id
