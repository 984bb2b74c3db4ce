"""The shapes of requests and answers over HTTP: slots and decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.approvals.mark_schemas import Attachments
from services.approvals.schemas import Action, Reason, SinceShape
from shared.http import Body, Shape
from shared.money import FenAsYuan

Picks = Annotated[list[UUID], Field(max_length=50, description="所选审核人 (people picked to review)")]


class AgreeBody(Body):
    """An agreement; `picks` where the next step asks for them."""

    opinion: str = Field("", max_length=500, examples=["同意"])
    picks: Picks = Field(default=[])
    attachments: Attachments = Field(default=[])


class DisagreeBody(Body):
    """A disagreement says why, and whether everybody has to review the document again."""

    opinion: str = Field(min_length=1, max_length=500, examples=["预算依据不足，请补充"])
    review_anew: bool = Field(
        False, description="再次提交后从头审核，不沿用此前的同意 (no agreement is carried)"
    )
    attachments: Attachments = Field(default=[])


class ReassignBody(Body):
    """Who takes over, and why."""

    to: UUID
    reason: Reason


class SlotItem(Shape):
    """A row of the to-do or the done list. `etag` is what a decision sends as If-Match."""

    id: UUID
    case_id: UUID
    doc_type: str
    doc_id: UUID
    round: int
    title: str
    number: str
    organisation_name: str
    applicant_name: str
    amount: FenAsYuan | None
    step_key: str
    step_name: str
    state: str
    status_label: str
    sign: str
    seen_at: datetime | None
    opened_at: datetime
    submitted_at: datetime
    closed_at: datetime | None
    budget_hours: int | None
    due_at: datetime | None
    time_state: str = Field(description="空 (no budget), on_time, due_soon, overdue")
    time_label: str
    on_behalf_of: UUID | None = Field(description="代理办理时：被代理人 (whom a deputy decides for)")
    on_behalf_name: str
    opinion: str
    since_decided: SinceShape | None = Field(
        None, description="此前轮次表态后的变化；列表中不给出 (not given in lists)"
    )
    etag: str
    available_actions: list[Action]


class DecisionShape(Shape):
    """What a decision led to."""

    slot_id: UUID
    outcome: str
    case_id: UUID
    round: int
    case_state: str
    status_label: str
    current_step: str | None
    current_holders: list[str]


class CountsShape(Shape):
    """Numbers that equal the lists: to-dos, those due soon and overdue among them, done, and for
    administrators cases that need attention."""

    todo: int
    due_soon: int
    overdue: int
    done: int
    attention: int
    cc: int
    cc_unread: int
