"""The HTTP shapes of notices and objections: what everybody reads and sends, and how they are handled."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.plans.actions import objection_actions
from services.plans.imports.approval import ImportApproval
from services.plans.imports.notice import Notice
from services.plans.imports.objecting import Objector, may_see_objector
from services.plans.imports.objection import Objection
from services.plans.imports.schemas import ImportItemShape
from services.plans.schemas import ActionShape
from shared.http import Body, Shape
from shared.people import Caller

PHONE = r"^(\+?[0-9][0-9\- ]{5,24})?$"
EMAIL = r"^([^@\s,;<>]{1,64}@[^@\s,;<>]{1,120}\.[^@\s,;<>]{1,60})?$"


class ObjectionForm(Body):
    """An objection during a notice. Who objects is named, with a phone number or an e-mail address; both are
    kept for the purchaser's handlers and the finance office, and never published."""

    name: str = Field(min_length=1, max_length=100, examples=["赵某"])
    organisation: str = Field(min_length=1, max_length=200, examples=["某医疗器械有限公司"])
    phone: str = Field("", max_length=40, pattern=PHONE, examples=["0351-0000000"])
    email: str = Field("", max_length=200, pattern=EMAIL)
    text: str = Field(min_length=10, max_length=3000, examples=["国产同类设备已满足所列技术要求：……"])

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.phone or self.email):
            raise PydanticCustomError(
                "contact_required", "电话和邮箱至少填写一项 (a phone number or an e-mail)"
            )
        return self

    def by(self, source: str) -> Objector:
        return Objector(self.name, self.organisation, self.phone, self.email, source)


class ReceiptShape(Shape):
    """That an objection was received; its id is the reference for questions about it."""

    id: UUID
    notice_id: UUID
    state: str
    state_label: str
    raised_at: datetime


class ContactShape(Shape):
    """Who objected."""

    name: str
    organisation: str
    phone: str
    email: str


class ObjectionShape(ReceiptShape):
    """An objection and its handling; `contact` for the purchaser's handlers and the finance office only."""

    version: int
    organisation: str
    contact: ContactShape | None
    text: str
    argument: str
    argued_by: str
    argued_at: datetime | None
    decision_reason: str
    decided_by: str
    decided_at: datetime | None
    available_actions: list[ActionShape]


def objection_shape(objection: Objection, approval: ImportApproval, caller: Caller) -> ObjectionShape:
    plain = {name: getattr(objection, name) for name in ObjectionShape.model_fields.keys() - _MADE}
    contact = ContactShape(
        name=objection.contact_name,
        organisation=objection.contact_organisation,
        phone=objection.contact_phone,
        email=objection.contact_email,
    )
    shown = contact if may_see_objector(approval, caller) else None
    return ObjectionShape(
        **plain,
        organisation=objection.contact_organisation,
        contact=shown,
        available_actions=objection_actions(approval, objection, caller),
    )


_MADE = {"organisation", "contact", "available_actions"}


class ArgumentForm(Body):
    """The applicant's supplementary argument (补充论证)."""

    text: str = Field(min_length=1, max_length=4000)


class ObjectionDecision(Body):
    """Whether the objection is upheld, and why."""

    upheld: bool
    reason: str = Field(min_length=1, max_length=2000)


class PublicNoticeRow(Shape):
    """A notice in the public list. It runs until 24:00 of `ends_on`, Asia/Shanghai."""

    id: UUID
    title: str
    organisation_name: str
    state: str
    state_label: str
    published_on: date
    days: int
    ends_on: date | None
    ends_at: datetime | None


class PublicExpert(Shape):
    """An expert, by role and surname."""

    expert_role: str | None
    expert_role_name: str | None
    name: str = Field(examples=["王**"])
    opinion: str


class PublicContent(Shape):
    """The application, without the people who made it."""

    application_number: str
    fiscal_year: int
    name: str
    purchaser: str
    district: str
    category: str | None
    category_name: str | None
    purpose: str
    reason: str
    policy_basis: str
    amount: str
    items: list[ImportItemShape]
    experts: list[PublicExpert]


class PublicNoticeShape(PublicNoticeRow):
    """A whole notice, as it was published. No person is named but the experts, by role and surname."""

    explanation: str
    takes_objections: bool
    content: PublicContent


def public_notice(notice: Notice, now: datetime) -> PublicNoticeShape:
    made = {"takes_objections"}
    plain = {name: getattr(notice, name) for name in PublicNoticeShape.model_fields.keys() - made}
    return PublicNoticeShape(**plain, takes_objections=notice.takes_objections(now))
