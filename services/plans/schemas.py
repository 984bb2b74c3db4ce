"""The HTTP shapes that go out: plans, checks, rounds, history, budget lines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from shared.events.documents import Submission
from shared.http import Shape
from shared.money import FenAsYuan


class ActionShape(Shape):
    """What may be done with a document now; `reason` says why not."""

    action: str
    allowed: bool
    reason: str = ""
    method: str
    url: str


class ItemShape(Shape):
    line_no: int
    catalogue_code: str
    catalogue_name: str | None
    name: str
    spec: str
    unit: str
    quantity: str | None
    unit_price: str | None
    amount: str
    is_imported: bool
    energy_saving: str | None
    sme_reserved: bool
    delivery: str
    remark: str


class AllocationShape(Shape):
    budget_line_id: UUID
    amount: str
    project_code: str = ""
    project_name: str = ""
    fund_nature: str = ""
    fund_nature_name: str = ""
    remaining: str = "0.00"
    committed: str = "0.00"
    consumed: str = "0.00"


class AttachmentShape(Shape):
    id: UUID
    kind: str
    name: str
    size: int
    sha256: str
    media_type: str


class ReturnedShape(Shape):
    """Why the plan came back: by a reviewer (`reviewer`), or by the system (`system`, with a code)."""

    by: str
    code: str
    reason: str
    step: str
    actor: str


class PlanRow(Shape):
    """A plan in a list; `current_step` and `current_holders` say who reviews it now, `applicant_note` and
    `holder_note` why whose turn it is cannot go on any more. Of the amount, trades have `committed` and
    `consumed`."""

    id: UUID
    version: int
    name: str
    fiscal_year: int
    status: str
    status_label: str
    application_number: str | None
    plan_number: str | None
    amount: str
    remaining: str
    committed: str
    consumed: str
    kind: str | None
    method: str | None
    organisation_id: UUID
    organisation_name: str
    applicant_id: UUID
    applicant_name: str
    holder_id: UUID
    holder_name: str
    assignment: str
    assignment_label: str
    applicant_note: str = Field("", examples=["申请人账号已停用"])
    holder_note: str = ""
    open_request_id: UUID | None
    open_request_kind: str | None
    round: int
    case_id: UUID | None
    created_at: datetime
    changed_at: datetime
    submitted_at: datetime | None
    current_step: str = ""
    current_holders: list[str] = Field(default_factory=list)
    returned: ReturnedShape | None = None
    available_actions: list[ActionShape] = Field(default_factory=list)


class PlanShape(PlanRow):
    """A whole plan. `judged_by` are the versions of the rules that judged its last submission, `warnings`
    what they warned of then."""

    district_code: str
    organisation_form: str | None
    implementation_form: str | None
    leader: str
    contact_name: str
    contact_phone: str
    agency: str
    is_joint: bool
    is_ppp: bool
    is_shanty: bool
    is_imported: bool
    import_approval_id: UUID | None
    import_filing_note: str
    price_ceiling: str | None
    purpose: str
    expected_month: str
    intent_notice_number: str
    intent_notice_date: date | None
    sme_mode: str | None
    sme_reserved: str | None
    sme_micro: str | None
    sme_reason: str
    method_ground: str | None
    method_reason: str
    notice_number: str
    notice_date: date | None
    notice_supplier: str
    external_id: str
    items: list[ItemShape]
    allocations: list[AllocationShape]
    attachments: list[AttachmentShape]
    judged_by: list[BasisShape]
    warnings: list[Finding]


class BasisShape(Shape):
    """A rule in the version that was applied: the district that set it (000000: the whole country), the day
    from which it holds, the document that says so, and the law it stands on. Version 0 is the program's."""

    rule: str = Field(examples=["thresholds"])
    rule_label: str = Field(examples=["数额标准"])
    district_code: str = Field(examples=["140000"])
    version: int
    effective_from: date | None
    source: str
    is_sample: bool
    law: str = Field(examples=["政府采购法 第八条、第二十七条"])


class Finding(Shape):
    """A problem or a warning of a check, with a JSON pointer into the form, and the rule behind it."""

    code: str
    pointer: str
    text: str
    text_en: str
    basis: BasisShape


class CheckShape(Shape):
    """What stands in the way of a submission (`problems`), and what should be known before it; `rules` are
    the versions that were applied."""

    problems: list[Finding]
    warnings: list[Finding]
    rules: list[BasisShape]


class SubmissionShape(CheckShape):
    """Exactly what submit would send into review."""

    submission: Submission


class RoundShape(Shape):
    """A submission as it was frozen; `rules` has the versions that judged it and the warnings they gave."""

    n: int
    doc_type: str
    digest: str
    content: dict[str, Any]
    facts: dict[str, Any]
    rules: dict[str, Any]
    submitted_at: datetime


class FieldChange(Shape):
    """A field that changed, with what people read for a code."""

    field: str
    label: str
    old: Any
    new: Any
    old_label: str | None
    new_label: str | None


class OutcomeShape(Shape):
    """What has become of a message on a channel."""

    channel: str = Field(examples=["sms"])
    state: str = Field(examples=["delivered"], description="accepted | delivered | failed")
    code: str
    at: datetime
    text: str = Field(examples=["短信已送达 11-24 09:12"])


class HistoryShape(Shape):
    """An entry of a document's stream. `group`: document (its moves and changes), opinions (of reviewers),
    messages (who was told). Without `actor_id` the system did it. What became of a message stands with it in
    `deliveries`, every try behind `proof_url`."""

    seq: int
    at: datetime
    actor_id: UUID | None
    actor_name: str
    kind: str
    group: str
    text: str
    changes: list[FieldChange]
    data: dict[str, Any]
    deliveries: list[OutcomeShape]
    proof_url: str | None


class CountsShape(Shape):
    """How many plans each tab holds, in all and per status, under the same filters as the list."""

    counts: dict[str, dict[str, int]]


class BudgetLineShape(Shape):
    """A budget line; amounts in yuan."""

    id: UUID
    version: int
    fiscal_year: int
    organisation_id: UUID
    district_code: str
    project_code: str
    project_name: str
    fund_nature: str
    catalogue_code: str
    approved: FenAsYuan = Field(validation_alias="approved_fen")
    adjusted: FenAsYuan = Field(validation_alias="adjusted_fen")
    reserved: FenAsYuan = Field(validation_alias="reserved_fen")
    committed: FenAsYuan = Field(validation_alias="committed_fen")
    consumed: FenAsYuan = Field(validation_alias="consumed_fen")
    available: FenAsYuan = Field(validation_alias="available_fen")


class RuleTextShape(Shape):
    """The rules shown at the foot of the form."""

    district_code: str
    version: int
    effective_from: date
    text: str
