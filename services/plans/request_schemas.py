"""The HTTP shapes of requests on plans: method change and revocation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from services.plans import reference
from services.plans.form_schemas import AttachmentForm, Choice, NoticeForm, must_be_choice
from services.plans.request import FIELDS, Kind, Status
from services.plans.schemas import ActionShape, AttachmentShape, BasisShape, Finding, ReturnedShape
from shared.http import Shape

METHOD_FIELDS = ("new_method", "ground", "notice_number", "notice_date", "notice_supplier")


class RequestForm(NoticeForm):
    """The whole of what an applicant writes; a draft may leave anything open."""

    new_method: Choice | None = Field(None, examples=["competitive_negotiation"])
    ground: Choice | None = Field(None, examples=["no_valid_bids"])
    handling: Choice | None = None
    reason: str = Field("", max_length=2000, examples=["公开招标两次废标，拟改为竞争性谈判"])
    attachments: list[AttachmentForm] = Field([], max_length=50)

    _handling = field_validator("handling")(must_be_choice)

    @field_validator("new_method")
    @classmethod
    def _method(cls, value: str | None) -> str | None:
        return _choice("method", value)

    @field_validator("ground")
    @classmethod
    def _ground(cls, value: str | None) -> str | None:
        return _choice("method_ground", value)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({part.id for part in self.attachments}) < len(self.attachments):
            raise PydanticCustomError("attachment_repeated", "附件重复 (an attachment is listed twice)")
        return self

    def values_for(self, kind: str) -> dict[str, Any]:
        """What is kept for a kind of request: fields of the other kind are left empty."""
        written = {name: getattr(self, name) for name in FIELDS}
        other = METHOD_FIELDS if kind == Kind.REVOCATION else ("handling",)
        empty = RequestForm()
        return written | {name: getattr(empty, name) for name in other}


def _choice(group: str, value: str | None) -> str | None:
    if value and value not in reference.choices(group):
        raise PydanticCustomError("unknown_choice", "不是可选的值 (not one of the choices)")
    return value or None


class NewRequest(RequestForm):
    """A request on a usable plan."""

    kind: Kind = Field(examples=["method_change"])
    plan_id: UUID


class UnsavedRequest(NewRequest):
    """A request that is not saved; `request_id` when it is one that is being edited."""

    request_id: UUID | None = Field(None, description="正在编辑的申请 (the request being edited)")


class RequestRow(Shape):
    """A request in a list; `current_step` and `current_holders` say who reviews it now, `applicant_note` why
    its applicant cannot go on with it any more."""

    id: UUID
    version: int
    kind: Kind
    kind_label: str
    status: Status
    status_label: str
    plan_id: UUID
    plan_number: str
    plan_name: str
    fiscal_year: int
    old_method: str | None
    old_method_label: str = ""
    new_method: str | None
    new_method_label: str = ""
    handling: str | None
    handling_label: str = ""
    reason: str
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
    finished_at: datetime | None
    current_step: str = ""
    current_holders: list[str] = Field(default_factory=list)
    returned: ReturnedShape | None = None
    available_actions: list[ActionShape] = Field(default_factory=list)


class RequestShape(RequestRow):
    """A whole request. `judged_by` are the versions of the rules that judged its last submission, `warnings`
    what they warned of then."""

    district_code: str
    ground: str | None
    ground_label: str = ""
    notice_number: str
    notice_date: date | None
    notice_supplier: str
    attachments: list[AttachmentShape]
    judged_by: list[BasisShape]
    warnings: list[Finding]


class MethodShape(Shape):
    """A method that the plan may be changed to, with its grounds."""

    code: str
    name_zh: str
    name_en: str
    grounds: list[dict[str, str]]


class RequestFormShape(Shape):
    """Everything that the form of a request needs: the plan, and what may be chosen."""

    plan_id: UUID
    plan_number: str
    plan_name: str
    plan_version: int
    kind: Kind
    kind_label: str
    method: str | None
    method_label: str
    above_open_tender: bool | None = Field(
        description="是否达到公开招标数额标准；未设置标准时为空 (absent while no threshold is set)"
    )
    methods: list[MethodShape]
    handlings: list[dict[str, str]]
    allowed: bool
    reason: str = Field(description="不能申请的原因 (why nothing may be requested now)")
    rule_text: str
