"""The shapes of requests and answers over HTTP: passing a turn on, added signers, taking back."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.approvals.schemas import PersonShape
from services.approvals.signing import MAX_SIGNERS, Order
from shared.http import Body, Shape

Note = Annotated[str, Field(max_length=500, description="说明 (a word about it)")]


class TransferBody(Body):
    """Who takes the turn over, and why."""

    to: UUID
    reason: Note = ""


class AddSignBody(Body):
    """Who signs too: before the holder, or with him."""

    people: list[UUID] = Field(min_length=1, max_length=MAX_SIGNERS)
    order: Order = Field(description="before：先于本人；with：与本人一同")
    reason: Note = ""


class ReduceSignBody(Body):
    """Why the person is taken off; an administrator always says why."""

    reason: Note = ""


class TakeBackBody(Body):
    """Why the agreement is taken back."""

    reason: Note = ""


class PeopleAsked(Body):
    """For which verb people are looked for."""

    verb: Literal["transfer", "add_sign", "reassign"]
    q: str = Field("", max_length=100, description="姓名或单位 (part of a name or unit)")


class PeopleShape(Shape):
    """Who can be chosen, at most a hundred."""

    people: list[PersonShape]
