"""What the approvals service tells of things said about a case."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from shared.events.approvals import CaseEvent


class _CaseSaid(CaseEvent):
    """Something that a person says about a case to others."""

    actor_id: UUID
    actor_name: str
    organisation_id: UUID
    organisation_name: str
    applicant_name: str
    title: str
    number: str
    people: list[UUID]


class CaseCcAdded(_CaseSaid):
    """A case was copied to `people`, who may read it from now on."""

    type: ClassVar[str] = "case.cc_added"

    note: str = ""


class CaseCommented(_CaseSaid):
    """Somebody said something about a case; `people` are the applicant and those who have it now."""

    type: ClassVar[str] = "case.commented"

    text: str


class CaseMigrated(_CaseSaid):
    """A running round was moved to another version of a chain by an administrator: `steps` are the names of
    the steps that apply now, in order, `step_name` the present one; `people` who waits for the outcome."""

    type: ClassVar[str] = "case.migrated"

    reason: str
    step_name: str
    steps: list[str]
