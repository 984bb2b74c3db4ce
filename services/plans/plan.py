"""A procurement plan (采购计划): its states and moves, and what each of them does to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.plans import guards, reference
from services.plans.attachment import Attachment
from services.plans.district import District
from services.plans.document import Document
from services.plans.form import EMPTY, Allocation, Filled, Header, PlanItem
from services.plans.record import record_of
from services.plans.usage import NOTHING, Usage
from shared.people import Caller, OrganisationCopy, PersonCopy


class Status(StrEnum):
    """Where a plan is in its life."""

    DRAFT = "draft"
    UNDER_REVIEW = "under_review"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    USABLE = "usable"
    IN_USE = "in_use"
    USED_UP = "used_up"
    CLOSED = "closed"
    VOID = "void"
    DELETED = "deleted"


class Action(StrEnum):
    """What moves a plan, or changes it where it is."""

    EDIT = "edit"
    SUBMIT = "submit"
    DELETE = "delete"
    ABANDON = "abandon"
    APPROVE = "approve"
    RETURN = "return"
    WITHDRAW = "withdraw"
    ASSIGN = "assign"
    RECALL = "recall"
    START_TRADE = "start_trade"
    AWARD = "award"
    USE_UP = "use_up"
    FAIL_TRADE = "fail_trade"
    REVERSE = "reverse"
    FREE = "free"
    CLOSE = "close"
    REQUEST = "request"
    CHANGE_METHOD = "change_method"
    REVOKE = "revoke"
    REDO = "redo"
    HAND_OVER = "hand_over"


_EDITABLE = (Status.DRAFT, Status.RETURNED, Status.WITHDRAWN)
MOVES: dict[tuple[str, str], str] = {
    **{(status, Action.EDIT): status for status in _EDITABLE},
    **{(status, Action.SUBMIT): Status.UNDER_REVIEW for status in _EDITABLE},
    **{(status, Action.HAND_OVER): status for status in _EDITABLE},
    (Status.DRAFT, Action.DELETE): Status.DELETED,
    (Status.RETURNED, Action.ABANDON): Status.VOID,
    (Status.WITHDRAWN, Action.ABANDON): Status.VOID,
    (Status.UNDER_REVIEW, Action.APPROVE): Status.USABLE,
    (Status.UNDER_REVIEW, Action.RETURN): Status.RETURNED,
    (Status.UNDER_REVIEW, Action.WITHDRAW): Status.WITHDRAWN,
    (Status.USABLE, Action.ASSIGN): Status.USABLE,
    (Status.USABLE, Action.RECALL): Status.USABLE,
    (Status.IN_USE, Action.ASSIGN): Status.IN_USE,
    (Status.IN_USE, Action.RECALL): Status.IN_USE,
    (Status.USABLE, Action.START_TRADE): Status.IN_USE,
    (Status.IN_USE, Action.START_TRADE): Status.IN_USE,
    (Status.IN_USE, Action.AWARD): Status.IN_USE,
    (Status.IN_USE, Action.USE_UP): Status.USED_UP,
    (Status.IN_USE, Action.FAIL_TRADE): Status.IN_USE,
    (Status.IN_USE, Action.REVERSE): Status.IN_USE,
    (Status.USED_UP, Action.REVERSE): Status.IN_USE,
    (Status.CLOSED, Action.REVERSE): Status.CLOSED,
    (Status.IN_USE, Action.FREE): Status.USABLE,
    (Status.USED_UP, Action.FREE): Status.USABLE,
    (Status.USABLE, Action.CLOSE): Status.CLOSED,
    (Status.IN_USE, Action.CLOSE): Status.CLOSED,
    (Status.USABLE, Action.REQUEST): Status.USABLE,
    (Status.USABLE, Action.CHANGE_METHOD): Status.USABLE,
    (Status.USABLE, Action.REVOKE): Status.VOID,
    (Status.USABLE, Action.REDO): Status.RETURNED,
}
RESERVED = (Status.UNDER_REVIEW, Status.USABLE, Status.IN_USE, Status.USED_UP)
"""Where a plan's money is remaining, committed or consumed; anywhere else nothing of it remains."""


# what the end of a year looks through
_OPEN = text("status IN ('under_review', 'usable', 'in_use')")


