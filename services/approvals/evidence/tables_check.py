"""Checks the tables of approvals: the evidence of every case, the files of its opinions, the daily seals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.exc import SQLAlchemyError

from services.approvals.case import Case
from services.approvals.case_event import CaseEvent
from services.approvals.evidence.attachments_check import check_attachments
from services.approvals.evidence.file import evidence_of
from services.approvals.evidence.file_check import check
from services.approvals.evidence.seal import Seal, SealLeaf, leaves_of
from services.approvals.evidence.seal_check import check_chain
from services.approvals.evidence.written import written
from services.approvals.finding import Finding
from shared.errors import NotFound
from shared.service import Running
from shared.store import Look, Store
from shared.uploads import files

AT_ONCE = 200


def check_database(here: Running) -> Iterator[tuple[UUID, list[Finding]]]:
    """Every case with what is broken in it, in the order of their ids; each is read at one moment."""
    after = UUID(int=0)
    while True:
        with here.store.read() as look:
            page = look.all(select(Case.id).where(Case.id > after).order_by(Case.id).limit(AT_ONCE))
        if not page:
            return
        for case_id in page:
            yield case_id, check_case_of(here, case_id)
        after = page[-1]


def check_seals_of(store: Store) -> list[Finding]:
    """What is broken in the seals: each follows the one before it, and holds acts that are there."""
    found: list[Finding] = []
    try:
        with store.read() as look:
            before: dict[str, Any] | None = None
            for seal in look.all(select(Seal).order_by(Seal.n)):
                leaves, row = leaves_of(look, seal.n), written(seal)
                found += check_chain(before, row, [written(leaf) for leaf in leaves])
                found += _lost_acts(look, seal.n)
                before = row
    except (SQLAlchemyError, ValueError, TypeError, LookupError) as error:
        found.append(Finding("seals", f"无法读取 (cannot be read: {error!r:.300})"))
    return found


def _lost_acts(look: Look, n: int) -> list[Finding]:
    same = and_(CaseEvent.case_id == SealLeaf.case_id, CaseEvent.seq == SealLeaf.seq)
    lost = (
        select(SealLeaf)
        .outerjoin(CaseEvent, and_(same, CaseEvent.hash == SealLeaf.head))
        .where(SealLeaf.seal_n == n, CaseEvent.hash.is_(None))
    )
    text = "封存的记录已不存在或被改动 (a sealed act is gone or changed)"
    return [
        Finding(f"seals/{n}", f"case {leaf.case_id} events/{leaf.seq}: {text}") for leaf in look.all(lost)
    ]


def check_case_of(here: Running, case_id: UUID) -> list[Finding]:
    """What is broken in the rows of one case and the files of its opinions; what cannot even be read is."""
    try:
        with here.store.read() as look:
            case = look.get(Case, case_id)
            return [*check(evidence_of(look, case)), *check_attachments(look, files(here), case)]
    except (SQLAlchemyError, NotFound, ValueError, TypeError, LookupError) as error:
        return [Finding("tables", f"无法读取 (cannot be read: {error!r:.300})")]
