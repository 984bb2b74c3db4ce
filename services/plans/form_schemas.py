"""The HTTP shapes that come in: the form of a plan, and what is sent with its verbs."""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from services.plans import reference
from services.plans.catalogue import CODE
from services.plans.form import AMOUNTS, EMPTY, Allocation, Filled, PlanItem
from shared.http import Body
from shared.money import Quantity, Yuan, line_amount, total

if TYPE_CHECKING:
    from services.plans.plan import Plan

Year = Annotated[int, Field(ge=2000, le=2100, description="预算年度 (fiscal year)", examples=[2026])]
Code = Annotated[str, Field(pattern=CODE, examples=["A02010108"])]
Choice = Annotated[str, Field(max_length=40)]


def must_be_choice(value: str | None, info: ValidationInfo) -> str | None:
    """A code of the data files: the field's name is the name of its group."""
    if value and value not in reference.choices(info.field_name or ""):
        raise PydanticCustomError("unknown_choice", "不是可选的值 (not one of the choices)")
    return value or None


class ItemForm(Body):
    """One thing to buy; a draft may leave anything open."""

    catalogue_code: Code | None = None
    name: str = Field("", max_length=200, examples=["便携式计算机"])
    spec: str = Field("", max_length=500)
    unit: str = Field("", max_length=20, examples=["台"])
    quantity: Quantity | None = None
    unit_price: Yuan | None = None
    is_imported: bool = False
    energy_saving: Choice | None = None
    sme_reserved: bool = False
    delivery: str = Field("", max_length=200)
    remark: str = Field("", max_length=500)

    _choices = field_validator("energy_saving")(must_be_choice)

    @property
    def amount(self) -> int:
        if self.quantity is None or self.unit_price is None:
            return 0
        return line_amount(self.unit_price, self.quantity)

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        _ = self.amount
        return self

    def row(self, line_no: int) -> PlanItem:
        plain = self.model_dump(exclude={"quantity", "unit_price", "catalogue_code"})
        return PlanItem(
            line_no=line_no,
            catalogue_code=self.catalogue_code or "",
            quantity_milli=None if self.quantity is None else int(self.quantity * 1000),
            unit_price_fen=self.unit_price,
            **plain,
        )


class AllocationForm(Body):
    """How much of the plan a budget line pays, in yuan."""

    budget_line_id: UUID
    amount: Yuan


class AttachmentForm(Body):
    """A file uploaded before, and what it is."""

    id: UUID
    attachment_kind: Choice = "other"

    _choices = field_validator("attachment_kind")(must_be_choice)


class NoticeForm(Body):
    """The public notice of a single source from an only supplier, as it was made elsewhere (单一来源公示)."""

    notice_number: str = Field("", max_length=100)
    notice_date: date | None = Field(None, description="公示日期 (day of publication)")
    notice_supplier: str = Field("", max_length=200)


class PlanForm(NoticeForm):
    """The whole of what an applicant writes (采购计划信息)."""

    fiscal_year: Year
    name: str = Field("", max_length=200, examples=["办公设备采购"])
    kind: Choice | None = Field(None, examples=["goods"])
    organisation_form: Choice | None = Field(None, examples=["central_agency"])
    method: Choice | None = Field(None, examples=["open_tender"])
    implementation_form: Choice | None = Field(None, examples=["101"])
    leader: str = Field("", max_length=100)
    contact_name: str = Field("", max_length=100)
    contact_phone: str = Field("", max_length=40)
    agency: str = Field("", max_length=200)
    is_joint: bool = False
    is_ppp: bool = False
    is_shanty: bool = False
    is_imported: bool = False
    import_approval_id: UUID | None = Field(None, description="进口核准 (the approval of what is imported)")
    import_filing_note: str = Field("", max_length=1000)
    price_ceiling: Yuan | None = None
    purpose: str = Field("", max_length=2000)
    expected_month: str = Field("", pattern=r"^([12]\d{3}-(0[1-9]|1[0-2]))?$", examples=["2026-12"])
    intent_notice_number: str = Field("", max_length=100)
    intent_notice_date: date | None = None
    sme_mode: Choice | None = None
    sme_reserved: Yuan | None = None
    sme_micro: Yuan | None = None
    sme_reason: str = Field("", max_length=1000)
    method_ground: Choice | None = None
    method_reason: str = Field("", max_length=2000)
    external_id: str = Field("", max_length=100)
    items: list[ItemForm] = Field([], max_length=200)
    allocations: list[AllocationForm] = Field([], max_length=50)
    attachments: list[AttachmentForm] = Field([], max_length=50)

    _choices = field_validator(
        *("kind", "organisation_form", "method", "implementation_form", "sme_mode", "method_ground")
    )(must_be_choice)

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        total(item.amount for item in self.items)
        total(part.amount for part in self.allocations)
        if len({part.id for part in self.attachments}) < len(self.attachments):
            raise PydanticCustomError("attachment_repeated", "附件重复 (an attachment is listed twice)")
        return self

    @property
    def written(self) -> Set[str]:
        """The fields that it writes: all of them."""
        return PlanForm.model_fields.keys()

    def merged(self, plan: Plan) -> Filled:
        """What becomes of a plan: the whole of what was sent."""
        return self.filled()

    def filled(self) -> Filled:
        """The form as the domain takes it."""
        header = self.model_dump(exclude={"fiscal_year", "items", "allocations", "attachments", *AMOUNTS})
        amounts = {f"{name}_fen": getattr(self, name) for name in AMOUNTS}
        allocations = [
            Allocation(position=place, budget_line_id=part.budget_line_id, amount_fen=part.amount)
            for place, part in enumerate(self.allocations)
        ]
        items = [item.row(line_no) for line_no, item in enumerate(self.items, 1)]
        return Filled({**header, **amounts}, items, allocations)


class PlanPatch(PlanForm):
    """The fields to change, as JSON merge patch says (RFC 7396): what is not sent stays, null empties a
    field, a list is replaced as a whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"purpose": "更新办公电脑", "agency": None}]})

    fiscal_year: Year | None = None  # type: ignore[assignment]

    @model_validator(mode="before")
    @classmethod
    def _emptied(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        fields = cls.model_fields
        return {
            name: fields[name].get_default() if sent is None and name in fields else sent
            for name, sent in value.items()
        }

    @property
    def written(self) -> Set[str]:
        """The fields that it writes: those that were sent."""
        return self.model_fields_set

    def merged(self, plan: Plan) -> Filled:
        """The form of the plan with these fields in it."""
        sent = self.filled()
        columns = {f"{name}_fen" if name in AMOUNTS else name for name in self.written}
        kept = {column: getattr(plan, column) for column in EMPTY}
        header = {**kept, **{name: value for name, value in sent.header.items() if name in columns}}
        return Filled(
            header,
            sent.items if "items" in columns else list(plan.items),
            sent.allocations if "allocations" in columns else list(plan.allocations),
        )


class SubmitForm(Body):
    """The reviewers chosen for the first step."""

    picks: list[UUID] = Field([], max_length=20)


class AbandonForm(Body):
    reason: str = Field("", max_length=500)
