"""A slot: one person's part in one step. Open slots are the to-do list."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    Uuid,
    and_,
    or_,
    select,
    text,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from services.approvals.staffing import Candidate
from services.approvals.step import RouteStep
from services.approvals.substitution import Substitution
from services.approvals.tables import Approvals
from shared.database import UtcDateTime, new_id
from shared.people import Caller

if TYPE_CHECKING:
    from services.approvals.case import Case


class SlotState(StrEnum):
    """open → agreed | disagreed | transferred | removed | cancelled; open ⇄ vacant (its holder left, or
    nobody is there) and open ⇄ waiting (its holder has asked others to sign before him): both can end in all
    these ways but the decisions. An agreement that is taken back is open again, and so is what it closed."""

    OPEN = "open"
    VACANT = "vacant"
    WAITING = "waiting"
    AGREED = "agreed"
    DISAGREED = "disagreed"
    TRANSFERRED = "transferred"
    REMOVED = "removed"
    CANCELLED = "cancelled"


SLOT_LABELS = {
    SlotState.OPEN: "待办理",
    SlotState.VACANT: "无人办理",
    SlotState.WAITING: "待加签人办理",
    SlotState.AGREED: "同意",
    SlotState.DISAGREED: "不同意",
    SlotState.TRANSFERRED: "已转交",
    SlotState.REMOVED: "已减签",
    SlotState.CANCELLED: "已取消",
}
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a slot without a budget is due, for lists that are sorted by it."""
HELD = frozenset({SlotState.OPEN, SlotState.WAITING})
DECIDED = frozenset({SlotState.AGREED, SlotState.DISAGREED})
PENDING = frozenset({SlotState.OPEN, SlotState.VACANT, SlotState.WAITING})
DECISION = ("acted_by", "acted_name", "on_behalf_of", "opinion")
TIME = (
    *("budget_hours", "left_seconds", "counted_from", "calendar", "due_at", "due_order"),
    *("alarm", "alarm_at", "escalations"),
)


