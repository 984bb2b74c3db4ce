"""Budget lines: what is approved, and the append-only ledger of what plans have taken of it (all in fen)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.plans.tables import Base
from shared.database import Serial, UtcDateTime, new_id
from shared.errors import Conflict
from shared.money import MAX_FEN, format_yuan
from shared.people import Caller, in_scope


class Entry(StrEnum):
    """The kinds of ledger entries."""

    APPROVED = "approved"
    ADJUSTED = "adjusted"
    HELD = "held"
    CONFIRMED = "confirmed"
    COMMITTED = "committed"
    UNCOMMITTED = "uncommitted"
    CONSUMED = "consumed"
    REVERSED = "reversed"
    RELEASED = "released"


# What one fen of an entry does to (approved, adjusted, reserved, committed, consumed). A confirmation moves
# no money: it says that the reservation now belongs to a usable plan.
EFFECTS: dict[Entry, tuple[int, int, int, int, int]] = {
    Entry.APPROVED: (1, 0, 0, 0, 0),
    Entry.ADJUSTED: (0, 1, 0, 0, 0),
    Entry.HELD: (0, 0, 1, 0, 0),
    Entry.CONFIRMED: (0, 0, 0, 0, 0),
    Entry.COMMITTED: (0, 0, -1, 1, 0),
    Entry.UNCOMMITTED: (0, 0, 1, -1, 0),
    Entry.CONSUMED: (0, 0, 0, -1, 1),
    Entry.REVERSED: (0, 0, 1, 0, -1),
    Entry.RELEASED: (0, 0, -1, 0, 0),
}
SUMS = ("approved_fen", "adjusted_fen", "reserved_fen", "committed_fen", "consumed_fen")


class BudgetLine(Base):
    """Money approved for a unit, a year and a project (预算指标). The sums are caches of the ledger."""

    __tablename__ = "budget_line"
    __table_args__ = (
        UniqueConstraint(
            *("organisation_id", "fiscal_year", "project_code", "fund_nature", "catalogue_code"),
            name="uq_budget_line_key",
        ),
        CheckConstraint("reserved_fen >= 0", name="reserved"),
        CheckConstraint("committed_fen >= 0", name="committed"),
        CheckConstraint("consumed_fen >= 0", name="consumed"),
        CheckConstraint(
            "approved_fen + adjusted_fen >= reserved_fen + committed_fen + consumed_fen", name="available"
        ),
        Index("ix_budget_line_district_path_id", "district_path", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    fiscal_year: Mapped[int]
    organisation_id: Mapped[UUID] = mapped_column(Uuid)
    district_code: Mapped[str] = mapped_column(String(6))
    district_path: Mapped[str] = mapped_column(String(60))
    project_code: Mapped[str] = mapped_column(String(60))
    project_name: Mapped[str] = mapped_column(String(200))
    fund_nature: Mapped[str] = mapped_column(String(40))
    catalogue_code: Mapped[str] = mapped_column(String(9))
    approved_fen: Mapped[int] = mapped_column(BigInteger)
    adjusted_fen: Mapped[int] = mapped_column(BigInteger)
    reserved_fen: Mapped[int] = mapped_column(BigInteger)
    committed_fen: Mapped[int] = mapped_column(BigInteger)
    consumed_fen: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        return in_scope(caller, cls.organisation_id, cls.district_path)

    @classmethod
    def empty(cls, at: datetime, **about: object) -> BudgetLine:
        """A line before its first entry."""
        return cls(id=new_id(), version=0, created_at=at, **dict.fromkeys(SUMS, 0), **about)

    @property
    def available_fen(self) -> int:
        """What plans may still take: approved and adjusted, less reserved, committed and consumed."""
        taken = self.reserved_fen + self.committed_fen + self.consumed_fen
        return self.approved_fen + self.adjusted_fen - taken

    def enter(self, kind: Entry, fen: int, at: datetime, **about: object) -> BudgetEntry:
        """Adds an entry and moves the cached sums with it; `fen` is negative only for an adjustment.

        Raises `Conflict`: `insufficient_budget` when a plan takes more than is available, `below_taken` when
        an adjustment would leave less than plans have taken.
        """
        sums = {
            name: getattr(self, name) + sign * fen for name, sign in zip(SUMS, EFFECTS[kind], strict=True)
        }
        left = sums["approved_fen"] + sums["adjusted_fen"]
        left -= sums["reserved_fen"] + sums["committed_fen"] + sums["consumed_fen"]
        if sums["approved_fen"] + sums["adjusted_fen"] > MAX_FEN:
            raise Conflict("amount_too_large", "预算金额超出上限", "the amount is above the limit")
        if left < 0:
            raise below_taken(self) if kind is Entry.ADJUSTED else insufficient_budget([(self, fen)])
        if min(sums["reserved_fen"], sums["committed_fen"], sums["consumed_fen"]) < 0:
            raise ValueError(f"{kind} of {fen} fen is more than line {self.id} holds")
        for name, fen_now in sums.items():
            setattr(self, name, fen_now)
        self.version += 1
        return BudgetEntry(line_id=self.id, kind=kind, amount_fen=fen, at=at, **about)


class BudgetEntry(Base):
    """One line of the ledger; written once."""

    __tablename__ = "budget_entry"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("budget_line.id"), index=True)
    plan_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    round: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(20))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[UUID | None] = mapped_column(Uuid)
    reason: Mapped[str] = mapped_column(String(500), default="")


class Reservation(Base):
    """What one plan has of one line. state: held | confirmed | released."""

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint("reserved_fen >= 0 AND committed_fen >= 0 AND consumed_fen >= 0", name="sums"),
    )

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("budget_line.id"), primary_key=True, index=True)
    state: Mapped[str] = mapped_column(String(10))
    reserved_fen: Mapped[int] = mapped_column(BigInteger)
    committed_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    consumed_fen: Mapped[int] = mapped_column(BigInteger, default=0)

    def follow(self, kind: Entry, fen: int) -> None:
        """Moves the sums with an entry of the ledger."""
        for name, sign in zip(SUMS[2:], EFFECTS[kind][2:], strict=True):
            setattr(self, name, getattr(self, name) + sign * fen)


def insufficient_budget(short: list[tuple[BudgetLine, int]]) -> Conflict:
    """The refusal for a plan that wants more than is available; its facts say how much there is."""
    names = "；".join(f"{line.project_name} 可用 {format_yuan(line.available_fen)} 元" for line, _ in short)
    lines = [
        {
            "budget_line_id": str(line.id),
            "project_name": line.project_name,
            "requested": format_yuan(fen),
            "available": format_yuan(line.available_fen),
        }
        for line, fen in short
    ]
    return Conflict(
        "insufficient_budget", f"预算余额不足：{names}", "not enough budget", facts={"lines": lines}
    )


def below_taken(line: BudgetLine) -> Conflict:
    return Conflict(
        "below_taken",
        "调减后的预算少于计划已占用的金额",
        "the adjusted budget would be less than what plans have taken",
        facts={"available": format_yuan(line.available_fen)},
    )
