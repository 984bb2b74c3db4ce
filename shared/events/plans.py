"""What the plans service tells: the life of procurement plans."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from shared.events import Event


class PlanStatusChanged(Event):
    """A plan moved to another status. Outcomes for applicants are told from this event only.

    `opinion`, `step_name` and `decided_by` are those of the decision that caused it; `reason_code` is
    that of a refusal by the system (`returned_by == "system"`).
    """

    type: ClassVar[str] = "plan.status_changed"
    publisher: ClassVar[str] = "plans"

    plan_id: UUID
    version: int
    round: int
    status: str
    previous_status: str | None
    status_label: str
    name: str
    fiscal_year: int
    organisation_id: UUID
    applicant_id: UUID
    holder_id: UUID
    application_number: str = ""
    plan_number: str = ""
    amount_fen: int
    reason: str = ""
    reason_code: str = ""
    opinion: str = ""
    step_name: str = ""
    decided_by: str = ""
    returned_by: str = ""

    @property
    def subject(self) -> str:
        return f"plan/{self.plan_id}"

    @property
    def subject_version(self) -> int:
        return self.version
