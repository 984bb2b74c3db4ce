"""The HTTP shapes of import applications: what comes in, and what goes out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from services.plans.form_schemas import AttachmentForm, Choice, Code, Year, must_be_choice
from services.plans.imports.form import ImportExpert, ImportFilled, ImportItem
from services.plans.schemas import ActionShape, AttachmentShape, BasisShape, Finding, ReturnedShape
from shared.http import Body, Shape
from shared.money import Quantity, Yuan, line_amount, total

ITEM = {
    "catalogue_code": "A02320100",
    "name": "磁共振成像系统",
    "unit": "台",
    "quantity": "1",
    "unit_price": "12000000.00",
    "origin": "德国",
    "technical_reason": "临床科研需要 3.0T 以上静音扫描",
    "domestic_reason": "国产同类设备未达到所需梯度切换率",
}


class ImportItemForm(Body):
    """One product to import; a draft may leave anything open."""

    catalogue_code: Code | None = None
    name: str = Field("", max_length=200, examples=["磁共振成像系统"])
    spec: str = Field("", max_length=500)
    unit: str = Field("", max_length=20, examples=["台"])
    quantity: Quantity | None = None
    unit_price: Yuan | None = None
    origin: str = Field("", max_length=100, description="原产地 (where it is made)")
    technical_reason: str = Field("", max_length=1000, description="技术理由 (why this product)")
    domestic_reason: str = Field(
        "", max_length=1000, description="不采购国产产品的理由 (why none of this country)"
    )

    @property
    def amount(self) -> int:
        if self.quantity is None or self.unit_price is None:
            return 0
        return line_amount(self.unit_price, self.quantity)

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        _ = self.amount
        return self

    def row(self, line_no: int) -> ImportItem:
        plain = self.model_dump(exclude={"quantity", "unit_price", "catalogue_code"})
        return ImportItem(
            line_no=line_no,
            catalogue_code=self.catalogue_code or "",
            quantity_milli=None if self.quantity is None else int(self.quantity * 1000),
            unit_price_fen=self.unit_price,
            **plain,
        )


class ExpertForm(Body):
    """A member of the expert group and his opinion."""

    name: str = Field("", max_length=100)
    organisation: str = Field("", max_length=200)
    title: str = Field("", max_length=100, description="职称 (title)")
    expert_role: Choice | None = Field(None, examples=["technical"])
    opinion: str = Field("", max_length=2000)

    _choices = field_validator("expert_role")(must_be_choice)


class ImportForm(Body):
    """The whole of what an applicant writes (进口产品申请)."""

    fiscal_year: Year
    name: str = Field("", max_length=200, examples=["磁共振成像系统采购"])
    category: Choice | None = Field(None, examples=["other"])
    purpose: str = Field("", max_length=2000)
    reason: str = Field("", max_length=4000)
    policy_basis: str = Field("", max_length=500)
    contact_name: str = Field("", max_length=100)
    contact_phone: str = Field("", max_length=40)
    items: list[ImportItemForm] = Field([], max_length=100, examples=[[ITEM]])
    experts: list[ExpertForm] = Field([], max_length=25)
    attachments: list[AttachmentForm] = Field([], max_length=50)

    _choices = field_validator("category")(must_be_choice)

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        total(item.amount for item in self.items)
        if len({part.id for part in self.attachments}) < len(self.attachments):
            raise PydanticCustomError("attachment_repeated", "附件重复 (an attachment is listed twice)")
        return self

    def filled(self) -> ImportFilled:
        """The form as the domain takes it."""
        lists = {"items", "experts", "attachments"}
        header = self.model_dump(exclude={"fiscal_year", *lists})
        experts = [ImportExpert(position=n, **expert.model_dump()) for n, expert in enumerate(self.experts)]
        return ImportFilled(header, [item.row(n) for n, item in enumerate(self.items, 1)], experts)


class ImportItemShape(Shape):
    line_no: int
    catalogue_code: str
    catalogue_name: str | None
    name: str
    spec: str
    unit: str
    quantity: str | None
    unit_price: str | None
    amount: str
    origin: str
    technical_reason: str
    domestic_reason: str


class ExpertShape(Shape):
    name: str
    organisation: str
    title: str
    expert_role: str | None
    expert_role_name: str | None
    opinion: str


class NoticeRow(Shape):
    """A public notice. It runs until 24:00 of `ends_on` (absent while the year's calendar is not known)."""

    id: UUID
    seq: int
    state: str
    state_label: str
    published_on: date
    days: int
    ends_on: date | None
    ends_at: datetime | None
    explanation: str
    url: str


class ImportRow(Shape):
    """An import application in a list; `current_step` and `current_holders` say who reviews it now,
    `applicant_note` why its applicant cannot go on with it any more."""

    id: UUID
    version: int
    name: str
    fiscal_year: int
    status: str
    status_label: str
    review: str
    category: str | None
    application_number: str | None
    approval_number: str | None
    valid_from: date | None
    valid_to: date | None
    amount: str
    organisation_id: UUID
    organisation_name: str
    applicant_id: UUID
    applicant_name: str
    applicant_note: str = ""
    round: int
    case_id: UUID | None
    created_at: datetime
    changed_at: datetime
    submitted_at: datetime | None
    current_step: str = ""
    current_holders: list[str] = Field(default_factory=list)
    returned: ReturnedShape | None = None
    available_actions: list[ActionShape] = Field(default_factory=list)


class ImportShape(ImportRow):
    """A whole import application; `notices` are all that it ever had, newest first. `judged_by` are the
    versions of the rules that judged its last submission, `warnings` what they warned of then."""

    district_code: str
    category_name: str | None
    purpose: str
    reason: str
    policy_basis: str
    contact_name: str
    contact_phone: str
    notice_order: str | None
    notice_days: int | None
    items: list[ImportItemShape]
    experts: list[ExpertShape]
    attachments: list[AttachmentShape]
    notices: list[NoticeRow]
    judged_by: list[BasisShape]
    warnings: list[Finding]
