"""What the approvals service tells: cases, slots (to-dos) and chains."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.events import Event


class CaseEvent(Event):
    """Enough for the document's service to move its own state without calling back."""

    publisher: ClassVar[str] = "approvals"

    case_id: UUID
    case_version: int
    doc_type: str
    doc_id: UUID
    round: int
    revision: int
    digest: str

    @property
    def subject(self) -> str:
        return f"case/{self.case_id}"

    @property
    def subject_version(self) -> int:
        return self.case_version


class CaseOpened(CaseEvent):
    """A round of review was routed: the names of its steps, in order. In those that are `carried` the
    agreement of the round before goes on to hold; nobody is asked there."""

    type: ClassVar[str] = "case.opened"

    steps: list[str]
    carried: list[str] = Field(default_factory=list)


class CaseRefused(Event):
    """A submission that cannot be routed, for example `no_unit_chain`; no round was opened."""

    type: ClassVar[str] = "case.refused"
    publisher: ClassVar[str] = "approvals"

    doc_type: str
    doc_id: UUID
    round: int
    revision: int
    code: str
    text: str

    @property
    def subject(self) -> str:
        return f"{self.doc_type}/{self.doc_id}"

    @property
    def subject_version(self) -> int:
        return self.revision


class _SlotEvent(CaseEvent):
    """A to-do as a message shows it. `deputies` may decide it now, because its holder is away;
    `holder_unit_id` is the unit in which its holder reviews."""

    slot_id: UUID
    step_key: str
    step_name: str
    holder_id: UUID
    applicant_id: UUID
    applicant_name: str
    organisation_id: UUID
    organisation_name: str
    title: str
    number: str
    opened_at: datetime
    holder_name: str = ""
    deputies: list[UUID] = Field(default_factory=list)
    holder_unit_id: UUID | None = None


class SlotOpened(_SlotEvent):
    """It is a person's turn, until `due_at` where the step has a budget of working time. `origin` is how he
    came to it: selector, picked, reassigned, escalation… `decision_etag` names the slot as it is now in links
    that decide it; empty where none may."""

    type: ClassVar[str] = "slot.opened"

    due_at: datetime | None = None
    origin: str = ""
    decision_etag: str = ""


class SlotDueSoon(_SlotEvent):
    """A to-do has used up most of its working time; said once."""

    type: ClassVar[str] = "slot.due_soon"

    due_at: datetime
    budget_hours: int


class SlotOverdue(_SlotEvent):
    """The working time of a to-do is used up; said once."""

    type: ClassVar[str] = "slot.overdue"

    due_at: datetime
    budget_hours: int


class SlotUrged(_SlotEvent):
    """The applicant asks the holder of a to-do to be quick."""

    type: ClassVar[str] = "slot.urged"

    note: str = ""


class SlotEscalated(_SlotEvent):
    """An overdue to-do went on to another person, along the escalation of its step."""

    type: ClassVar[str] = "slot.escalated"

    level: int
    new_slot_id: UUID
    new_holder_id: UUID


class SlotClosed(CaseEvent):
    """A to-do is no longer there: decided by its holder, or cancelled because others decided.

    `actor_id` is whose act closed it (absent: the system); `opinion` what its holder said with a decision.
    """

    type: ClassVar[str] = "slot.closed"

    slot_id: UUID
    step_key: str
    step_name: str = ""
    holder_id: UUID
    outcome: str
    opinion: str = ""
    actor_id: UUID | None = None
    actor_name: str = ""
    on_behalf_of: UUID | None = None


class SlotSeen(CaseEvent):
    """A person has opened what waits for him."""

    type: ClassVar[str] = "slot.seen"

    slot_id: UUID
    step_key: str
    step_name: str
    seen_by: UUID


class CaseApproved(CaseEvent):
    """The last step agreed. `on_behalf_of`: the holder, when his deputy decided for him."""

    type: ClassVar[str] = "case.approved"

    step_name: str
    actor_id: UUID
    actor_name: str
    opinion: str = ""
    on_behalf_of: UUID | None = None
    on_behalf_name: str = ""


class CaseReturned(CaseEvent):
    """A reviewer disagreed; the document goes back to the applicant with the opinion."""

    type: ClassVar[str] = "case.returned"

    step_key: str
    step_name: str
    actor_id: UUID
    actor_name: str
    opinion: str
    on_behalf_of: UUID | None = None
    on_behalf_name: str = ""


class CaseWithdrawn(CaseEvent):
    """The applicant took the document back before anybody had decided in this round."""

    type: ClassVar[str] = "case.withdrawn"

    actor_id: UUID


class CaseTerminated(CaseEvent):
    """An administrator or the document's own service ended the case."""

    type: ClassVar[str] = "case.terminated"

    code: str
    text: str
    actor_id: UUID | None = None


class CaseAttentionRaised(CaseEvent):
    """A case that nobody can decide any more; `administrator_ids` are those who can reassign."""

    type: ClassVar[str] = "case.attention_raised"

    reason: str
    step_name: str
    title: str
    number: str
    administrator_ids: list[UUID]


class CaseAttentionCleared(CaseEvent):
    """The case needs no administrator any more: somebody can go on with it, or it has ended."""

    type: ClassVar[str] = "case.attention_cleared"


class AuditSealed(Event):
    """The acts of a day are sealed: whoever keeps this can show later that none of them was changed."""

    type: ClassVar[str] = "audit.sealed"
    publisher: ClassVar[str] = "approvals"

    n: int
    day: date
    root: str
    leaves: int
    previous: str
    hash: str

    @property
    def subject(self) -> str:
        return "audit"

    @property
    def subject_version(self) -> int:
        return self.n
