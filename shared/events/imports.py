"""What the plans service tells of imported products: approvals, their public notices, objections."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.events import Event


class _ImportEvent(Event):
    """What every event of an import application carries."""

    publisher: ClassVar[str] = "plans"

    approval_id: UUID
    version: int
    name: str
    fiscal_year: int
    organisation_id: UUID
    organisation_name: str
    applicant_id: UUID
    application_number: str = ""
    approval_number: str = ""
    amount_fen: int
    category: str | None = None

    @property
    def subject(self) -> str:
        return f"import_approval/{self.approval_id}"

    @property
    def subject_version(self) -> int:
        return self.version


class ImportApprovalStatusChanged(_ImportEvent):
    """An import application moved to another status. Outcomes for applicants are told from this event only.

    `opinion`, `step_name` and `decided_by` are those of the decision that caused it; `reason_code` is that of
    a refusal by the system (`returned_by` is `system`), or of what the finance office did (`finance`).
    """

    type: ClassVar[str] = "import_approval.status_changed"

    round: int
    status: str
    previous_status: str | None
    status_label: str
    valid_from: date | None = None
    valid_to: date | None = None
    reason: str = ""
    reason_code: str = ""
    opinion: str = ""
    step_name: str = ""
    decided_by: str = ""
    returned_by: str = ""


class NoticePublished(_ImportEvent):
    """Everybody may read it and object until 24:00 of `ends_on`; that is absent while the calendar of the
    year is not known, and the notice then goes on until it is."""

    type: ClassVar[str] = "notice.published"

    notice_id: UUID
    published_on: date
    working_days: int
    ends_on: date | None
    ends_at: datetime | None
    explanation: str


class _ObjectionEvent(_ImportEvent):
    """No text and no person who objected: both are read at the document, by those who may."""

    notice_id: UUID
    objection_id: UUID
    objector_organisation: str


class ObjectionRaised(_ObjectionEvent):
    """Somebody objected during the notice. `finance_ids` are people of the finance office who can decide."""

    type: ClassVar[str] = "objection.raised"

    raised_at: datetime
    finance_ids: list[UUID] = Field(default_factory=list)


class ObjectionDecided(_ObjectionEvent):
    """The finance office decided an objection: upheld ends the application, else it goes on."""

    type: ClassVar[str] = "objection.decided"

    upheld: bool
    reason: str
    decided_by: str
