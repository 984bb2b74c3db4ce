"""An import approval (进口核准): its states and moves, through two reviews and a public notice."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.plans import reference
from services.plans.attachment import Attachment
from services.plans.district import District
from services.plans.document import Act, Document
from services.plans.imports.form import (
    EMPTY,
    ImportExpert,
    ImportFilled,
    ImportHeader,
    ImportItem,
    header_json,
)
from services.plans.imports.policy import NoticeOrder
from services.plans.topics import Imports
from shared.errors import Forbidden
from shared.money import format_yuan
from shared.people import Caller, OrganisationCopy, Role

FIRST, FINAL = "import_first_review", "import_final_review"


class Status(StrEnum):
    """Where an import approval is in its life."""

    DRAFT = "draft"
    FIRST_REVIEW = "first_review"
    PUBLICITY = "publicity"
    OBJECTION = "objection"
    AWAITING_REVIEW = "awaiting_review"
    FINAL_REVIEW = "final_review"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"
    EXPIRED = "expired"
    REJECTED = "rejected"
    ABANDONED = "abandoned"
    DELETED = "deleted"


class Action(StrEnum):
    """What moves an import approval besides what moves every document (`Act`)."""

    PUBLISH = "publish"
    OBJECT = "object"
    DISMISS = "dismiss"
    UPHOLD = "uphold"
    REVIEW = "review"
    PASS_ON = "pass_on"
    REFUSE = "refuse"
    SEND = "send"
    EXPIRE = "expire"
    REVOKE = "revoke"


_EDITABLE = (Status.DRAFT, Status.RETURNED, Status.WITHDRAWN)
_REVIEWS = (Status.FIRST_REVIEW, Status.FINAL_REVIEW)
_NOTICED = (Status.PUBLICITY, Status.OBJECTION)
MOVES: dict[tuple[str, str], str] = {
    **{(status, Act.EDIT): status for status in _EDITABLE},
    **{(status, Act.SUBMIT): Status.FIRST_REVIEW for status in _EDITABLE},
    (Status.DRAFT, Act.DELETE): Status.DELETED,
    **{
        (status, Act.ABANDON): Status.ABANDONED
        for status in (Status.RETURNED, Status.WITHDRAWN, Status.AWAITING_REVIEW, *_NOTICED)
    },
    **{(status, Act.HAND_OVER): status for status in (*_EDITABLE, Status.AWAITING_REVIEW, *_NOTICED)},
    **{(status, Act.RETURN): Status.RETURNED for status in _REVIEWS},
    **{(status, Act.WITHDRAW): Status.WITHDRAWN for status in _REVIEWS},
    # the notice stands between the reviews, or, where the district wants it so, before both
    (Status.FIRST_REVIEW, Action.PUBLISH): Status.PUBLICITY,
    **{(status, Action.PUBLISH): Status.PUBLICITY for status in _EDITABLE},
    **{(status, Action.OBJECT): Status.OBJECTION for status in _NOTICED},
    (Status.OBJECTION, Action.DISMISS): Status.PUBLICITY,
    (Status.OBJECTION, Action.UPHOLD): Status.REJECTED,
    **{(status, Action.REVIEW): Status.FIRST_REVIEW for status in (*_NOTICED, Status.AWAITING_REVIEW)},
    **{
        (status, Action.PASS_ON): Status.FINAL_REVIEW
        for status in (Status.FIRST_REVIEW, *_NOTICED, Status.AWAITING_REVIEW)
    },
    # what cannot be routed after a notice waits for the applicant's hand, and the notice holds
    **{(status, Action.REFUSE): Status.AWAITING_REVIEW for status in _REVIEWS},
    # asked for by the applicant; the review that it then enters is one of the two above
    (Status.AWAITING_REVIEW, Action.SEND): Status.AWAITING_REVIEW,
    (Status.FINAL_REVIEW, Act.APPROVE): Status.APPROVED,
    (Status.APPROVED, Action.EXPIRE): Status.EXPIRED,
    (Status.APPROVED, Action.REVOKE): Status.REJECTED,
}


class ImportApproval(ImportHeader, Document):
    """An import approval. `review` is the review that it is in, or that comes next; `notice_order` and
    `notice_days` are those of its last submission, whatever the district sets afterwards."""

    __tablename__ = "import_approval"
    __table_args__ = (
        Index("ix_import_approval_organisation_id_id", "organisation_id", "id"),
        Index("ix_import_approval_applicant_id_id", "applicant_id", "id"),
        Index("ix_import_approval_district_code_id", "district_code", "id"),
        Index("ix_import_approval_status_valid_to", "status", "valid_to"),
    )
    doc_types = (FIRST, FINAL)
    noun = "进口核准申请"
    form = "import_fields"
    MOVES: ClassVar = MOVES
    FINAL: ClassVar = frozenset({Status.APPROVED, Status.EXPIRED, Status.REJECTED, Status.ABANDONED})
    BACK: ClassVar = frozenset({Status.RETURNED, Status.WITHDRAWN, Status.AWAITING_REVIEW, Status.OBJECTION})

    fiscal_year: Mapped[int]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    review: Mapped[str] = mapped_column(String(40))
    notice_order: Mapped[str | None] = mapped_column(String(20))
    notice_days: Mapped[int | None]
    application_number: Mapped[str | None] = mapped_column(String(60), unique=True)
    approval_number: Mapped[str | None] = mapped_column(String(60), unique=True)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)

    items: Mapped[list[ImportItem]] = relationship(
        order_by=ImportItem.line_no, cascade="all, delete-orphan", lazy="selectin"
    )
    experts: Mapped[list[ImportExpert]] = relationship(
        order_by=ImportExpert.position, cascade="all, delete-orphan", lazy="selectin"
    )
    attachments: Mapped[list[Attachment]] = relationship(
        order_by=Attachment.position,
        primaryjoin=(
            "and_(ImportApproval.id == foreign(Attachment.document_id), Attachment.position.is_not(None))"
        ),
        viewonly=True,
        lazy="selectin",
    )

    @classmethod
    def draft(
        cls, year: int, by: Caller, unit: OrganisationCopy, district: District, at: datetime
    ) -> ImportApproval:
        """A new, empty application of a unit for a fiscal year."""
        approval = cls.begun(by, unit, (district.code, district.path), at)
        for name, value in EMPTY.items():
            setattr(approval, name, value)
        approval.fiscal_year, approval.amount_fen, approval.review = year, 0, FIRST
        approval.items, approval.experts = [], []
        return approval

    # ---- what it says of itself

    @property
    def doc_type(self) -> str:
        return self.review

    @property
    def whole_type(self) -> str:
        return self.__tablename__

    @property
    def is_noticed(self) -> bool:
        """Whether a public notice of it runs, or is over but not yet followed by a review."""
        return self.status in _NOTICED

    @property
    def status_label(self) -> str:
        return reference.labels("import_approval")[self.status]

    @property
    def title(self) -> str:
        return self.name

    @property
    def facts(self) -> dict[str, Any]:
        number = self.application_number or ""
        return {**super().facts, "approval_status": self.status, "application_number": number}

    def must_be_finance(self, caller: Caller) -> None:
        """Raises `Forbidden` unless the caller is of a finance office at or above the district, no party."""
        caller.require(Role.FINANCE)
        if not self.district_path.startswith(caller.district_path):
            raise Forbidden("outside_district", "该区划不在您的管理范围内", "not your district")
        if caller.person_id == self.applicant_id:
            raise Forbidden("own_document", "不能处理自己的申请", "it is your own application")

    def holds_on(self, day: date) -> bool:
        """Whether plans may rely on it on a day, both ends of its validity included."""
        if self.status != Status.APPROVED or self.valid_from is None or self.valid_to is None:
            return False
        return self.valid_from <= day <= self.valid_to

    def to_record(self) -> dict[str, Any]:
        return {
            "fiscal_year": self.fiscal_year,
            **header_json(self),
            "amount": format_yuan(self.amount_fen),
            "items": [item.to_json() for item in self.items],
            "experts": [expert.to_json() for expert in self.experts],
            "attachments": [attachment.to_json() for attachment in self.attachments],
            "status": self.status,
            "application_number": self.application_number,
            "approval_number": self.approval_number,
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
        }

    # ---- what changes it

    def fill(self, form: ImportFilled, at: datetime) -> None:
        """Takes over a filled-in form as the whole of what the applicant writes."""
        self.must_allow(Act.EDIT)
        for name, value in {**EMPTY, **form.header}.items():
            setattr(self, name, value)
        self.items = form.items
        self.experts = form.experts
        self.amount_fen = form.amount_fen
        self._changed(at)

    def apply(self, imports: Imports, at: datetime) -> None:
        """Submitted: the first review begins; or the notice does, where the district wants it first."""
        self.notice_order, self.notice_days, self.review = imports.notice_order, imports.notice_days, FIRST
        if imports.notice_order != NoticeOrder.BEFORE_FIRST_REVIEW:
            return self.submit(at)
        self._move(Action.PUBLISH, at)
        self.submitted_at = at
        self.returned("", "", "")

    def publish(self, at: datetime) -> None:
        """The first review has agreed: the public notice begins, the final review comes after it."""
        self._move(Action.PUBLISH, at)
        self.review = FINAL

    def enter_review(self, review: str, at: datetime) -> None:
        """The next review begins, as a new round."""
        self._move(Action.REVIEW if review == FIRST else Action.PASS_ON, at)
        self.review, self.case_id = review, None
        self.round += 1
        self.returned("", "", "")

    def refuse(self, code: str, reason: str, at: datetime) -> None:
        """It could not be routed. After a notice, or an agreed first review, nothing of that is lost."""
        if self.review == FIRST and self.notice_order != NoticeOrder.BEFORE_FIRST_REVIEW:
            return super().refuse(code, reason, at)
        self._move(Action.REFUSE, at)
        self.returned("system", code, reason)

    def object_to(self, at: datetime) -> None:
        """Somebody objected during the notice."""
        self._move(Action.OBJECT, at)

    def dismiss(self, at: datetime) -> None:
        """No objection was upheld, and the notice goes on."""
        self._move(Action.DISMISS, at)

    def uphold(self, reason: str, by: str, at: datetime) -> None:
        """An objection was upheld: the application fails."""
        self._move(Action.UPHOLD, at)
        self.returned("finance", "objection_upheld", reason, actor=by)

    def approve(self, number: str, valid: tuple[date, date], at: datetime) -> None:
        """The final review has agreed: plans may rely on it between two days, both included."""
        self._move(Act.APPROVE, at)
        self.approval_number = number
        self.valid_from, self.valid_to = valid

    def expire(self, at: datetime) -> None:
        self._move(Action.EXPIRE, at)

    def revoke(self, reason: str, by: str, at: datetime) -> None:
        """The finance office takes the approval back."""
        self._move(Action.REVOKE, at)
        self.returned("finance", "revoked", reason, actor=by)
