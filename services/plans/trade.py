"""A trade on a plan (交易): its states and moves, and which budget lines bear it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.plans import reference
from services.plans.plan import Plan
from services.plans.reservation import Share
from services.plans.tables import Base
from shared.database import UtcDateTime, new_id
from shared.errors import Conflict, Forbidden
from shared.money import format_yuan
from shared.people import Caller, Role


class State(StrEnum):
    """Where a trade is: running, or over one way or the other."""

    LIVE = "live"
    AWARDED = "awarded"
    FAILED = "failed"
    ENDED = "ended"


class Outcome(StrEnum):
    """What the trade system reports."""

    AWARD = "award"
    FAIL = "fail"
    REVERSE = "reverse"


MOVES: dict[tuple[State, Outcome], State] = {
    (State.LIVE, Outcome.AWARD): State.AWARDED,
    (State.LIVE, Outcome.FAIL): State.FAILED,
    (State.AWARDED, Outcome.REVERSE): State.ENDED,
}
TAKEN = (State.LIVE, State.AWARDED)
"""While a trade is one of these, no other trade of its plan may have its reference."""


def must_be_holder(plan: Plan, caller: Caller) -> None:
    """Raises `Forbidden` unless the caller holds the plan, acting for its unit as a handler."""
    caller.require(Role.HANDLER)
    if caller.person_id != plan.holder_id or caller.organisation_id != plan.organisation_id:
        raise Forbidden("holder_only", "只有持有人可以操作", "only the holder may do this")


class TradePart(Base):
    """What one budget line bears of a trade, in the order in which the amount was taken."""

    __tablename__ = "trade_part"

    trade_id: Mapped[UUID] = mapped_column(ForeignKey("trade.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("budget_line.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    awarded_fen: Mapped[int] = mapped_column(BigInteger)


class Trade(Base):
    """A trade that the holder of a plan started; its outcome comes from the trade system."""

    __tablename__ = "trade"
    __table_args__ = (
        CheckConstraint("amount_fen > 0 AND awarded_fen BETWEEN 0 AND amount_fen", name="amounts"),
        Index("ix_trade_plan_id_id", "plan_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"))
    reference: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    awarded_fen: Mapped[int] = mapped_column(BigInteger)
    holder_id: Mapped[UUID] = mapped_column(Uuid)
    holder_name: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(500))
    reported_by: Mapped[UUID | None] = mapped_column(Uuid)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reversed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    parts: Mapped[list[TradePart]] = relationship(order_by=TradePart.position, lazy="selectin")

    @classmethod
    def of(cls, plan: Plan, holder: Caller, fen: int, reference: str, at: datetime) -> Trade:
        """A trade that has just been started."""
        return cls(
            id=new_id(),
            version=1,
            plan_id=plan.id,
            reference=reference,
            state=State.LIVE,
            amount_fen=fen,
            awarded_fen=0,
            holder_id=holder.person_id,
            holder_name=holder.name,
            reason="",
            started_at=at,
            parts=[],
        )

    @property
    def state_label(self) -> str:
        return reference.labels("trade")[self.state]

    def bear(self, shares: list[Share]) -> None:
        """Notes which lines bear it."""
        self.parts = [
            TradePart(position=place, line_id=share.line_id, amount_fen=share.fen, awarded_fen=0)
            for place, share in enumerate(shares)
        ]

    def must_allow(self, outcome: Outcome) -> State:
        """The state that an outcome leads to; raises `Conflict` (`wrong_trade_state`) with the facts."""
        following = MOVES.get((State(self.state), outcome))
        if following is None:
            facts = {
                "state": self.state,
                "state_label": self.state_label,
                "awarded": format_yuan(self.awarded_fen),
                "settled_at": self.settled_at.isoformat() if self.settled_at else None,
                "reversed_at": self.reversed_at.isoformat() if self.reversed_at else None,
            }
            text = f"交易当前为“{self.state_label}”，不能执行此操作"
            raise Conflict("wrong_trade_state", text, "not in this state", facts=facts)
        return following

    def award(self, fen: int, at: datetime) -> None:
        """Awarded for an amount: the lines bear it in the order in which they bear the trade."""
        self._move(Outcome.AWARD)
        self.awarded_fen, self.settled_at = fen, at
        for part in self.parts:
            part.awarded_fen = min(fen, part.amount_fen)
            fen -= part.awarded_fen

    def fail(self, reason: str, at: datetime) -> None:
        self._move(Outcome.FAIL)
        self.reason, self.settled_at = reason, at

    def reverse(self, reason: str, at: datetime) -> None:
        """Its award is taken back; what was awarded stays readable."""
        self._move(Outcome.REVERSE)
        self.reason, self.reversed_at = reason, at

    def _move(self, outcome: Outcome) -> None:
        self.state = self.must_allow(outcome)
        self.version += 1

    @property
    def whole(self) -> list[Share]:
        return [Share(part.line_id, part.amount_fen) for part in self.parts]

    @property
    def awarded(self) -> list[Share]:
        return [Share(part.line_id, part.awarded_fen) for part in self.parts]

    @property
    def saved(self) -> list[Share]:
        return [Share(part.line_id, part.amount_fen - part.awarded_fen) for part in self.parts]
