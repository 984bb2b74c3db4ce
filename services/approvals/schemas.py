"""The shapes of requests and answers over HTTP: routes and cases."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.approvals.step import KEY, Escalation, Selector
from shared.http import Body, Shape
from shared.money import FenAsYuan

DocType = Annotated[str, Field(pattern=KEY, examples=["plan"])]
Reason = Annotated[str, Field(min_length=1, max_length=500, examples=["审核人出差，改由同部门人员办理"])]


class Action(Shape):
    """Something that the caller may do, or why not."""

    action: str
    allowed: bool
    reason: str = ""
    method: str
    url: str


class ObstacleShape(Shape):
    """One thing that is in the way."""

    code: str
    text: str
    text_en: str
    pointer: str


# routes


class PersonShape(Shape):
    """A person with the unit that makes him a reviewer."""

    person_id: UUID
    name: str
    organisation_id: UUID
    organisation_name: str


class RouteStepShape(Shape):
    """A step of a route, and why it is there: segment, chain version, rule, facts."""

    key: str
    name: str
    segment: str
    chain_id: UUID
    chain_version: int
    owner: str
    condition: dict[str, Any] | None
    facts: dict[str, Any]
    applies: bool
    reason: str
    selector: Selector
    organisation_id: UUID | None
    organisation_name: str
    quorum: str
    at_least: int | None
    pick: str
    on_empty: str
    self_review: str
    repeat: str
    may_transfer: bool
    may_add_sign: bool
    may_carry: bool
    by_message: bool
    budget_hours: int | None
    escalation: list[Escalation]
    attested: list[str]
    attested_digest: str
    carried: bool = Field(description="沿用上一轮的同意 (agreement of the round before is enough)")


# cases


class TerminateBody(Body):
    """Why the case ends."""

    reason: Reason


class ChangeShape(Shape):
    """A field that differs: where it stands in the content, what people call it if known, before, after."""

    pointer: str = Field(examples=["/items/0/price"])
    field: str = Field(examples=["items.price"])
    label: str = Field(examples=["采购明细"])
    before: Any
    after: Any


class SinceShape(Shape):
    """What has changed since its holder decided the step in an earlier round, of the fields that it
    attests."""

    round: int
    outcome: str
    status_label: str
    decided_at: datetime | None
    opinion: str
    changes: list[ChangeShape]


class HolderShape(Shape):
    """One person's part in a step."""

    slot_id: UUID
    person_id: UUID | None
    name: str
    unit: str
    state: str
    status_label: str
    origin: str
    sign: str
    sign_for: UUID | None
    seen_at: datetime | None
    urged_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    time_state: str
    time_label: str
    acted_by: UUID | None
    acted_name: str
    on_behalf_of: UUID | None
    opinion: str
    carried_round: int | None = Field(description="沿用时：作出同意的轮次 (the round in which he agreed)")
    since_decided: SinceShape | None
    etag: str
    available_actions: list[Action]


class CaseStepShape(RouteStepShape):
    """A step with what became of it: done, carried, current, waiting, skipped and by which rule; how many of
    its people have agreed, and how many must."""

    state: str
    skipped_by: str
    agreed: int
    needed: int
    status_label: str
    holders: list[HolderShape]


class FileShape(Shape):
    """A file that an act names."""

    id: UUID
    name: str
    size: int
    sha256: str


class EventShape(Shape):
    """A line of the timeline. `to` are the people that it brought in."""

    seq: int
    at: datetime
    actor_id: UUID | None
    actor_name: str
    on_behalf_of: UUID | None
    on_behalf_name: str
    type: str
    label: str
    round: int
    step_name: str
    opinion: str
    administrator: bool
    review_anew: bool
    channel: str = Field(description="message：从消息中的链接审核 (decided from a message)")
    to: list[str]
    attachments: list[FileShape]
    hash: str


class CopyShape(Shape):
    """Who has a copy of a case, and whether he has read it."""

    person_id: UUID
    person_name: str
    by_name: str
    note: str
    round: int
    copied_at: datetime
    read_at: datetime | None


class NextShape(Shape):
    """The step after the current one: who could review it, and whether the caller, whose agreement closes the
    current one, must pick them."""

    key: str | None
    name: str | None
    asks_pick: bool
    candidates: list[PersonShape]


class CaseItem(Shape):
    """A case in a list."""

    id: UUID
    doc_type: str
    doc_id: UUID
    title: str
    number: str
    organisation_id: UUID
    organisation_name: str
    applicant_id: UUID
    applicant_name: str
    amount: FenAsYuan | None
    state: str
    status_label: str
    round: int
    attention: str
    submitted_at: datetime
    closed_at: datetime | None
    version: int


class CaseRow(CaseItem):
    """A case in the list of cases: the present step, who has it, and when the first of its turns is due."""

    step_name: str
    holders: list[str]
    due_at: datetime | None
    time_state: str = Field(description="空 (no budget), on_time, due_soon, overdue")
    time_label: str


class CaseShape(CaseItem):
    """A case as people read it: content, whole route, who has it, what happened."""

    revision: int
    digest: str
    previous_case: UUID | None
    content: dict[str, Any]
    facts: dict[str, Any]
    route: list[CaseStepShape]
    next_step: NextShape | None
    copies: list[CopyShape]
    timeline: list[EventShape]
    history_intact: bool
    available_actions: list[Action]
