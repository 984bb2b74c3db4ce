"""Budget lines from CSV: a preview with every error by line, then all or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.plans import reference
from services.plans.budget import BudgetEntry, BudgetLine, Entry
from services.plans.catalogue import CODE, at_most
from services.plans.district import District
from shared.csvfile import Column, LineProblem, Row, read_rows
from shared.errors import Conflict, Invalid
from shared.money import parse_yuan
from shared.people import Caller, DistrictCopy, OrganisationCopy
from shared.store import Work


@dataclass(frozen=True)
class NewLine:
    """A budget line that somebody wants to create; the amount in fen."""

    fiscal_year: int
    project_code: str
    project_name: str
    fund_nature: str
    catalogue_code: str
    approved_fen: int

    @property
    def key(self) -> tuple[int, str, str, str]:
        return self.fiscal_year, self.project_code, self.fund_nature, self.catalogue_code


def create_line(
    work: Work, unit: OrganisationCopy, district: District, new: NewLine, by: Caller
) -> BudgetLine:
    """A new line with its first ledger entry. Raises `Conflict` (`budget_line_exists`).

    The unit's row must be locked, so that two of them do not create the same line.
    """
    if find_line(work, unit.organisation_id, new) is not None:
        raise Conflict("budget_line_exists", "该预算已存在", "this budget line exists already")
    line = BudgetLine.empty(
        work.now,
        fiscal_year=new.fiscal_year,
        organisation_id=unit.organisation_id,
        district_code=district.code,
        district_path=district.path,
        project_code=new.project_code,
        project_name=new.project_name,
        fund_nature=new.fund_nature,
        catalogue_code=new.catalogue_code,
    )
    work.add(line)
    work.session.flush()
    entry: BudgetEntry = line.enter(Entry.APPROVED, new.approved_fen, work.now, actor_id=by.person_id)
    work.add(entry)
    return line


def find_line(work: Work, organisation_id: UUID, new: NewLine) -> BudgetLine | None:
    return work.first(
        select(BudgetLine).where(
            BudgetLine.organisation_id == organisation_id,
            BudgetLine.fiscal_year == new.fiscal_year,
            BudgetLine.project_code == new.project_code,
            BudgetLine.fund_nature == new.fund_nature,
            BudgetLine.catalogue_code == new.catalogue_code,
        )
    )


def import_lines(work: Work, data: bytes, by: Caller) -> tuple[list[NewLine], list[LineProblem]]:
    """Creates the lines of a file for units of the caller's district; with any problem nothing must be kept.

    Gives what was read and the problems. Units are locked in the order of their ids.
    """
    sheet = read_rows(data, COLUMNS)
    problems = list(sheet.problems)
    units = units_below(work, by, {str(row.values["uscc"]) for row in sheet.rows})
    wrong = {problem.line for problem in problems}
    created: list[NewLine] = []
    for row in sheet.rows:
        new = None if row.line in wrong else _new(row.values)
        if new is None:
            continue
        created.append(new)
        problems += _create(work, units, row, new, by)
    return created, problems


def _create(
    work: Work,
    units: Mapping[str, tuple[OrganisationCopy, District]],
    row: Row,
    new: NewLine,
    by: Caller,
) -> Iterator[LineProblem]:
    unit = units.get(row.values["uscc"])
    if unit is None:
        yield problem_of(row, "unit_unknown", "本区划内没有该单位", "uscc")
        return
    try:
        create_line(work, *unit, new, by)
    except Conflict as conflict:
        yield problem_of(row, conflict.code, conflict.text, "project_code")


def units_below(work: Work, by: Caller, usccs: set[str]) -> dict[str, tuple[OrganisationCopy, District]]:
    """The active units of the caller's district and below by their codes, locked in the order of ids."""
    below = DistrictCopy.path.startswith(by.district_path, autoescape=True)
    statement = (
        select(OrganisationCopy, DistrictCopy)
        .join(DistrictCopy, DistrictCopy.code == OrganisationCopy.district_code)
        .where(OrganisationCopy.uscc.in_(usccs), OrganisationCopy.active, below)
        .order_by(OrganisationCopy.organisation_id)
        .with_for_update(of=OrganisationCopy)
    )
    rows: list[Any] = list(work.execute(statement))
    return {unit.uscc: (unit, District.of(district)) for unit, district in rows}


def _new(values: Mapping[str, Any]) -> NewLine:
    return NewLine(
        fiscal_year=values["fiscal_year"],
        project_code=values["project_code"],
        project_name=values["project_name"],
        fund_nature=values["fund_nature"],
        catalogue_code=values["catalogue_code"] or "",
        approved_fen=values["amount"],
    )


def problem_of(row: Row, code: str, text: str, column: str) -> LineProblem:
    """What is wrong with a line of the file."""
    return LineProblem(
        code, f"第 {row.line} 行：{text}", f"/lines/{row.line}/{column}", code, row.line, column
    )


def _year(text: str) -> int:
    if not re.fullmatch(r"20\d\d", text):
        raise Invalid("year_malformed", "年度须为四位数字", "a year of four digits")
    return int(text)


def _fund_nature(text: str) -> str:
    for term in reference.fund_natures().values():
        if text in (term.code, term.name_zh):
            return term.code
    raise Invalid("unknown_choice", "不是可选的资金性质", "not a fund nature")


def _catalogue_code(text: str) -> str:
    if not re.fullmatch(CODE, text):
        raise Invalid("catalogue_code_malformed", "品目编码格式不正确", "not a catalogue code")
    return text


KEY_COLUMNS = (
    Column("uscc", "统一社会信用代码", "Unit code", required=True, parse=at_most(18)),
    Column("fiscal_year", "年度", "Fiscal year", required=True, parse=_year),
    Column("project_code", "项目编码", "Project code", required=True, parse=at_most(60)),
    Column("fund_nature", "资金性质", "Fund nature", required=True, parse=_fund_nature),
    Column("catalogue_code", "品目编码", "Catalogue code", parse=_catalogue_code),
)
"""By these a budget line is found again."""
COLUMNS = (
    *KEY_COLUMNS,
    Column("project_name", "项目名称", "Project name", required=True, parse=at_most(200)),
    Column("amount", "金额", "Amount", required=True, parse=parse_yuan),
)
