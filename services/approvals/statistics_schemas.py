"""The shapes of answers over HTTP: statistics."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.http import Shape

Hours = Annotated[Decimal, Field(description="工作小时 (working hours)", examples=["12.5"])]
Share = Annotated[Decimal, Field(description="占比，0 至 1 (a part of one)", examples=["0.25"])]


class SpreadShape(Shape):
    """Times of many: the median, and what nine of ten stay below."""

    count: int
    p50: Hours
    p90: Hours


class StepStatistics(Shape):
    """A step over all rounds that passed it; `share` is its part of all time in review."""

    key: str
    name: str
    time: SpreadShape
    share: Share
    returned: int
    return_rate: Share


class ReasonShape(Shape):
    """Why rounds were returned: an opinion, where, how often."""

    text: str
    step_name: str
    count: int


class StatisticsShape(Shape):
    """Rounds that ended in a period, without any person.

    `review` is a round's time with reviewers, `with_applicant` that before it with the applicant (rounds
    after the first); `to_approval` both over all rounds of the cases that were approved. `bottleneck` is the
    key of the step that took most time in all.
    """

    since: date
    until: date
    doc_type: str
    organisation_id: UUID | None
    rounds: int
    outcomes: dict[str, int]
    return_rate: Share
    review: SpreadShape
    with_applicant: SpreadShape
    to_approval: SpreadShape
    steps: list[StepStatistics]
    bottleneck: str | None
    reasons: list[ReasonShape]
