"""Checks the tables of approvals: the evidence of every case, as it stands in the database."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from services.approvals.case import Case
from services.approvals.evidence import evidence_of
from services.approvals.evidence_check import Finding, check
from shared.errors import NotFound
from shared.store import Store

AT_ONCE = 200


def check_database(store: Store) -> Iterator[tuple[UUID, list[Finding]]]:
    """Every case with what is broken in it, in the order of their ids; each is read at one moment."""
    after = UUID(int=0)
    while True:
        with store.read() as look:
            page = look.all(select(Case.id).where(Case.id > after).order_by(Case.id).limit(AT_ONCE))
        if not page:
            return
        for case_id in page:
            yield case_id, check_case_of(store, case_id)
        after = page[-1]


def check_case_of(store: Store, case_id: UUID) -> list[Finding]:
    """What is broken in the rows of one case; rows that cannot even be read are."""
    try:
        with store.read() as look:
            return check(evidence_of(look, look.get(Case, case_id)))
    except (SQLAlchemyError, NotFound, ValueError, TypeError, LookupError) as error:
        return [Finding("tables", f"无法读取 (cannot be read: {error!r:.300})")]
