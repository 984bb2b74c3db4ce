"""What review leaves with a plan: the frozen rounds, who was asked, and the history of the document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Uuid, select
from sqlalchemy.orm import Mapped, mapped_column

from services.plans import reference
from services.plans.tables import Base
from shared.database import Json, UtcDateTime
from shared.history import History, append, changed_fields
from shared.people import Caller
from shared.store import Look, Work


class PlanRound(Base):
    """One submission: the content as it was seen, its digest, and the versions of its rules."""

    __tablename__ = "plan_round"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[Any] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    facts: Mapped[Any] = mapped_column(Json)
    rules: Mapped[Any] = mapped_column(Json)
    picks: Mapped[Any] = mapped_column(Json)
    submitted_by: Mapped[UUID] = mapped_column(Uuid)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PlanSlot(Base):
    """A to-do of a reviewer on a plan, as approvals told it. Who ever had one may read the plan."""

    __tablename__ = "plan_slot"
    __table_args__ = (
        Index("ix_plan_slot_holder_id_plan_id", "holder_id", "plan_id"),
        Index("ix_plan_slot_plan_id_round", "plan_id", "round"),
    )

    slot_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(Uuid)
    round: Mapped[int]
    holder_id: Mapped[UUID] = mapped_column(Uuid)
    step_name: Mapped[str] = mapped_column(String(200))
    open: Mapped[bool]


class PlanHistory(History, Base):
    """What happened to a plan, in order."""

    __tablename__ = "plan_history"


Record = Mapping[str, Any]


def note(work: Work, plan: Any, kind: str, text: str, **about: Any) -> None:
    """Adds to the plan's history: `before` is its record before the change (absent: it is new), `by` the
    caller; or `actor_id` and `actor_name` of somebody whom another service named."""
    by: Caller | None = about.pop("by", None)
    before: Record = about.pop("before", {})
    entry = PlanHistory(
        document_id=plan.id,
        at=work.now,
        actor_id=by.person_id if by else about.pop("actor_id", None),
        actor_name=by.name if by else about.pop("actor_name", ""),
        kind=kind,
        text=text,
        changes=changed_fields(before, plan.to_record(), reference.field_labels()),
        data=about,
    )
    append(work.session, entry)


def history(look: Look, plan_id: UUID) -> list[PlanHistory]:
    """All entries of a plan, oldest first."""
    return look.all(select(PlanHistory).where(PlanHistory.document_id == plan_id).order_by(PlanHistory.seq))
