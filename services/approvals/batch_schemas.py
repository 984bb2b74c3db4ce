"""The shapes of requests and answers over HTTP: acts on many slots in one request."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from services.approvals.mark_schemas import Attachments
from services.approvals.slot_schemas import DecisionShape, Picks, ReassignBody
from shared.http import Body, Shape

MOST = 100
SAID = ("opinion", "review_anew", "picks", "attachments")
SLOT = "019f3a52-7c1e-7d43-89e4-0ed9416f7d51"
ETAG = '"v1-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"'


class DecisionRow(Body):
    """One decision among many; what it says is judged like a single one."""

    slot_id: UUID = Field(examples=[SLOT])
    verb: Literal["agree", "disagree"]
    opinion: str = Field("", max_length=10_000, examples=["同意"])
    review_anew: bool = Field(False, description="仅用于不同意 (for a disagreement only)")
    picks: Picks = Field(default=[])
    attachments: Attachments = Field(default=[])
    etag: str = Field(max_length=200, examples=[ETAG], description="待办的 ETag (what If-Match would be)")
    command_id: str = Field(
        max_length=200,
        examples=["3b0b1c62-8a57-4f0e-b0a8-5f4b6f1d2c11"],
        description="每项操作一个新值，重试时不变 (what Idempotency-Key would be)",
    )

    @property
    def meant(self) -> dict[str, Any]:
        """What must be the same when it is sent again."""
        return {"verb": self.verb, **self.model_dump(mode="json", include=set(SAID))}

    @property
    def said(self) -> dict[str, Any]:
        """The body of the single request."""
        return self.model_dump(include=set(SAID), exclude_unset=True)


class DecisionsBody(Body):
    """Decisions that have nothing to do with each other."""

    decisions: list[DecisionRow] = Field(min_length=1, max_length=MOST)


class ResultShape(Shape):
    """What became of one row: the answer of the single request, or its problem."""

    slot_id: UUID
    status: int = Field(examples=[200], description="单独请求时的状态码 (the status of the single request)")
    etag: str = ""
    decision: DecisionShape | None = None
    problem: dict[str, Any] | None = Field(
        None,
        description="problem+json",
        examples=[{"status": 409, "code": "already_decided", "detail": "该事项已由 王敏 同意"}],
    )


class DecisionResult(ResultShape):
    """What became of one decision."""

    command_id: str


class DecisionsShape(Shape):
    """One result for each row, in the order of the request."""

    succeeded: int
    failed: int
    results: list[DecisionResult]


class HeldSlot(Body):
    """A slot as the administrator has seen it."""

    slot_id: UUID = Field(examples=[SLOT])
    etag: str = Field(max_length=200, examples=[ETAG], description="待办的 ETag (what If-Match would be)")


class HandOverBody(ReassignBody):
    """Who takes over which slots of a person, and why."""

    slots: list[HeldSlot] = Field(min_length=1, max_length=MOST)


class HandedOverShape(Shape):
    """One result for each slot, in the order of the request."""

    succeeded: int
    failed: int
    results: list[ResultShape]
