"""The shapes of requests and answers over HTTP: substitutions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.approvals.queries import Listing
from services.approvals.schemas import Action, DocType, ObstacleShape
from services.approvals.time_schemas import Instant
from shared.http import Body, Shape


class SubstitutionBody(Body):
    """Who stands in for whom. Without a principal it is the caller who goes away; administrators name one of
    their unit. A start that is absent or past is now."""

    principal_id: UUID | None = None
    deputy_id: UUID
    doc_types: Annotated[
        list[DocType], Field(max_length=20, description="不填为全部事项 (empty: all types)")
    ] = Field(default=[])
    starts_at: Instant | None = None
    ends_at: Instant
    reason: str = Field("", max_length=200, examples=["外出培训"])


class SubstitutionShape(Shape):
    """A substitution. `state`: coming, in_force, over, ended."""

    id: UUID
    principal_id: UUID
    principal_name: str
    deputy_id: UUID
    deputy_name: str
    organisation_id: UUID
    organisation_name: str
    doc_types: list[str]
    starts_at: datetime
    ends_at: datetime
    reason: str
    granted_by: UUID
    granted_by_name: str
    granted_at: datetime
    ended_at: datetime | None
    state: str
    status_label: str
    etag: str
    warnings: list[ObstacleShape]
    available_actions: list[Action]


class SubstitutionListing(Listing):
    """Which substitutions: given by me, given to me, or all of my unit (its administrators)."""

    tab: str = Field("mine", pattern=r"^(mine|for_me|unit)$")
    current: bool = Field(False, description="只看未结束的 (only those not over)")


class DeputyShape(Shape):
    """Somebody of the unit who could stand in."""

    person_id: UUID
    name: str
