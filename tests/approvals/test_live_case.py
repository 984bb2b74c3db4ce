"""A document has one live case at most, whatever becomes of its rounds (I3)."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from services.approvals.case import LIVE, Case
from tests.approvals.office import Office

ENDS = ("withdrawn", "returned", "approved", "cancelled", "superseded")


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ends=st.lists(st.sampled_from(ENDS), min_size=1, max_size=4))
def test_i3_a_document_has_one_live_case_at_most(staffed: Office, ends: list[str]) -> None:
    asked = staffed.submission()
    for n, end in enumerate(ends, start=1):
        staffed.submit(["wang"], n, asked)
        assert live(staffed, asked.doc_id) == ["reviewing"]
        finish(staffed, asked.doc_id, end)
        assert len(live(staffed, asked.doc_id)) <= 1
    with staffed.store.read() as look:
        cases = look.all(select(Case).where(Case.doc_id == asked.doc_id).order_by(Case.opened_at))
    finished = ("approved", "terminated")
    assert all(case.state in finished for case in cases[:-1])
    assert [case.previous_case for case in cases[1:]] == [case.id for case in cases[:-1]]


def test_i3_the_database_holds_it_too(staffed: Office) -> None:
    doc_id, _ = staffed.submit(["wang"])
    with staffed.store.read() as look:
        row = dict(look.execute(select(Case.__table__).where(Case.doc_id == doc_id)).mappings().one())
    with pytest.raises(IntegrityError), staffed.store.work() as work:
        work.execute(insert(Case).values({**row, "id": UUID(int=1)}))


def finish(office: Office, doc_id: UUID, end: str) -> None:
    """Brings the present round to an end; a superseded one is left to the round that comes next."""
    if end == "withdrawn":
        assert office.withdraw("li", doc_id).status_code == 200
    elif end == "returned":
        assert office.disagree("wang").status_code == 200
    elif end == "approved":
        assert office.agree("wang").status_code == 200
        assert office.agree("qian").status_code == 200
    elif end == "cancelled":
        office.cancel(doc_id)


def live(office: Office, doc_id: UUID) -> list[str]:
    with office.store.read() as look:
        return [str(state) for state in look.all(select(Case.state).where(Case.doc_id == doc_id, text(LIVE)))]
