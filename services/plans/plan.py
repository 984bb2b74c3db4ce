"""A procurement plan (采购计划): its states and moves, and what each of them does to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, Uuid, exists, or_, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.plans import reference
from services.plans.attachment import Attachment
from services.plans.district import District
from services.plans.form import EMPTY, Allocation, Filled, Header, PlanItem
from services.plans.guards import GUARDS, wrong_state
from services.plans.record import record_of
from services.plans.returned import NOT_RETURNED, Returned
from services.plans.review import PlanSlot
from services.plans.tables import Base
from services.plans.usage import NOTHING, Usage
from shared.database import UtcDateTime, new_id
from shared.errors import Forbidden
from shared.people import Caller, OrganisationCopy, PersonCopy, Role, in_scope


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


_EDITABLE = (Status.DRAFT, Status.RETURNED, Status.WITHDRAWN)
MOVES: dict[tuple[Status, Action], Status] = {
    **{(status, Action.EDIT): status for status in _EDITABLE},
    **{(status, Action.SUBMIT): Status.UNDER_REVIEW for status in _EDITABLE},
    (Status.DRAFT, Action.DELETE): Status.DELETED,
    (Status.RETURNED, Action.ABANDON): Status.VOID,
    (Status.WITHDRAWN, Action.ABANDON): Status.VOID,
    (Status.UNDER_REVIEW, Action.APPROVE): Status.USABLE,
    (Status.UNDER_REVIEW, Action.RETURN): Status.RETURNED,
    (Status.UNDER_REVIEW, Action.WITHDRAW): Status.WITHDRAWN,
    (Status.USABLE, Action.ASSIGN): Status.USABLE,
    (Status.USABLE, Action.RECALL): Status.USABLE,
    (Status.USABLE, Action.START_TRADE): Status.IN_USE,
    (Status.IN_USE, Action.START_TRADE): Status.IN_USE,
    (Status.IN_USE, Action.AWARD): Status.IN_USE,
    (Status.IN_USE, Action.USE_UP): Status.USED_UP,
    (Status.IN_USE, Action.FAIL_TRADE): Status.IN_USE,
    (Status.IN_USE, Action.REVERSE): Status.IN_USE,
    (Status.USED_UP, Action.REVERSE): Status.IN_USE,
    (Status.IN_USE, Action.FREE): Status.USABLE,
    (Status.USED_UP, Action.FREE): Status.USABLE,
    (Status.USABLE, Action.CLOSE): Status.CLOSED,
    (Status.IN_USE, Action.CLOSE): Status.CLOSED,
}
RESERVED = (Status.UNDER_REVIEW, Status.USABLE, Status.IN_USE, Status.USED_UP)
"""Where a plan's money is remaining, committed or consumed; anywhere else nothing of it remains."""


# what the end of a year looks through
_OPEN = text("status IN ('under_review', 'usable', 'in_use')")


