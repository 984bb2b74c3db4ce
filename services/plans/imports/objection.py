"""An objection (异议) to an import application, raised by anybody while its notice runs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, Uuid, select
from sqlalchemy.orm import Mapped, mapped_column

from services.plans import reference
from services.plans.tables import Base
from shared.database import UtcDateTime
from shared.errors import Conflict
from shared.people import Caller
from shared.store import Look


class ObjectionState(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    NOT_UPHELD = "not_upheld"


class Objection(Base):
    """What somebody has against the import, the applicant's supplementary argument (补充论证), and what the
    finance office decided. Who objected is shown to the purchaser's handlers and the finance office only;
    `source` tells the requests of one address from others, and is no address."""

    __tablename__ = "objection"
    __table_args__ = (
        Index("ix_objection_approval_id_id", "approval_id", "id"),
        Index("ix_objection_source_raised_at", "source", "raised_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    approval_id: Mapped[UUID] = mapped_column(ForeignKey("import_approval.id"))
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id"))
    state: Mapped[str] = mapped_column(String(20))
    contact_name: Mapped[str] = mapped_column(String(100))
    contact_organisation: Mapped[str] = mapped_column(String(200))
    contact_phone: Mapped[str] = mapped_column(String(40))
    contact_email: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(64))
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    argument: Mapped[str] = mapped_column(Text)
    argued_by: Mapped[str] = mapped_column(String(100))
    argued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision_reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(String(100))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def state_label(self) -> str:
        return reference.labels("objection")[self.state]

    def argue(self, text: str, by: Caller, at: datetime) -> None:
        """The applicant answers; he may say it better until it is decided."""
        self.must_be_open()
        self.argument, self.argued_by, self.argued_at = text, by.name, at
        self.version += 1

    def decide(
        self, upheld: bool, reason: str, by: Caller, at: datetime, *, nobody_answers: bool = False
    ) -> None:
        """Raises `Conflict`: `objection_decided` with what was decided; `argument_missing` when it is to be
        refused before the applicant has answered, as the final review reads both texts, unless he has left
        (`nobody_answers`)."""
        self.must_be_open()
        if not (upheld or self.argument or nobody_answers):
            text = "申请人尚未补充论证，不能认定异议不成立"
            raise Conflict("argument_missing", text, "the applicant has not answered yet")
        self.state = ObjectionState.UPHELD if upheld else ObjectionState.NOT_UPHELD
        self.decision_reason, self.decided_by, self.decided_at = reason, by.name, at
        self.version += 1

    def must_be_open(self) -> None:
        """Raises `Conflict` (`objection_decided`) with what was decided."""
        if self.state != ObjectionState.OPEN:
            facts = {
                "state": self.state,
                "decided_by": self.decided_by,
                "decided_at": self.decided_at.isoformat() if self.decided_at else None,
            }
            raise Conflict("objection_decided", "该异议已处理", "it is decided already", facts=facts)

    def to_json(self) -> dict[str, Any]:
        """What the final review is shown: both texts and the decision, but not who objected."""
        return {
            "id": str(self.id),
            "organisation": self.contact_organisation,
            "text": self.text,
            "raised_at": self.raised_at.isoformat(),
            "argument": self.argument,
            "argued_by": self.argued_by,
            "state": self.state,
            "decision_reason": self.decision_reason,
            "decided_by": self.decided_by,
        }


def objections_of(look: Look, notice_id: UUID) -> list[Objection]:
    """All objections to a notice, oldest first."""
    return look.all(select(Objection).where(Objection.notice_id == notice_id).order_by(Objection.id))