class Plan(Header, Usage, Document):
    """A plan. `holder` may use it once it is usable; a lock (`open_request_…`) stops its use meanwhile."""

    __tablename__ = "plan"
    __table_args__ = (
        Index("ix_plan_organisation_id_id", "organisation_id", "id"),
        Index("ix_plan_applicant_id_id", "applicant_id", "id"),
        Index("ix_plan_holder_id_id", "holder_id", "id"),
        Index("ix_plan_district_code_id", "district_code", "id"),
        Index("ix_plan_import_approval_id", "import_approval_id"),
        Index("ix_plan_open_year", "fiscal_year", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )
    doc_types = ("plan",)
    noun = "计划"
    MOVES: ClassVar = MOVES
    GUARDS: ClassVar = guards.OF_PLANS
    FINAL: ClassVar = frozenset({Status.USED_UP, Status.CLOSED, Status.VOID})
    RELIES_ON: ClassVar = {"import_approval": "import_approval_id"}
    holder_gone = ""
    """Why its holder can no longer use it, as far as that was looked up (`look_for_leavers`)."""

    fiscal_year: Mapped[int]
    application_number: Mapped[str | None] = mapped_column(String(60), unique=True)
    plan_number: Mapped[str | None] = mapped_column(String(60), unique=True)
    holder_id: Mapped[UUID] = mapped_column(Uuid)
    holder_name: Mapped[str] = mapped_column(String(100))
    assignment: Mapped[str] = mapped_column(String(20))
    open_request_id: Mapped[UUID | None] = mapped_column(Uuid)
    open_request_kind: Mapped[str | None] = mapped_column(String(20))

    items: Mapped[list[PlanItem]] = relationship(
        order_by=PlanItem.line_no, cascade="all, delete-orphan", lazy="selectin"
    )
    allocations: Mapped[list[Allocation]] = relationship(
        order_by=Allocation.position, cascade="all, delete-orphan", lazy="selectin"
    )
    attachments: Mapped[list[Attachment]] = relationship(
        order_by=Attachment.position,
        primaryjoin="and_(Plan.id == foreign(Attachment.document_id), Attachment.position.is_not(None))",
        viewonly=True,
        lazy="selectin",
    )

    @classmethod
    def draft(cls, year: int, by: Caller, unit: OrganisationCopy, district: District, at: datetime) -> Plan:
        """A new, empty plan of a unit; its applicant holds it."""
        plan = cls.begun(by, unit, (district.code, district.path), at)
        for name, value in {**EMPTY, **NOTHING}.items():
            setattr(plan, name, value)
        plan.fiscal_year, plan.items, plan.allocations = year, [], []
        plan.holder_id, plan.holder_name, plan.assignment = by.person_id, by.name, "default"
        return plan

    # ---- what may be done

    @property
    def status_label(self) -> str:
        """What people read: a request that is under review shows before the state itself."""
        shown = {"method_change": "changing", "revocation": "revoking"}.get(self.open_request_kind or "")
        return reference.labels("plan_display")[shown] if shown else reference.labels("plan")[self.status]

    @property
    def title(self) -> str:
        return self.name

    @property
    def facts(self) -> dict[str, Any]:
        return {**super().facts, **self.held, "application_number": self.application_number or ""}

    @property
    def held(self) -> dict[str, Any]:
        """Who has it, for refusals."""
        return {
            "plan_status": self.status,
            "version": self.version,
            "holder_id": str(self.holder_id),
            "holder_name": self.holder_name,
        }

    def must_allow(self, action: str) -> str:
        """As for every document; a plan that a request has locked allows nothing."""
        if self.open_request_id is not None:
            raise self.wrong_state()
        return super().must_allow(action)

    @property
    def is_assigned(self) -> bool:
        """Whether another than the applicant holds it."""
        return self.holder_id != self.applicant_id

    @property
    def remaining_fen(self) -> int:
        """What trades may still take; nothing unless the plan's money is reserved."""
        return self.unused_fen if self.status in RESERVED else 0

    # ---- what changes it

    def fill(self, form: Filled, at: datetime) -> None:
        """Takes over a filled-in form as the whole of what the applicant writes."""
        self.must_allow(Action.EDIT)
        for name, value in {**EMPTY, **form.header}.items():
            setattr(self, name, value)
        self.items = form.items
        self.allocations = form.allocations
        self.amount_fen = form.amount_fen
        self._changed(at)

    def hand_over(self, to: PersonCopy, at: datetime) -> None:
        """Another handler applies for it from now on (移交), and holds it."""
        super().hand_over(to, at)
        self.holder_id, self.holder_name = to.person_id, to.name

    def become_usable(self, number: str, at: datetime) -> None:
        self._move(Action.APPROVE, at)
        self.plan_number = number

    def assign(self, to: PersonCopy, at: datetime) -> None:
        """Another handler holds it from now on (分派)."""
        self._move(Action.ASSIGN, at)
        self.holder_id, self.holder_name, self.assignment = to.person_id, to.name, "assigned"

    def recall(self, at: datetime) -> None:
        """The applicant holds it again (收回)."""
        self._move(Action.RECALL, at)
        self.holder_id, self.holder_name, self.assignment = self.applicant_id, self.applicant_name, "recalled"

    def use(self, action: Action, at: datetime, committed: int = 0, consumed: int = 0) -> None:
        """Moves money (fen) by an action of a trade; the status follows from what is left, unless the plan
        is closed."""
        following = self.must_allow(action)
        self.move_money(committed, consumed)
        if self.is_unused:
            following = MOVES.get((self.status, Action.FREE), following)
        elif self.is_used_up:
            following = MOVES.get((self.status, Action.USE_UP), following)
        self.status = following
        self._changed(at)

    def close(self, at: datetime) -> None:
        """Ends its use; what was not consumed is given back."""
        self._move(Action.CLOSE, at)

    def lock(self, request_id: UUID, kind: str, at: datetime) -> None:
        """A request on it is under review: until its end nothing else may be done with the plan."""
        self._move(Action.REQUEST, at)
        self.open_request_id, self.open_request_kind = request_id, kind

    def unlock(self, at: datetime) -> None:
        self.open_request_id = self.open_request_kind = None
        self._changed(at)

    def change_method(self, method: str, ground: str | None, reason: str, at: datetime) -> None:
        """An approved change: another method, with its own ground and reason."""
        self.unlock(at)
        self._move(Action.CHANGE_METHOD, at)
        self.method, self.method_ground, self.method_reason = method, ground, reason

    def revoke(self, reason: str, at: datetime, *, redo: bool) -> None:
        """An approved revocation: void for good, or back to its applicant, who may apply anew (`redo`)."""
        self.unlock(at)
        self._move(Action.REDO if redo else Action.REVOKE, at)
        self.holder_id, self.holder_name, self.assignment = self.applicant_id, self.applicant_name, "default"
        self.returned("revocation", "revoked", reason)

    # ---- what it looks like

    def to_record(self) -> dict[str, Any]:
        return record_of(self)
