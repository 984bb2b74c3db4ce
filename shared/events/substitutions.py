"""What the approvals service tells of people who stand in for others."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.events import Event


class _SubstitutionEvent(Event):
    publisher: ClassVar[str] = "approvals"

    substitution_id: UUID
    version: int
    principal_id: UUID
    deputy_id: UUID

    @property
    def subject(self) -> str:
        return f"substitution/{self.substitution_id}"

    @property
    def subject_version(self) -> int:
        return self.version


class SubstitutionGranted(_SubstitutionEvent):
    """Somebody decides for a person who is away, from `starts_at` until just before `ends_at`; `doc_types` is
    empty for all types of document."""

    type: ClassVar[str] = "substitution.granted"

    principal_name: str
    deputy_name: str
    organisation_id: UUID
    organisation_name: str
    doc_types: list[str]
    starts_at: datetime
    ends_at: datetime
    reason: str
    granted_by: UUID


class SubstitutionEnded(_SubstitutionEvent):
    """A substitution of a unit was ended before its time."""

    type: ClassVar[str] = "substitution.ended"

    ended_by: UUID
    organisation_id: UUID | None = None
