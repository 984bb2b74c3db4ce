"""The evidence of a case: every change of it is found, in an exported file and in the tables (I2)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services import audit
from services.approvals.case import Case, CaseRound
from services.approvals.case_event import CaseEvent
from services.approvals.evidence.file_check import check, check_bytes
from services.approvals.evidence.seal import Seal, SealLeaf
from services.approvals.evidence.tables_check import check_case_of, check_database, check_seals_of
from services.approvals.evidence.written import columns_of
from services.approvals.slot import Slot
from shared.settings import Settings
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_substitution import grant


class Desk(Office):
    """An office with one document."""

    doc_id: UUID


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """An office with one case of two rounds: returned, submitted again, decided by a deputy, overdue."""
    made = Desk(tmp_path_factory.mktemp("evidence"))
    made.publish("chen", "unit", [step("head", pick="submitter", budget_hours=8)])
    made.publish("zhou", "district", [finance_step()])
    made.doc_id, _ = made.submit(["wang"])
    made.disagree("wang", opinion="数量不明")
    made.submit(["wang"], n=2, submission=made.submission(made.doc_id, kind="goods"))
    made.clock.move(days=2)
    made.run_ticks()
    grant(made, "wang", "zhao")
    assert made.agree("zhao", opinion="代为同意").status_code == 200
    made.clock.move(days=1)
    made.run_ticks()
    yield made
    made.close()


def exported(office: Desk, who: str = "li") -> bytes:
    case = office.case("li", office.doc_id)["id"]
    answer = office.send(who, "GET", f"cases/{case}/evidence")
    assert answer.status_code == 200, answer.text
    found: bytes = answer.content
    return found


@pytest.fixture(scope="module")
def whole(desk: Desk) -> bytes:
    return exported(desk)


def test_i2_what_is_exported_is_whole(desk: Desk, whole: bytes) -> None:
    assert check_bytes(whole) == []
    evidence = json.loads(whole)
    assert [one["n"] for one in evidence["rounds"]] == [1, 2]
    assert evidence["rounds"][1]["content"]["facts"] == {"kind": "goods"}
    assert [one["type"] for one in evidence["events"]] == [
        *("submitted", "disagreed", "submitted", "overdue", "unattended", "agreed"),
    ]
    assert len(evidence["slots"]) == 4
    assert [(one["seal"]["n"], one["leaf"]["seq"]) for one in evidence["seals"]] == [(1, 3), (3, 6)]
    assert check_bytes(json.dumps(evidence, indent=2, ensure_ascii=False).encode()) == []


@given(where=st.floats(0, 1, exclude_max=True), other=st.integers(1, 255))
@settings(max_examples=400, deadline=None)
def test_i2_flip_any_byte_of_a_file_and_it_is_found(whole: bytes, where: float, other: int) -> None:
    at = int(where * len(whole))
    changed = bytearray(whole)
    changed[at] ^= other
    found = check_bytes(bytes(changed))
    assert found, f"byte {at}: {whole[max(0, at - 30) : at + 30]!r}"
    assert all(one.where and one.what for one in found)


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("rounds", 0, "content", "name"), "别的", "rounds/1/content"),
        (("rounds", 1, "content", "name"), "别的", "rounds/2/content"),
        (("rounds", 1, "facts", "amount_fen"), 1, "rounds/2/facts"),
        (("rounds", 1, "route", 0, "name"), "别的", "rounds/2/route"),
        (("rounds", 1, "submitted_at"), "2026-01-01T00:00:00+00:00", "rounds/2"),
        (("events", 1, "opinion"), "同意", "events/2"),
        (("events", 5, "on_behalf_name"), "", "events/6"),
        (("events", 2, "seq"), 9, "events/3/seq"),
        (("events", 3, "prev_hash"), "0" * 64, "events/4/prev_hash"),
        (("slots", 0, "opinion"), "同意", "slots/"),
        (("slots", 1, "state"), "disagreed", "slots/"),
        (("case", "title"), "别的", "case"),
        (("case", "state"), "approved", "case/state"),
        (("case", "event_hash"), "0" * 64, "case/event_hash"),
        (("seals", 1, "seal", "root"), "0" * 64, "seals/3"),
        (("seals", 1, "leaf", "seq"), 5, "seals/3/proof"),
        (("exported_by",), "别人", "file"),
    ],
)
def test_i2_the_first_broken_link_is_named(
    whole: bytes, path: tuple[Any, ...], value: Any, where: str
) -> None:
    evidence = json.loads(whole)
    inner = evidence
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    assert check(evidence)[0].where.startswith(where)


@pytest.mark.parametrize("part", ["rounds", "events", "slots"])
def test_i2_a_row_that_is_missing_added_or_swapped_is_found(whole: bytes, part: str) -> None:
    rows = json.loads(whole)[part]
    for changed in (rows[1:], rows[:-1], [*rows, rows[0]], rows[::-1]):
        found = check({**json.loads(whole), part: changed})
        assert found
        if part != "slots" or len(changed) != len(rows):
            assert found[0].where != "file"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'{"digest": 1}',
        b'{"digest":"x","case":{},"rounds":[],"events":[]}',
        b"\xff",
        b"[" * 9000,
    ],
)
def test_what_is_no_evidence_is_said_to_be_none(content: bytes) -> None:
    assert check_bytes(content)


COLUMNS = [
    (kind, name) for kind in (Case, CaseRound, CaseEvent, Slot, Seal, SealLeaf) for name in columns_of(kind)
]


@pytest.mark.parametrize(("kind", "column"), COLUMNS, ids=lambda one: getattr(one, "__tablename__", one))
def test_i2_a_change_of_any_column_in_the_tables_is_found(desk: Desk, kind: Any, column: str) -> None:
    case_id = UUID(desk.case("li", desk.doc_id)["id"])
    assert check_case_of(desk.here, case_id) == check_seals_of(desk.store) == []
    table, mapped = kind.__tablename__, kind.__table__.c[column].name
    with closing(sqlite3.connect(desk.here.settings.data_dir / "approvals.db", isolation_level=None)) as raw:
        key, value = raw.execute(f'SELECT rowid, "{mapped}" FROM "{table}" LIMIT 1').fetchone()
        change = f'UPDATE "{table}" SET "{mapped}" = ? WHERE rowid = ?'
        raw.execute(change, (other(value), key))
        try:
            found = [one for _, broken in check_database(desk.here) for one in broken]
            alone = [*check_case_of(desk.here, case_id), *check_seals_of(desk.store)]
        finally:
            # the number of a seal is its rowid as well
            raw.execute(change, (value, other(value) if (table, mapped) == ("seal", "n") else key))
    assert found or alone, f"nobody noticed {table}.{column}"
    assert check_case_of(desk.here, case_id) == []


def other(raw: Any) -> Any:
    """Another value of the same kind."""
    if raw is None or isinstance(raw, int):
        return (raw or 0) + 7
    characters = list(str(raw))
    for index, one in enumerate(characters):
        if one.isdigit():
            characters[index] = "1" if one != "1" else "2"
            return "".join(characters)
    return str(raw)[:-1] + "x" if raw else "x"


def test_evidence_is_for_the_applicant_administrators_and_auditors(desk: Desk) -> None:
    case = desk.case("li", desk.doc_id)["id"]
    answers = {who: desk.send(who, "GET", f"cases/{case}/evidence") for who in ("li", "chen", "zhou", "wang")}
    assert {who: one.status_code for who, one in answers.items()} == {
        "li": 200,
        "chen": 200,
        "zhou": 200,
        "wang": 403,
    }
    assert answers["wang"].json()["code"] == "evidence_not_for_you"
    assert "attachment" in answers["li"].headers["content-disposition"]
    desk.add("lone", desk.bureau, "unit_administrator")
    assert desk.send("lone", "GET", f"cases/{case}/evidence").status_code == 404


def test_the_command_line_exports_and_verifies(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Settings(data_dir=desk.here.settings.data_dir)
    target = tmp_path / "case.json"
    assert audit.export(here, desk.case("li", desk.doc_id)["id"], target) == 0
    assert audit.export(here, "SQ-2026-0001", target) == 0
    assert audit.export(here, "SQ-0", target) == 1
    assert audit.verify_files([target]) == 0
    assert audit.verify_database(here) == 0
    target.write_bytes(target.read_bytes().replace("数量不明".encode(), "数量已明".encode()))
    assert audit.verify_files([target, tmp_path / "absent.json"]) == 1
    printed = capsys.readouterr()
    assert "完整" in printed.out
    assert "events/2" in printed.err
    assert "cannot be read" in printed.err
