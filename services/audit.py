"""Evidence from the command line: exports a case, checks exported files and the tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import Select, select

from services.approvals.case import Case
from services.approvals.evidence.file import evidence_file
from services.approvals.evidence.file_check import check_bytes
from services.approvals.evidence.tables_check import check_database, check_seals_of
from services.approvals.finding import Finding
from services.processes import err, guarded, open_data_dir, out
from services.runtime import System
from shared.service import Running
from shared.settings import Settings

SHOWN = 20
"""Findings that are printed of one case; the first one is the first broken link."""


def _approvals(settings: Settings) -> Running:
    open_data_dir(settings.data_dir)
    return System(settings, ["approvals"]).running["approvals"]


@guarded
def export(settings: Settings, which: str, target: Path) -> int:
    """Writes the evidence of a case, found by its id or its application number."""
    with _approvals(settings).store.read() as look:
        case = look.first(_wanted(which))
        if case is None:
            err.print(f"没有审核件 (no case) {which}", markup=False)
            return 1
        content = evidence_file(look, case, "command line")
    target.write_bytes(content)
    out.print(f"{target}: {len(content)} 字节 (bytes), {case.event_seq} 条记录 (entries)", markup=False)
    return 0


def verify_files(files: Sequence[Path]) -> int:
    """Checks exported files, offline."""
    return 1 if any([_report(str(path), _read(path)) for path in files]) else 0


@guarded
def verify_database(settings: Settings) -> int:
    """Checks every case in the tables with the files of its opinions, and the seals."""
    total, here = 0, _approvals(settings)
    broken = int(_report("seals", check_seals_of(here.store)))
    for case_id, found in check_database(here):
        total += 1
        if found:
            broken += _report(f"case {case_id}", found)
    out.print(f"{total} 个审核件已核对 (cases checked)，{broken} 个有问题 (broken)")
    return 1 if broken else 0


def _wanted(which: str) -> Select[Case]:
    try:
        return select(Case).where(Case.id == UUID(which))
    except ValueError:
        return select(Case).where(Case.number == which).order_by(Case.opened_at.desc())


def _read(path: Path) -> list[Finding]:
    try:
        return check_bytes(path.read_bytes())
    except OSError as error:
        return [Finding("file", f"无法读取 (cannot be read: {error.strerror})")]


def _report(what: str, found: Sequence[Finding]) -> bool:
    """Prints the verdict; whether something is broken."""
    if not found:
        out.print(f"{what}: 完整 (whole)", markup=False)
    for one in found[:SHOWN]:
        err.print(f"{what}: {one}", markup=False)
    return bool(found)
