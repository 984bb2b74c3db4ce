"""Organisations from a CSV file, with superiors that may stand in the same file in any order."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import TypeAdapter
from sqlalchemy import select

from services.directory.organisation import (
    KIND_LABELS,
    Kind,
    Organisation,
    check_superior,
    kind_refused,
    new_organisation,
    place_for_new,
    uscc_problem,
)
from services.directory.permissions import Verb, covers
from services.directory.schemas.districts import DistrictCode
from services.directory.schemas.organisations import ExemptClass, OrganisationName
from services.directory.sheet import Import, checked, differs, invalid_cell, one_of, read_import
from services.directory.tables import take_turn
from shared.csvfile import Column, Row
from shared.errors import Forbidden, Problem, invalid
from shared.people import Caller
from shared.store import Work

LIMIT = 2000
FIELDS = ("name", "kind", "district_code", "import_exempt_class")


def read_uscc(cell: str) -> str:
    uscc = cell.upper()
    if problem := uscc_problem(uscc, ""):
        raise invalid_cell(problem.code, problem.text, problem.text_en)
    return uscc


COLUMNS = (
    Column("uscc", "统一社会信用代码", "USCC", required=True, parse=read_uscc),
    Column(
        "name",
        "单位名称",
        "name",
        required=True,
        parse=checked(
            TypeAdapter(OrganisationName).validate_python, "name_invalid", "名称过长", "the name is too long"
        ),
    ),
    Column("kind", "单位类型", "kind", required=True, parse=one_of(KIND_LABELS)),
    Column(
        "district_code",
        "区划代码",
        "district",
        required=True,
        parse=checked(
            TypeAdapter(DistrictCode).validate_python, "district_unknown", "应为六位数字", "six digits"
        ),
    ),
    Column("superior_uscc", "主管单位代码", "superior USCC", parse=read_uscc),
    Column(
        "import_exempt_class",
        "进口免审类别",
        "import exempt class",
        parse=checked(
            TypeAdapter(ExemptClass).validate_python,
            "choice_unknown",
            "应为 university 或 research",
            "university or research",
        ),
    ),
)


def import_organisations(work: Work, data: bytes, caller: Caller) -> Import:
    """Adds the organisations of a file, and publishes them. With problems in the answer, keep nothing."""
    found = read_import(data, COLUMNS, LIMIT)
    take_turn(work, "superiors")
    known = _known(work, found.rows)
    made: dict[str, Organisation] = {}
    for row in found.rows:
        with found.judging(row):
            uscc = row.values["uscc"]
            if uscc in made:
                raise invalid([Problem("uscc_twice", "文件中重复出现", "/uscc", "twice in this file")])
            if uscc in known:
                _must_be_same(known[uscc], row, known, caller)
                found.done(row, "unchanged", row.values["name"])
                continue
            made[uscc] = _made(work, row, caller)
            work.add(made[uscc])
            found.done(row, "create", row.values["name"])
    work.session.flush()
    _set_superiors(work, found, {**known, **made}, made)
    work.publish(*(organisation.changed() for organisation in made.values()))
    return found


def _known(work: Work, rows: list[Row]) -> dict[str, Organisation]:
    codes = {row.values[name] for row in rows for name in ("uscc", "superior_uscc")} - {None}
    return {one.uscc or "": one for one in work.all(select(Organisation).where(Organisation.uscc.in_(codes)))}


def _must_be_same(there: Organisation, row: Row, known: Mapping[str, Organisation], caller: Caller) -> None:
    """An empty cell says nothing. Raises `Invalid`: `differs` for each column that says otherwise than what
    is there, `uscc_taken` for what is out of sight."""
    if not covers(caller, Verb.READ_ORGANISATIONS, there.id, there.district.path):
        raise invalid([Problem("uscc_taken", "该代码已被其他单位使用", "/uscc", "this code is taken")])
    said = {name: row.values[name] for name in FIELDS if row.values[name] is not None}
    wrong = [differs(name) for name, value in said.items() if getattr(there, name) != value]
    superior = known.get(row.values["superior_uscc"])
    if row.values["superior_uscc"] and (superior is None or superior.id != there.superior_id):
        wrong.append(differs("superior_uscc"))
    if wrong:
        raise invalid(wrong)


def _made(work: Work, row: Row, caller: Caller) -> Organisation:
    kind: Kind = row.values["kind"]
    if reason := kind_refused(caller, kind):
        raise Forbidden("kind_beyond_reach", reason, "organisations of this kind are kept by others")
    district = place_for_new(work, row.values["district_code"], caller)
    if isinstance(district, Problem):
        raise invalid([district])
    made = new_organisation(row.values["uscc"], row.values["name"], kind, district)
    made.import_exempt_class = row.values["import_exempt_class"]
    return made


def _set_superiors(
    work: Work, found: Import, known: dict[str, Organisation], made: dict[str, Organisation]
) -> None:
    for row in found.rows:
        wanted = row.values["superior_uscc"]
        organisation = made.get(row.values["uscc"])
        if wanted is None or organisation is None:
            continue
        with found.judging(row):
            if wanted not in known:
                text_en = "no such organisation"
                raise invalid([Problem("organisation_unknown", "主管单位不存在", "/superior_uscc", text_en)])
            check_superior(work, organisation.id, known[wanted].id)
            organisation.superior_id = known[wanted].id
            work.session.flush()
