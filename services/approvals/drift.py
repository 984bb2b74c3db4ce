"""Drift between cases and documents: what a document says of its review is compared with its case, both ways.

A document states its review whenever that changes (`document.review_stated`); the case keeps what was said
last, and since when the two do not agree. Nothing here changes a state: drift is listed, for people to look
into.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Uuid, delete, exists, func, select
from sqlalchemy.orm import Mapped, mapped_column

from services.approvals.case import Case, CaseState
from services.approvals.tables import Approvals
from shared.database import UtcDateTime
from shared.people import Caller, DistrictCopy, OrganisationCopy, in_scope
from shared.store import Look, Work

AGREEING: Mapping[CaseState, frozenset[str]] = {
    CaseState.REVIEWING: frozenset({"under_review"}),
    CaseState.APPROVED: frozenset({"approved"}),
    CaseState.RETURNED: frozenset({"returned"}),
    CaseState.WITHDRAWN: frozenset({"withdrawn"}),
    CaseState.TERMINATED: frozenset({"returned", "cancelled"}),
}
"""What a document says when it has followed its case."""
QUIET = timedelta(minutes=15)
"""Events travel in milliseconds; what does not agree for so long is no mere delay."""
MOST = 100


class UnroutedDocument(Approvals):
    """A document that says it is under review in a round that no case has."""

    __tablename__ = "unrouted_document"

    doc_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    doc_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(Uuid)
    round: Mapped[int]
    review: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class Statement:
    """What a document says of its review, and in which round."""

    doc_type: str
    doc_id: UUID
    round: int
    review: str


def note(work: Work, case: Case | None, said: Statement, organisation_id: UUID) -> None:
    """Keeps what a document said beside its (locked) case. An older round is past; a newer one than the case
    has is unrouted while the document says that it is under review."""
    if case is not None and said.round < case.round:
        return
    if said.review != "under_review":
        work.execute(delete(UnroutedDocument).where(*_of(said)))
    if case is not None and said.round == case.round:
        case.stated = said.review
        follows = said.review in AGREEING[CaseState(case.state)]
        case.unsettled_since = None if follows else case.unsettled_since or work.now
    elif said.review == "under_review":
        _keep_unrouted(work, said, organisation_id)


def _keep_unrouted(work: Work, said: Statement, organisation_id: UUID) -> None:
    row = work.session.get(UnroutedDocument, (said.doc_type, said.doc_id))
    if row is None:
        row = UnroutedDocument(doc_type=said.doc_type, doc_id=said.doc_id, since=work.now)
        work.add(row)
    row.organisation_id, row.round, row.review = organisation_id, said.round, said.review


def _of(said: Statement) -> list[ColumnElement[bool]]:
    return [UnroutedDocument.doc_type == said.doc_type, UnroutedDocument.doc_id == said.doc_id]


@dataclass(frozen=True)
class Drift:
    """A case and a document that do not agree. `kind`: document_silent (nothing was said since the case
    changed), document_differs, document_unrouted (no case has the round that the document speaks of)."""

    kind: str
    doc_type: str
    doc_id: UUID
    round: int
    case_id: UUID | None
    case_state: str | None
    title: str
    organisation_name: str
    stated: str
    since: datetime


def drifted(look: Look, caller: Caller, before: datetime) -> tuple[list[Drift], int]:
    """What does not agree since before a moment, within the caller's scope: the oldest hundred, and how many
    there are."""
    cases, unrouted = _cases(caller, before), _unrouted(caller, before)
    found = [_of_case(case) for case in look.all(cases.order_by(Case.unsettled_since, Case.id).limit(MOST))]
    rows: Any = look.execute(unrouted.order_by(UnroutedDocument.since, UnroutedDocument.doc_id).limit(MOST))
    found += [_of_document(document, name) for document, name in rows]
    count = sum(
        look.session.scalar(select(func.count()).select_from(one.subquery())) or 0
        for one in (cases, unrouted)
    )
    return sorted(found, key=lambda one: (one.since, one.doc_id))[:MOST], count


def _cases(caller: Caller, before: datetime) -> Select[Any]:
    scope = in_scope(caller, Case.organisation_id, Case.district_path)
    return select(Case).where(Case.unsettled_since < before, scope)


def _unrouted(caller: Caller, before: datetime) -> Select[Any, Any]:
    routed = exists().where(
        Case.doc_type == UnroutedDocument.doc_type,
        Case.doc_id == UnroutedDocument.doc_id,
        Case.round >= UnroutedDocument.round,
    )
    return (
        select(UnroutedDocument, OrganisationCopy.name)
        .join(OrganisationCopy, OrganisationCopy.organisation_id == UnroutedDocument.organisation_id)
        .join(DistrictCopy, DistrictCopy.code == OrganisationCopy.district_code)
        .where(UnroutedDocument.since < before, ~routed)
        .where(in_scope(caller, OrganisationCopy.organisation_id, DistrictCopy.path))
    )


def _of_case(case: Case) -> Drift:
    assert case.unsettled_since is not None
    return Drift(
        kind="document_differs" if case.stated else "document_silent",
        doc_type=case.doc_type,
        doc_id=case.doc_id,
        round=case.round,
        case_id=case.id,
        case_state=str(case.state),
        title=case.title,
        organisation_name=case.organisation_name,
        stated=case.stated,
        since=case.unsettled_since,
    )


def _of_document(document: UnroutedDocument, organisation_name: str) -> Drift:
    return Drift(
        kind="document_unrouted",
        doc_type=document.doc_type,
        doc_id=document.doc_id,
        round=document.round,
        case_id=None,
        case_state=None,
        title="",
        organisation_name=organisation_name,
        stated=document.review,
        since=document.since,
    )
