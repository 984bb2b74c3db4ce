"""What an outcome of review does to a document, per type of review: a new type is one more entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.plans import announcement, requesting, usable
from services.plans.document import Document
from services.plans.imports import sending as importing
from services.plans.imports.announcement import status_changed as import_changed
from services.plans.imports.approval import FINAL, FIRST, ImportApproval
from services.plans.plan import Plan
from services.plans.request import Kind, PlanRequest
from services.plans.reservation import release
from shared.events import Event
from shared.events.approvals import CaseApproved
from shared.store import Work


@dataclass(frozen=True)
class Review:
    """A type of review. The document is locked, and under this very review, whenever one of these is called.

    `approve` applies the last agreement and gives what the history says; `release` gives back what a
    submission took, for every other end of a round; `announce` makes the event of a document that has moved
    on from a status.
    """

    model: type[Document]
    approve: Callable[[Work, Any, CaseApproved], str]
    release: Callable[[Work, Any], None]
    announce: Callable[[Any, str | None], Event]


def nothing_taken(_work: Work, _document: Document) -> None:
    """For documents whose submission reserves nothing."""


REVIEWS: Mapping[str, Review] = {
    "plan": Review(Plan, usable.approve, release, announcement.status_changed),
    **{
        kind: Review(PlanRequest, requesting.approve, requesting.release, announcement.request_changed)
        for kind in Kind
    },
    FIRST: Review(ImportApproval, importing.after_first_review, nothing_taken, import_changed),
    FINAL: Review(ImportApproval, importing.after_final_review, nothing_taken, import_changed),
}
"""By the document type that approvals knows."""
