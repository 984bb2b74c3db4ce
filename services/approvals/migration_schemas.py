"""The shapes of requests and answers over HTTP: moving running rounds to the version in force."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.approvals.chains.schemas import StepChangeShape
from services.approvals.schemas import Reason
from services.approvals.step import KEY
from shared.http import Body, Shape

StepKey = Annotated[str, Field(pattern=KEY, examples=["department_head"])]
Renamed = Annotated[
    dict[StepKey, StepKey],
    Field(max_length=30, description="旧环节标识 → 新环节标识 (steps that have another key now)"),
]


Outcome = Literal["moves", "moved", "refused", "unaffected"]


class MigrationPreviewBody(Body):
    """Which page of the running rounds, and which steps have another key in the version in force."""

    renamed: Renamed = Field(default={})
    after: UUID | None = Field(None, description="上一页返回的 next")
    limit: int = Field(50, ge=1, le=100)


class MigrateBody(Body):
    """Which cases move, and why."""

    reason: Reason
    cases: list[UUID] = Field(min_length=1, max_length=100)
    renamed: Renamed = Field(default={})


class MigrationRow(Shape):
    """What becomes of one case. `outcome`: moves (preview) or moved; refused with code and text; unaffected
    when nothing that is still to come would change. `stays`: the present turns keep their holders; else they
    are cancelled and those of `opens` get it."""

    case_id: UUID
    doc_id: UUID | None
    title: str
    number: str
    organisation_name: str
    outcome: Outcome
    code: str
    text: str
    text_en: str
    step_before: str
    step_after: str
    stays: bool
    opens: list[str]
    changes: list[StepChangeShape]


class MigrationShape(Shape):
    """Rounds that go by an older version than `version`, and what becomes of each; `next` begins the next
    page of a preview."""

    version: int
    rows: list[MigrationRow]
    next: UUID | None = None
