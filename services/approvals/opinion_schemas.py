"""The shapes of requests and answers over HTTP: common opinions."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.http import Body, Shape


class OpinionBody(Body):
    """A sentence to keep."""

    kind: Literal["agree", "disagree"]
    text: str = Field(min_length=1, max_length=500)
    position: int = Field(0, ge=0, le=10_000)


class NewOpinionBody(OpinionBody):
    """A sentence to keep, for oneself or (unit administrators) for the reviewers of one's unit."""

    scope: Literal["person", "unit"] = "person"


class OpinionShape(Shape):
    """A kept sentence: one's own, or the unit's."""

    id: UUID
    scope: str
    kind: str
    text: str
    position: int
    use_count: int
    may_edit: bool
    etag: str