class Plan(Header, Usage, Returned, Base):
    """A plan. `holder` may use it once it is usable; a lock (`open_request_…`) stops its use meanwhile.

    `returned_…` tell of the last return until the next submission.
    """

    __tablename__ = "plan"
    __table_args__ = (
        Index("ix_plan_organisation_id_id", "organisation_id", "id"),
        Index("ix_plan_applicant_id_id", "applicant_id", "id"),
        Index("ix_plan_holder_id_id", "holder_id", "id"),
        Index("ix_plan_district_code_id", "district_code", "id"),
        Index("ix_plan_open_year", "fiscal_year", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    fiscal_year: Mapped[int]
    application_number: Mapped[str | None] = mapped_column(String(60), unique=True)
    plan_number: Mapped[str | None] = mapped_column(String(60), unique=True)
    organisation_id: Mapped[UUID] = mapped_column(Uuid)
    organisation_name: Mapped[str] = mapped_column(String(200))
    district_code: Mapped[str] = mapped_column(String(6))
    district_path: Mapped[str] = mapped_column(String(60))
    applicant_id: Mapped[UUID] = mapped_column(Uuid)
    applicant_name: Mapped[str] = mapped_column(String(100))
    holder_id: Mapped[UUID] = mapped_column(Uuid)
    holder_name: Mapped[str] = mapped_column(String(100))
    assignment: Mapped[str] = mapped_column(String(20))
    open_request_id: Mapped[UUID | None] = mapped_column(Uuid)
    open_request_kind: Mapped[str | None] = mapped_column(String(20))
    round: Mapped[int]
    case_id: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    items: Mapped[list[PlanItem]] = relationship(
        order_by=PlanItem.line_no, cascade="all, delete-orphan", lazy="selectin"
    )
    allocations: Mapped[list[Allocation]] = relationship(
        order_by=Allocation.position, cascade="all, delete-orphan", lazy="selectin"
    )
    attachments: Mapped[list[Attachment]] = relationship(
        order_by=Attachment.position,
        primaryjoin="and_(Plan.id == Attachment.plan_id, Attachment.position.is_not(None))",
        viewonly=True,
        lazy="selectin",
    )

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        """His unit's or district's plans, and those he was ever asked to review; no deleted drafts."""
        asked = exists().where(PlanSlot.plan_id == cls.id, PlanSlot.holder_id == caller.person_id)
        return or_(in_scope(caller, cls.organisation_id, cls.district_path), asked) & (
            cls.status != Status.DELETED
        )

    @classmethod
    def draft(cls, year: int, by: Caller, unit: OrganisationCopy, district: District, at: datetime) -> Plan:
        """A new, empty plan of a unit; its applicant holds it."""
        return cls(
            **EMPTY,
            **NOT_RETURNED,
            id=new_id(),
            version=0,
            status=Status.DRAFT,
            fiscal_year=year,
            **NOTHING,
            organisation_id=unit.organisation_id,
            organisation_name=unit.name,
            district_code=district.code,
            district_path=district.path,
            applicant_id=by.person_id,
            applicant_name=by.name,
            holder_id=by.person_id,
            holder_name=by.name,
            assignment="default",
            round=0,
            created_at=at,
            changed_at=at,
            items=[],
            allocations=[],
        )

    # ---- what may be done

    @property
    def status_label(self) -> str:
        """What people read: a request that is under review shows before the state itself."""
        shown = {"change": "changing", "revocation": "revoking"}.get(self.open_request_kind or "")
        return reference.labels("plan_display")[shown] if shown else reference.labels("plan")[self.status]

    def must_be_own(self, caller: Caller) -> None:
        """Raises `Forbidden` unless the caller is the applicant, acting for the plan's unit as a handler."""
        caller.require(Role.HANDLER)
        if caller.person_id != self.applicant_id or caller.organisation_id != self.organisation_id:
            raise Forbidden("applicant_only", "只有申请人可以操作", "only the applicant may do this")

    def must_allow(self, action: Action) -> Status:
        """The status that the action leads to; raises `Conflict` (`wrong_state`) with the plan's facts."""
        if action is Action.DELETE and self.round:
            raise wrong_state(self)
        following = MOVES.get((Status(self.status), action))
        if following is None or self.open_request_id is not None:
            raise wrong_state(self)
        if guard := GUARDS.get(action):
            guard(self)
        return following

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

    def submit(self, at: datetime) -> None:
        """A round of review begins."""
        self._move(Action.SUBMIT, at)
        self.round += 1
        self.case_id = None
        self.submitted_at = at
        self.returned("", "", "")

    def become_usable(self, number: str, at: datetime) -> None:
        self._move(Action.APPROVE, at)
        self.plan_number = number

    def give_back(self, by: str, reason: str, at: datetime, **about: str) -> None:
        """Back to the applicant: by a reviewer with his opinion, or by the system with a code (`by`)."""
        self._move(Action.RETURN, at)
        self.returned(by, about.get("code", ""), reason, about.get("step", ""), about.get("actor", ""))

    def withdraw(self, at: datetime) -> None:
        self._move(Action.WITHDRAW, at)

    def abandon(self, at: datetime) -> None:
        self._move(Action.ABANDON, at)

    def delete(self, at: datetime) -> None:
        self._move(Action.DELETE, at)

    def assign(self, to: PersonCopy, at: datetime) -> None:
        """Another handler holds it from now on (分派)."""
        self._move(Action.ASSIGN, at)
        self.holder_id, self.holder_name, self.assignment = to.person_id, to.name, "assigned"

    def recall(self, at: datetime) -> None:
        """The applicant holds it again (收回)."""
        self._move(Action.RECALL, at)
        self.holder_id, self.holder_name, self.assignment = self.applicant_id, self.applicant_name, "recalled"

    def use(self, action: Action, at: datetime, committed: int = 0, consumed: int = 0) -> None:
        """Moves money (fen) by an action of a trade; the status follows from what is left."""
        following = self.must_allow(action)
        self.move_money(committed, consumed)
        if self.is_unused:
            following = MOVES[Status(self.status), Action.FREE]
        elif self.is_used_up:
            following = MOVES[Status(self.status), Action.USE_UP]
        self.status = following
        self._changed(at)

    def close(self, at: datetime) -> None:
        """Ends its use; what was not consumed is given back."""
        self._move(Action.CLOSE, at)

    def _move(self, action: Action, at: datetime) -> None:
        self.status = self.must_allow(action)
        self._changed(at)

    def _changed(self, at: datetime) -> None:
        self.version += 1
        self.changed_at = at

    # ---- what it looks like

    def to_record(self) -> dict[str, Any]:
        """Every field whose changes the history tells, as JSON."""
        return record_of(self)
