"""The shapes of requests and answers over HTTP: floors."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from services.approvals.chains.floor import FloorRules
from services.approvals.chains.schemas import ChainItem
from services.approvals.schemas import Action, ObstacleShape
from services.approvals.time_schemas import Day
from shared.http import Body, Shape


class FloorBody(Body):
    """The next version of a floor; without a day it holds from today."""

    rules: FloorRules
    effective_from: Day | None = Field(None, description="生效日期，不填为今天 (from which day it holds)")


class FloorCheckBody(Body):
    """Rules to try out before they are published."""

    rules: FloorRules


class FloorVersionShape(Shape):
    """A version of a floor."""

    n: int
    rules: FloorRules
    effective_from: date
    published_by: UUID
    published_at: datetime


class BindingFloorShape(Shape):
    """A floor that holds today, and whose it is."""

    district_code: str
    district_name: str
    n: int
    rules: FloorRules


class FloorShape(Shape):
    """The floors that hold today for a type of document in a district, from the top down (all of them hold),
    and the versions of the district's own, newest first."""

    district_code: str
    doc_type: str
    in_force: list[BindingFloorShape]
    versions: list[FloorVersionShape]
    available_actions: list[Action]


class BreachShape(Shape):
    """A published unit chain that does not satisfy the floors."""

    chain: ChainItem
    problems: list[ObstacleShape]


class BreachPage(Shape):
    """Chains that fall short, newest first. A page looks at 2000 chains at most, so it may be short of its
    limit and still have a next one."""

    items: list[BreachShape]
    next: str | None
