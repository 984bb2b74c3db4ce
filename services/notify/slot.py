"""Notify's own copy of to-dos, for the stale rule: a to-do that has vanished is told to nobody any more."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, String, Uuid, select
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.message import Base, Message, touch_inbox
from shared.store import Work


class SlotCopy(Base):
    """A slot as of the version of its case: who holds it, and whether it still waits, for him and for those
    who stand in for him. A slot never changes hands: who takes it over gets one of his own. `decision_etag`
    names it in links that decide it; empty where none may. `holder_unit_id` is where its holder reviews."""

    __tablename__ = "slot_copy"

    slot_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    holder_id: Mapped[UUID] = mapped_column(Uuid)
    holder_unit_id: Mapped[UUID | None] = mapped_column(Uuid)
    case_version: Mapped[int]
    is_open: Mapped[bool]
    decision_etag: Mapped[str] = mapped_column(String(120), default="")

    def follow(self, holder_id: UUID, case_version: int, is_open: bool, decision_etag: str) -> None:
        """Takes over the state as of a version of the case; an older version is ignored."""
        if case_version >= self.case_version:
            self.holder_id, self.case_version, self.is_open = holder_id, case_version, is_open
            self.decision_etag = decision_etag


def finish(work: Work, which: ColumnElement[bool]) -> None:
    """What these messages tell of is done."""
    waiting = select(Message).where(which, Message.done_at.is_(None))
    for message in work.lock_all(waiting.order_by(Message.id)):
        message.finish(work.now)
        touch_inbox(work, message.person_id)
