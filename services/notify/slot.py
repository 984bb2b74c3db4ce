"""Notify's own copy of to-dos, for the stale rule: a to-do that has vanished is told to nobody any more."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.message import Base


class SlotCopy(Base):
    """A slot as of the version of its case: who holds it, and whether it still waits, for him and for those
    who stand in for him. A slot never changes hands: who takes it over gets one of his own. `decision_etag`
    names it in links that decide it; empty where none may."""

    __tablename__ = "slot_copy"

    slot_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    holder_id: Mapped[UUID] = mapped_column(Uuid)
    case_version: Mapped[int]
    is_open: Mapped[bool]
    decision_etag: Mapped[str] = mapped_column(String(120), default="")

    def follow(self, holder_id: UUID, case_version: int, is_open: bool, decision_etag: str) -> None:
        """Takes over the state as of a version of the case; an older version is ignored."""
        if case_version >= self.case_version:
            self.holder_id, self.case_version, self.is_open = holder_id, case_version, is_open
            self.decision_etag = decision_etag
