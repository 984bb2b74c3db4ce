"""Copies of a case (抄送): people who may read it and are told so, with the mark that they have."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.approvals.actor import Actor
from services.approvals.staffing import Candidate
from services.approvals.tables import Approvals
from shared.database import UtcDateTime, new_id
from shared.people import Caller

if TYPE_CHECKING:
    from services.approvals.case import Case


class Cc(Approvals):
    """That a case was copied to a person, once in a round. What lists show is copied in from the case."""

    __tablename__ = "cc"
    __table_args__ = (
        UniqueConstraint("case_id", "round", "person_id"),
        Index("ix_cc_person_id", "person_id", "copied_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    round: Mapped[int]
    person_id: Mapped[UUID] = mapped_column(Uuid)
    person_name: Mapped[str] = mapped_column(String(100))
    by_id: Mapped[UUID] = mapped_column(Uuid)
    by_name: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(String(500))
    copied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    doc_type: Mapped[str] = mapped_column(String(40))
    doc_id: Mapped[UUID] = mapped_column(Uuid)
    title: Mapped[str] = mapped_column(String(300))
    number: Mapped[str] = mapped_column(String(100))
    organisation_name: Mapped[str] = mapped_column(String(200))
    applicant_name: Mapped[str] = mapped_column(String(100))

    @classmethod
    def given(cls, case: Case, to: Candidate, by: Actor, note: str) -> Cc:
        """A copy of the running round for a person."""
        return cls(
            id=new_id(),
            case_id=case.id,
            round=case.round,
            person_id=to.person_id,
            person_name=to.name,
            by_id=by.person_id,
            by_name=by.name,
            note=note,
            doc_type=case.doc_type,
            doc_id=case.doc_id,
            title=case.title,
            number=case.number,
            organisation_name=case.organisation_name,
            applicant_name=case.applicant_name,
        )

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        """Who has it; everybody else sees it in its case."""
        return cls.person_id == caller.person_id
