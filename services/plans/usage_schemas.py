"""The HTTP shapes of a plan's use: assignments, trades, closing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.http import Body, PageAsked, Shape
from shared.money import FenAsYuan, Yuan

Reason = Annotated[str, Field(max_length=500, description="原因 (reason)")]


def _above_zero(fen: int) -> int:
    if fen == 0:
        raise PydanticCustomError("amount_not_positive", "金额须大于零 (the amount must be above zero)")
    return fen


SomeYuan = Annotated[Yuan, AfterValidator(_above_zero)]
"""Yuan above zero, as fen."""


class AssignForm(Body):
    """Who is to hold the plan."""

    to: UUID = Field(description="本单位在岗经办人 (an active handler of the unit)")
    reason: Reason = ""


class RecallForm(Body):
    reason: Reason = ""


class CloseForm(Body):
    reason: Reason = ""


class CandidatesAsked(PageAsked):
    """A page of handlers, some of them by name."""

    q: Annotated[str, Field(max_length=100, description="姓名 (name)")] = ""


class HandlerShape(Shape):
    """A handler of the unit."""

    person_id: UUID
    name: str


class CandidateShape(HandlerShape):
    """Somebody whom the plan may be assigned to; the one who holds it now is marked."""

    is_holder: bool = False
    is_applicant: bool = False


class AssignmentShape(Shape):
    """One change of hands; the last one is current."""

    seq: int
    kind: str
    kind_label: str
    holder_id: UUID
    holder_name: str
    by_id: UUID | None
    by_name: str
    reason: str
    at: datetime


class TradeForm(Body):
    """A trade on a plan: how much of it, in yuan, and under which number the trade system knows it."""

    amount: SomeYuan
    reference: str = Field(min_length=1, max_length=100, examples=["JY-2026-000123"])


class AwardForm(Body):
    """What the trade was awarded for, in yuan; at most its own amount."""

    amount: SomeYuan


class OutcomeForm(Body):
    """Why a trade failed, or why its award is reversed."""

    reason: str = Field(min_length=1, max_length=500, examples=["有效供应商不足三家，废标"])


class TradeShape(Shape):
    """A trade; amounts in yuan."""

    id: UUID
    version: int
    plan_id: UUID
    reference: str
    state: str
    state_label: str
    amount: FenAsYuan = Field(validation_alias="amount_fen")
    awarded: FenAsYuan = Field(validation_alias="awarded_fen")
    holder_id: UUID
    holder_name: str
    reason: str
    started_at: datetime
    settled_at: datetime | None
    reversed_at: datetime | None


class UsageShape(Shape):
    """How much of a plan is used; amounts in yuan."""

    id: UUID
    version: int
    plan_number: str | None
    status: str
    status_label: str
    amount: FenAsYuan = Field(validation_alias="amount_fen")
    remaining: FenAsYuan = Field(validation_alias="remaining_fen")
    committed: FenAsYuan = Field(validation_alias="committed_fen")
    consumed: FenAsYuan = Field(validation_alias="consumed_fen")


class TradeOutcome(Shape):
    """A trade, and what it leaves of its plan."""

    trade: TradeShape
    plan: UsageShape
