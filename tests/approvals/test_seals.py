"""Daily seals: each day once, in a chain, and what was sealed cannot be rewritten unnoticed."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from services.approvals.case import Case
from services.approvals.case_event import CaseEvent, sealed_hash
from services.approvals.evidence.file_check import check_bytes
from services.approvals.evidence.merkle import leaf_hash, proof_of, proven_root, root_of
from services.approvals.evidence.seal import Seal
from services.approvals.evidence.tables_check import check_case_of, check_seals_of
from services.approvals.evidence.written import written
from services.approvals.jobs import seal_days
from tests.approvals.office import Office
from tests.approvals.test_races import at_once


def seals(office: Office) -> list[dict[str, Any]]:
    """All seals, oldest first."""
    rows: list[dict[str, Any]] = office.get("wang", "seals")["items"]
    return rows[::-1]


@given(count=st.integers(1, 40), other=st.text(max_size=5))
@settings(max_examples=60, deadline=None)
def test_every_leaf_has_a_proof_and_nothing_else_has(count: int, other: str) -> None:
    hashes = [leaf_hash(str(n).encode()) for n in range(count)]
    root = root_of(hashes)
    for index, leaf in enumerate(hashes):
        proof = proof_of(hashes, index)
        assert proven_root(leaf, proof) == root
        assert proven_root(leaf_hash(f"x{other}".encode()), proof) != root
        assert len(proof) <= 6


def test_a_day_is_sealed_once_when_it_is_over(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    office.run_ticks()
    assert seals(office) == []
    office.clock.move(hours=15, minutes=5)  # five minutes past midnight
    office.run_ticks()
    assert seals(office) == []
    office.clock.move(minutes=6)
    for _ in range(2):
        office.run_ticks()
    (first,) = seals(office)
    assert (first["day"], first["leaves"], first["previous"]) == ("2026-11-23", 1, "")
    office.submit(["zhao"])
    office.clock.move(days=3)
    office.run_ticks()
    rows = seals(office)
    assert [(row["n"], row["day"], row["leaves"]) for row in rows] == [
        (1, "2026-11-23", 1),
        (2, "2026-11-24", 1),
        (3, "2026-11-25", 0),
        (4, "2026-11-26", 0),
    ]
    assert [row["previous"] for row in rows[1:]] == [row["hash"] for row in rows[:-1]]
    assert [one.data["hash"] for one in office.told("audit.sealed")] == [row["hash"] for row in rows]
    assert check_seals_of(office.store) == []


def test_the_evidence_of_a_case_holds_the_seals_that_cover_it(office: Office) -> None:
    office.usual_chains()
    docs = [office.submit(["wang"])[0] for _ in range(5)]
    office.clock.move(days=1)
    office.run_ticks()
    for doc_id in docs:
        case = office.case("li", doc_id)["id"]
        content = office.send("li", "GET", f"cases/{case}/evidence").content
        assert check_bytes(content) == []
        (covered,) = json.loads(content)["seals"]
        assert (covered["seal"]["leaves"], covered["leaf"]["case_id"]) == (5, case)


def test_a_history_that_was_forged_whole_breaks_its_seal(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    office.disagree("wang", opinion="不同意")
    office.clock.move(days=1)
    office.run_ticks()
    case_id = UUID(office.case("li", doc_id)["id"])
    with office.store.work() as work:
        last = work.all(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.seq))[-1]
        forged = sealed_hash(last.prev_hash, {**written(last), "actor_name": "zhao"})
        of_last = (CaseEvent.case_id == case_id, CaseEvent.seq == last.seq)
        work.session.expunge_all()
        work.execute(update(CaseEvent).where(*of_last).values(actor_name="zhao", hash=forged))
        work.execute(update(Case).where(Case.id == case_id).values(event_hash=forged))
    assert [one.where for one in check_case_of(office.here, case_id)] == ["events/2"]
    assert [one.where for one in check_seals_of(office.store)] == ["seals/1"]


def test_a_seal_that_is_gone_is_missed(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    office.clock.move(days=4)
    office.run_ticks()
    with office.store.work() as work:
        work.execute(delete(Seal).where(Seal.n == 2))
    assert [one.where for one in check_seals_of(office.store)] == ["seals/3", "seals/3/previous"]


def test_two_ticks_at_once_make_one_seal_of_a_day(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    office.submit(["wang"])
    office.clock.move(days=2)
    at_once([partial(seal_days, office.here)] * 4)
    with office.store.read() as look:
        days = look.session.scalar(select(func.count(func.distinct(Seal.day))))
        assert look.session.scalar(select(func.count()).select_from(Seal)) == days
    assert check_seals_of(office.store) == []


def test_seals_are_for_ever(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    office.clock.move(days=1)
    office.run_ticks()
    with pytest.raises(TypeError), office.store.work() as work:
        work.session.get_one(Seal, 1).root = "0" * 64