class Slot(Approvals):
    """What lists show is copied in from the case, so that they need no join. A vacant slot of a step that
    nobody could be found for has no holder. `closed_by` is the number of the case event that closed it.
    `basis` is what makes the holder eligible: a `candidate` of the step, one of the `superior` unit in its
    place, or a `colleague` whom somebody has chosen.
    `sign` is how an added signer takes part, `before` or `with` the holder of the slot `sign_for`; his
    agreement is needed, but is no part of the quorum.

    `administered_by` is the administrator who gave it to its holder, or took it from him.
    `acted_by` decided, for the holder when `on_behalf_of` names him. `carried_round` is the round in which he
    did when his agreement goes on to hold in this one: then times and digest are those of that round.

    With a budget of working hours it is due at `due_at`, counted from `counted_from` by the timetable that
    `calendar` names; `alarm` is the next level of reminding, due at `alarm_at` (see `deadline`), and
    `escalations` how many levels of the step's escalation were used up. While others sign before its holder
    it is not due at all; `left_seconds` is what was left of the budget then, and is counted from when his
    turn comes back."""

    __tablename__ = "slot"
    UNWRITTEN = frozenset({"alarm", "alarm_at", "due_order", "escalations"})
    """What reminders move on without an act of review: no part of the evidence."""

    __table_args__ = (
        Index(
            "ix_slot_todo",
            "holder_id",
            "opened_at",
            "id",
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
        Index(
            "ix_slot_done",
            "acted_by",
            "closed_at",
            "id",
            postgresql_where=text("acted_by IS NOT NULL AND carried_round IS NULL"),
            sqlite_where=text("acted_by IS NOT NULL AND carried_round IS NULL"),
        ),
        Index(
            "ix_slot_represented",
            "on_behalf_of",
            "closed_at",
            "id",
            postgresql_where=text("on_behalf_of IS NOT NULL AND carried_round IS NULL"),
            sqlite_where=text("on_behalf_of IS NOT NULL AND carried_round IS NULL"),
        ),
        Index(
            "ix_slot_alarm",
            "alarm_at",
            "id",
            postgresql_where=text("state = 'open' AND alarm_at IS NOT NULL"),
            sqlite_where=text("state = 'open' AND alarm_at IS NOT NULL"),
        ),
        Index(
            "ix_slot_holder_unit_id",
            "holder_unit_id",
            postgresql_where=text("state IN ('open', 'vacant', 'waiting')"),
            sqlite_where=text("state IN ('open', 'vacant', 'waiting')"),
        ),
        Index("ix_slot_case_id_round", "case_id", "round"),
        Index("ix_slot_holder_id_case_id", "holder_id", "case_id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    round: Mapped[int]
    step_index: Mapped[int]
    step_key: Mapped[str] = mapped_column(String(60))
    step_name: Mapped[str] = mapped_column(String(60))
    holder_id: Mapped[UUID | None] = mapped_column(Uuid)
    holder_name: Mapped[str] = mapped_column(String(100), default="")
    holder_unit_id: Mapped[UUID | None] = mapped_column(Uuid)
    holder_unit: Mapped[str] = mapped_column(String(200), default="")
    origin: Mapped[str] = mapped_column(String(20))
    basis: Mapped[str] = mapped_column(String(20), default="candidate")
    sign: Mapped[str] = mapped_column(String(10), default="")
    sign_for: Mapped[UUID | None] = mapped_column(Uuid)
    state: Mapped[str] = mapped_column(String(20), default=SlotState.OPEN)
    version: Mapped[int] = mapped_column(default=1)
    digest: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    urged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[int | None]
    acted_by: Mapped[UUID | None] = mapped_column(Uuid)
    acted_name: Mapped[str] = mapped_column(String(100), default="")
    on_behalf_of: Mapped[UUID | None] = mapped_column(Uuid)
    opinion: Mapped[str] = mapped_column(Text, default="")
    carried_round: Mapped[int | None]
    administered_by: Mapped[UUID | None] = mapped_column(Uuid)
    doc_type: Mapped[str] = mapped_column(String(40))
    doc_id: Mapped[UUID] = mapped_column(Uuid)
    title: Mapped[str] = mapped_column(String(300))
    number: Mapped[str] = mapped_column(String(100))
    organisation_name: Mapped[str] = mapped_column(String(200))
    applicant_name: Mapped[str] = mapped_column(String(100))
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    budget_hours: Mapped[int | None]
    left_seconds: Mapped[int | None]
    counted_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_order: Mapped[datetime] = mapped_column(UtcDateTime, default=NEVER)
    calendar: Mapped[str] = mapped_column(String(120), default="")
    alarm: Mapped[str] = mapped_column(String(20), default="")
    alarm_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    escalations: Mapped[int] = mapped_column(default=0)

    @classmethod
    def given(cls, case: Case, index: int, step: RouteStep, holder: Candidate | None, origin: str) -> Slot:
        """The part of `holder` in a step of the running round; vacant without one."""
        return cls(
            id=new_id(),
            case_id=case.id,
            round=case.round,
            step_index=index,
            step_key=step.key,
            step_name=step.name,
            holder_id=holder.person_id if holder else None,
            holder_name=holder.name if holder else "",
            holder_unit_id=holder.organisation_id if holder else step.organisation_id,
            holder_unit=holder.organisation_name if holder else step.organisation_name,
            origin=origin,
            basis="candidate",
            sign="",
            state=SlotState.OPEN if holder else SlotState.VACANT,
            version=1,
            digest=case.digest,
            opinion="",
            doc_type=case.doc_type,
            doc_id=case.doc_id,
            title=case.title,
            number=case.number,
            organisation_name=case.organisation_name,
            applicant_name=case.applicant_name,
            amount_fen=case.amount_fen,
            submitted_at=case.submitted_at,
            acted_name="",
            due_order=NEVER,
            calendar="",
            alarm="",
            escalations=0,
        )

    @classmethod
    def carried(cls, case: Case, index: int, step: RouteStep, holder: Candidate, agreed: Slot) -> Slot:
        """The part of `holder` in a step of the running round for which he has agreed in an earlier one."""
        slot = cls.given(case, index, step, holder, "carried")
        for name in ("state", "digest", "opened_at", "seen_at", "closed_at", *DECISION):
            setattr(slot, name, getattr(agreed, name))
        slot.carried_round = agreed.carried_round or agreed.round
        return slot

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        """Its holder, and who stands in for him or once did; everybody else sees it in its case."""
        own = or_(cls.holder_id == caller.person_id, cls.acted_by == caller.person_id)
        return or_(own, cls.id.in_(in_hand_of_deputy(cls.id, caller)))

    @property
    def etag(self) -> str:
        """Who agrees with this tag has seen exactly this content."""
        return f'"v{self.version}-{self.digest}"'

    @property
    def label(self) -> str:
        label = SLOT_LABELS[SlotState(self.state)]
        return f"{label}（沿用第 {self.carried_round} 轮）" if self.carried_round else label

    @property
    def is_decision(self) -> bool:
        """Whether somebody has decided it in its own round."""
        return self.state in DECIDED and self.carried_round is None

    @property
    def pending(self) -> bool:
        """The step still waits for this part."""
        return self.state in PENDING

    @property
    def counts(self) -> bool:
        """Whether it is one of the places whose agreements make the quorum of its step."""
        return not self.sign and (self.pending or self.state in DECIDED)

    @property
    def trace(self) -> dict[str, str | None]:
        """What the history keeps of a slot that an act has changed."""
        return {
            "state": str(self.state),
            "step": self.step_key,
            "holder": str(self.holder_id) if self.holder_id else None,
            "origin": self.origin,
            **({"sign": self.sign, "sign_for": str(self.sign_for)} if self.sign else {}),
            **({"carried": str(self.carried_round)} if self.carried_round else {}),
        }

    def close(self, state: SlotState, at: datetime, closed_by: int) -> None:
        self.state, self.closed_at, self.closed_by = state, at, closed_by
        self.version += 1

    def take_time_of(self, other: Slot) -> None:
        """Goes on with the time of another slot: passing a turn on gives nobody more of it."""
        for name in TIME:
            setattr(self, name, getattr(other, name))

    def pend(self, state: SlotState) -> None:
        """Makes it open, vacant or waiting (again): what closed it is undone."""
        self.state, self.closed_at, self.closed_by = state, None, None
        self.acted_by, self.acted_name, self.on_behalf_of, self.opinion = None, "", None, ""
        self.version += 1


def in_hand_of_deputy(column: InstrumentedAttribute[UUID], caller: Caller) -> Select[UUID]:
    """A column of the open slots that the caller may decide for their holders when he asks."""
    principal = and_(
        Substitution.principal_id == Slot.holder_id, Substitution.organisation_id == Slot.holder_unit_id
    )
    return (
        select(column)
        .join(Substitution, principal)
        .where(Slot.state == SlotState.OPEN, Substitution.deputy_id == caller.person_id)
        .where(Substitution.in_force(caller.at), Substitution.about(Slot.doc_type))
    )
