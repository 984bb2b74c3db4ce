"""Documents in review, whatever their type: what plans tells approvals."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field

from shared.events import Event, Part

Fact = str | int | bool | None
"""A declared fact: text, whole number (money in fen), flag; never a float."""


class Submission(Part):
    """A document as it is sent into review: preview and submit give exactly the same."""

    doc_type: str
    doc_id: UUID
    number: str = ""
    title: str
    organisation_id: UUID
    applicant_id: UUID
    applicant_name: str
    facts: dict[str, Fact]
    content: dict[str, Any] = Field(description="the whole attested document, at most 256 KiB")
    digest: str = Field(description="sha256 of the canonical content")
    labels: dict[str, str] = Field(
        default_factory=dict, description="what people call the fields of the content, by dotted path"
    )


class DocumentSubmitted(Event):
    """A round of review begins. `picks` are the reviewers that the applicant chose for the first step."""

    type: ClassVar[str] = "document.submitted"
    publisher: ClassVar[str] = "plans"

    submission: Submission
    round: int
    revision: int
    picks: list[UUID] = Field(default_factory=list)

    @property
    def subject(self) -> str:
        return f"{self.submission.doc_type}/{self.submission.doc_id}"

    @property
    def subject_version(self) -> int:
        return self.revision


class DocumentCancelled(Event):
    """An abandoned or invalidated document: approvals terminates its case."""

    type: ClassVar[str] = "document.cancelled"
    publisher: ClassVar[str] = "plans"

    doc_type: str
    doc_id: UUID
    revision: int
    reason: str

    @property
    def subject(self) -> str:
        return f"{self.doc_type}/{self.doc_id}"

    @property
    def subject_version(self) -> int:
        return self.revision


class DocumentHandedOver(Event):
    """The administrator of a unit gave a document whose applicant has left to another handler (移交), who is
    its applicant from now on; `title` is what the document is called, `previous_…` who applied before."""

    type: ClassVar[str] = "document.handed_over"
    publisher: ClassVar[str] = "plans"

    doc_type: str
    doc_id: UUID
    revision: int
    title: str
    status_label: str
    organisation_id: UUID
    applicant_id: UUID
    applicant_name: str
    previous_id: UUID
    previous_name: str
    actor_id: UUID
    actor_name: str
    reason: str

    @property
    def subject(self) -> str:
        return f"{self.doc_type}/{self.doc_id}"

    @property
    def subject_version(self) -> int:
        return self.revision


class ReviewStated(Event):
    """What a document takes its review to be, told whenever that changes: `under_review`, then `approved`,
    `returned` or `withdrawn` once it has followed the outcome of the round. approvals compares it with the
    case, so that neither can drift from the other unnoticed."""

    type: ClassVar[str] = "document.review_stated"
    publisher: ClassVar[str] = "plans"

    doc_type: str
    doc_id: UUID
    organisation_id: UUID
    round: int
    revision: int
    review: str

    @property
    def subject(self) -> str:
        return f"{self.doc_type}/{self.doc_id}"

    @property
    def subject_version(self) -> int:
        return self.revision
