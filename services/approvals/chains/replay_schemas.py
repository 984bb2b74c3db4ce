"""The shapes of requests and answers over HTTP: the replay of a draft over past cases."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from services.approvals.chains.schemas import StepChangeShape
from services.approvals.statistics_schemas import Hours
from services.approvals.step import Step
from shared.http import Body, Shape


class ReplayBody(Body):
    """Steps to try; without them the saved draft is tried."""

    steps: list[Step] | None = Field(None, max_length=30)
    limit: int = Field(50, ge=1, le=200, description="最近多少件 (so many of the newest cases)")


class GapShape(Shape):
    """A step that would have fewer reviewers than it needs, and what its rule makes of that."""

    key: str
    name: str
    people: int
    needed: int
    outcome: Literal["refuse", "skip", "administrator"]


class ExpectedShape(Shape):
    """Working hours by the medians of the steps; those of `unknown` nobody has passed yet."""

    hours: Hours
    unknown: list[str]


class ReplayedShape(Shape):
    """A case whose route would change, or would lack reviewers."""

    case_id: UUID
    doc_id: UUID
    round: int
    title: str
    number: str
    organisation_name: str
    changes: list[StepChangeShape]
    gaps: list[GapShape]
    before: ExpectedShape
    after: ExpectedShape


class ReplayShape(Shape):
    """What a draft would do to the newest cases: how many were looked at, how many routes would change, how
    many would lack reviewers; the mean of expected hours over the cases of which all steps are known both
    ways (`compared`); and the cases concerned, newest first. Nothing was changed."""

    looked_at: int
    changed: int
    lacking: int
    compared: int
    hours_before: Hours | None
    hours_after: Hours | None
    cases: list[ReplayedShape]
