"""The shapes of requests and answers over HTTP: attachments, comments, copies, urging."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.approvals.attachment import MOST
from services.approvals.schemas import DocType
from shared.http import Body, Shape

Attachments = Annotated[
    list[UUID], Field(max_length=MOST, description="附件 (uploaded before, see /attachments)")
]


class AttachmentShape(Shape):
    """A file as it is kept."""

    id: UUID
    name: str
    size: int
    sha256: str
    media_type: str


class CommentBody(Body):
    """Something said about a case that decides nothing."""

    text: str = Field(min_length=1, max_length=1000, examples=["请说明数量的测算依据"])
    attachments: Attachments = Field(default=[])


class UrgeBody(Body):
    """A word to who has the document."""

    note: str = Field("", max_length=200, examples=["本月须完成采购"])


class CcBody(Body):
    """Who gets a copy, and what is said with it."""

    people: list[UUID] = Field(min_length=1, max_length=20)
    note: str = Field("", max_length=500)


class CcItem(Shape):
    """A copy in the list of who has it."""

    id: UUID
    case_id: UUID
    round: int
    doc_type: DocType
    doc_id: UUID
    title: str
    number: str
    organisation_name: str
    applicant_name: str
    by_name: str
    note: str
    copied_at: datetime
    read_at: datetime | None
