"""A request on a usable plan: to change its method (采购方式变更) or to revoke it (采购计划撤销)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.plans import reference
from services.plans.attachment import Attachment
from services.plans.document import Act, Document
from services.plans.form import StatedNotice
from services.plans.plan import Action, Plan
from shared.database import UtcDateTime
from shared.errors import Forbidden
from shared.people import Caller, OrganisationCopy, Role


class Kind(StrEnum):
    """What is asked for; approvals knows each as a document type of its own."""

    METHOD_CHANGE = "method_change"
    REVOCATION = "revocation"


class Status(StrEnum):
    """Where a request is; one that was agreed to is `approved` (审核通过) or, a revocation, `completed`."""

    DRAFT = "draft"
    UNDER_REVIEW = "under_review"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"
    COMPLETED = "completed"
    ABANDONED = "abandoned"
    DELETED = "deleted"


class Handling(StrEnum):
    """What becomes of a revoked plan (撤销后处理方式)."""

    VOID = "void"
    RETURN_TO_DRAFT = "return_to_draft"


COMPLETE = "complete"
_EDITABLE = (Status.DRAFT, Status.RETURNED, Status.WITHDRAWN)
FIELDS = ("new_method", "ground", "handling", "reason", "notice_number", "notice_date", "notice_supplier")
"""What the applicant writes."""


class PlanRequest(StatedNotice, Document):
    """A request. `old_method` is the plan's method as of its last submission: what approval compares with."""

    __tablename__ = "plan_request"
    __table_args__ = (
        Index("ix_plan_request_organisation_id_id", "organisation_id", "id"),
        Index("ix_plan_request_applicant_id_id", "applicant_id", "id"),
        Index("ix_plan_request_plan_id", "plan_id"),
    )
    doc_types = (Kind.METHOD_CHANGE, Kind.REVOCATION)
    noun = "申请"
    MOVES: ClassVar = {
        **{(status, Act.EDIT): status for status in _EDITABLE},
        **{(status, Act.SUBMIT): Status.UNDER_REVIEW for status in _EDITABLE},
        **{(status, Act.ABANDON): Status.ABANDONED for status in _EDITABLE},
        **{(status, Act.HAND_OVER): status for status in _EDITABLE},
        (Status.DRAFT, Act.DELETE): Status.DELETED,
        (Status.UNDER_REVIEW, Act.APPROVE): Status.APPROVED,
        (Status.UNDER_REVIEW, COMPLETE): Status.COMPLETED,
        (Status.UNDER_REVIEW, Act.RETURN): Status.RETURNED,
        (Status.UNDER_REVIEW, Act.WITHDRAW): Status.WITHDRAWN,
    }
    FINAL: ClassVar = frozenset({Status.APPROVED, Status.COMPLETED, Status.ABANDONED})
    RELIES_ON: ClassVar = {"plan": "plan_id"}

    kind: Mapped[str] = mapped_column(String(20))
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"))
    plan_number: Mapped[str] = mapped_column(String(60))
    plan_name: Mapped[str] = mapped_column(String(200))
    plan_applicant_id: Mapped[UUID] = mapped_column(Uuid)
    plan_holder_id: Mapped[UUID] = mapped_column(Uuid)
    fiscal_year: Mapped[int]
    old_method: Mapped[str | None] = mapped_column(String(40))
    new_method: Mapped[str | None] = mapped_column(String(40))
    ground: Mapped[str | None] = mapped_column(String(40))
    handling: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(2000))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    plan: Mapped[Plan] = relationship(viewonly=True, lazy="raise")
    """As far as that was looked up (`look_for_plans`)."""
    attachments: Mapped[list[Attachment]] = relationship(
        order_by=Attachment.position,
        primaryjoin="and_(PlanRequest.id == foreign(Attachment.document_id),"
        " Attachment.position.is_not(None))",
        viewonly=True,
        lazy="selectin",
    )

    @classmethod
    def on(cls, plan: Plan, kind: Kind, by: Caller, unit: OrganisationCopy, at: datetime) -> PlanRequest:
        """A new request on a plan, still empty."""
        request = cls.begun(by, unit, (plan.district_code, plan.district_path), at)
        request.kind, request.plan_id = kind, plan.id
        request.plan_number, request.plan_name = plan.plan_number or "", plan.name
        request.plan_applicant_id, request.plan_holder_id = plan.applicant_id, plan.holder_id
        request.fiscal_year, request.old_method = plan.fiscal_year, plan.method
        request.reason = request.notice_number = request.notice_supplier = ""
        return request

    @property
    def doc_type(self) -> str:
        return self.kind

    @property
    def status_label(self) -> str:
        return reference.labels(self.kind)[self.status]

    @property
    def kind_label(self) -> str:
        return reference.labels("request")[self.kind]

    @property
    def title(self) -> str:
        return f"{self.kind_label}：{self.plan_name}"

    @property
    def facts(self) -> dict[str, Any]:
        return {**super().facts, "request_status": self.status, "kind": self.kind}

    def must_be_submitted_by(self, caller: Caller) -> None:
        """Raises `Forbidden` unless the caller is the applicant and may still request something of the plan,
        `Conflict` while neither the request nor its plan allows it."""
        self.must_be_own(caller)
        must_be_requester(self.plan, caller)
        self.must_allow(Act.SUBMIT)
        self.plan.must_allow(Action.REQUEST)

    def fill(self, values: dict[str, Any], at: datetime) -> None:
        """Takes over what the applicant has written, as a whole."""
        self.must_allow(Act.EDIT)
        for name in FIELDS:
            setattr(self, name, values[name])
        self._changed(at)

    def send(self, plan: Plan, at: datetime) -> None:
        """A round begins, on the plan as it is now."""
        self.old_method, self.plan_holder_id = plan.method, plan.holder_id
        self.submit(at)

    def finish(self, at: datetime) -> None:
        """Every step agreed, and what was asked for is done."""
        self._move(Act.APPROVE if self.kind == Kind.METHOD_CHANGE else COMPLETE, at)
        self.finished_at = at

    def to_record(self) -> dict[str, Any]:
        written = {name: getattr(self, name) for name in FIELDS}
        return {
            "status": self.status,
            **written,
            "notice_date": self.notice_date.isoformat() if self.notice_date else None,
            "old_method": self.old_method,
            "attachments": [attachment.to_json() for attachment in self.attachments],
        }


def must_be_requester(plan: Plan, caller: Caller) -> None:
    """Raises `Forbidden` unless the caller applied for the plan or holds it, as a handler of its unit."""
    caller.require(Role.HANDLER)
    concerned = caller.person_id in (plan.applicant_id, plan.holder_id)
    if not concerned or caller.organisation_id != plan.organisation_id:
        text = "只有计划的申请人或持有人可以申请变更和撤销"
        raise Forbidden("requester_only", text, "only the applicant or the holder of the plan may")
