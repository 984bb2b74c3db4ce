"""Adjustments of budget lines from CSV: a preview with every error by line, then all or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.plans.budget import BudgetLine, Entry
from services.plans.budget_file import KEY_COLUMNS, problem_of, units_below
from services.plans.catalogue import at_most
from shared.csvfile import Column, LineProblem, Row, read_rows
from shared.errors import Conflict, Invalid
from shared.money import format_yuan, parse_yuan
from shared.people import Caller
from shared.store import Work

Key = tuple[UUID, int, str, str, str]
"""Unit, year, project code, fund nature and catalogue code: what a line is known by."""


def import_adjustments(work: Work, data: bytes, by: Caller) -> tuple[list[Row], list[LineProblem]]:
    """Adjusts the lines that a file names; with any problem nothing must be kept.

    Gives what was read and the problems. Lines are locked in the order of their ids; those that are named
    several times are adjusted in the order of the file.
    """
    sheet = read_rows(data, COLUMNS)
    problems = list(sheet.problems)
    wrong = {problem.line for problem in problems}
    rows = [row for row in sheet.rows if row.line not in wrong]
    usccs = {row.values["uscc"] for row in rows}
    units = {uscc: unit.organisation_id for uscc, (unit, _) in units_below(work, by, usccs).items()}
    lines = _locked(work, units.values(), {row.values["fiscal_year"] for row in rows})
    for row in rows:
        unit = units.get(row.values["uscc"])
        line = lines.get(_key(unit, row)) if unit else None
        if unit is None:
            problems.append(problem_of(row, "unit_unknown", "本区划内没有该单位", "uscc"))
        elif line is None:
            problems.append(problem_of(row, "budget_line_unknown", "没有这条采购预算", "project_code"))
        else:
            problems += _adjust(work, line, row, by)
    return rows, problems


def _adjust(work: Work, line: BudgetLine, row: Row, by: Caller) -> list[LineProblem]:
    about = {"actor_id": by.person_id, "reason": row.values["reason"]}
    fen = row.values["direction"] * row.values["amount"]
    try:
        work.add(line.enter(Entry.ADJUSTED, fen, work.now, **about))
    except Conflict as conflict:
        text = f"{conflict.text}，可用 {format_yuan(line.available_fen)} 元"
        return [problem_of(row, conflict.code, text, "amount")]
    return []


def _locked(work: Work, units: Iterable[UUID], years: set[int]) -> dict[Key, BudgetLine]:
    wanted = select(BudgetLine).where(
        BudgetLine.organisation_id.in_(list(units)), BudgetLine.fiscal_year.in_(years)
    )
    known: dict[Key, BudgetLine] = {}
    for line in work.lock_all(wanted.order_by(BudgetLine.id)):
        about = (line.project_code, line.fund_nature, line.catalogue_code)
        known[line.organisation_id, line.fiscal_year, *about] = line
    return known


def _key(unit: UUID, row: Row) -> Key:
    values: Any = row.values
    return (
        unit,
        values["fiscal_year"],
        values["project_code"],
        values["fund_nature"],
        values["catalogue_code"] or "",
    )


def _direction(text: str) -> int:
    signs = {"调增": 1, "增加": 1, "increase": 1, "调减": -1, "减少": -1, "decrease": -1}
    if text.lower() not in signs:
        raise Invalid("direction_unknown", "须为“调增”或“调减”", "must be increase or decrease")
    return signs[text.lower()]


COLUMNS = (
    *KEY_COLUMNS,
    Column("direction", "调整方向", "Direction", required=True, parse=_direction),
    Column("amount", "金额", "Amount", required=True, parse=parse_yuan),
    Column("reason", "调整原因", "Reason", required=True, parse=at_most(500)),
)
