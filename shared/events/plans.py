"""What the plans service tells: the life of procurement plans."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import Field

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


class RequestStatusChanged(Event):
    """What is told of a request on a plan that moved to another status.

    `applicant_id` is who asked, `concerned` are the applicant and the holder of the plan. `asked_because` is
    the reason of the request, `reason` and what follows that of its return.
    """

    publisher: ClassVar[str] = "plans"
    kind: ClassVar[str]

    request_id: UUID
    version: int
    round: int
    status: str
    previous_status: str | None
    status_label: str
    plan_id: UUID
    plan_number: str
    name: str
    fiscal_year: int
    organisation_id: UUID
    applicant_id: UUID
    concerned: list[UUID] = Field(default_factory=list)
    asked_because: str = ""
    reason: str = ""
    reason_code: str = ""
    opinion: str = ""
    step_name: str = ""
    decided_by: str = ""
    returned_by: str = ""

    @property
    def subject(self) -> str:
        return f"{self.kind}/{self.request_id}"

    @property
    def subject_version(self) -> int:
        return self.version


class MethodChangeStatusChanged(RequestStatusChanged):
    """A request to change the method of a usable plan (采购方式变更); approved: the plan has the new one."""

    type: ClassVar[str] = "method_change.status_changed"
    kind: ClassVar[str] = "method_change"

    old_method: str
    new_method: str
    old_method_label: str = ""
    new_method_label: str = ""


class RevocationStatusChanged(RequestStatusChanged):
    """A request to revoke a usable plan (采购计划撤销); completed: it is void, or back to be redone."""

    type: ClassVar[str] = "revocation.status_changed"
    kind: ClassVar[str] = "revocation"

    handling: str
    handling_label: str = ""


class PlanHandedOver(Event):
    """What is told when a usable plan changes hands; `seq` counts the changes of one plan."""

    publisher: ClassVar[str] = "plans"

    plan_id: UUID
    version: int
    seq: int
    name: str
    plan_number: str
    fiscal_year: int
    amount_fen: int
    organisation_id: UUID
    applicant_id: UUID
    holder_id: UUID
    holder_name: str
    previous_holder_id: UUID
    previous_holder_name: str
    actor_id: UUID
    actor_name: str
    reason: str = ""

    @property
    def subject(self) -> str:
        return f"plan/{self.plan_id}"

    @property
    def subject_version(self) -> int:
        return self.version


class PlanAssigned(PlanHandedOver):
    """The applicant or the unit's administrator gave a plan to another handler (分派)."""

    type: ClassVar[str] = "plan.assigned"


class PlanRecalled(PlanHandedOver):
    """The plan is in its applicant's hands again (收回)."""

    type: ClassVar[str] = "plan.recalled"


class TradeChanged(Event):
    """What is told of a trade on a plan, with the plan's money as it is afterwards (all in fen)."""

    publisher: ClassVar[str] = "plans"

    trade_id: UUID
    reference: str
    state: str
    amount_fen: int
    awarded_fen: int
    reason: str = ""
    plan_id: UUID
    version: int
    plan_status: str
    plan_number: str
    name: str
    fiscal_year: int
    organisation_id: UUID
    holder_id: UUID
    remaining_fen: int
    committed_fen: int
    consumed_fen: int

    @property
    def subject(self) -> str:
        return f"plan/{self.plan_id}"

    @property
    def subject_version(self) -> int:
        return self.version


class TradeStarted(TradeChanged):
    """The holder started a trade; its amount is committed."""

    type: ClassVar[str] = "trade.started"


class TradeAwarded(TradeChanged):
    """The trade ended with an award: that much is consumed, what was saved remains in the plan."""

    type: ClassVar[str] = "trade.awarded"


class TradeFailed(TradeChanged):
    """The trade failed (废标); its amount remains in the plan."""

    type: ClassVar[str] = "trade.failed"


class TradeReversed(TradeChanged):
    """An award was reversed; what it had consumed remains in the plan again."""

    type: ClassVar[str] = "trade.reversed"
