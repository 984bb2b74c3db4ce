"""The catalogue of procurement items (政府采购品目分类目录 2022): a subset ships, the whole is imported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from services.plans import reference
from services.plans.tables import Base
from shared.csvfile import Column, LineProblem, Row, read_rows
from shared.errors import Conflict, Invalid, Problem, invalid
from shared.store import Look, Work

CODE = r"^[ABC](\d{8})?$"
SHOWN = 20
"""Codes that are named where many would be deselected."""


class CatalogueItem(Base):
    """A code of the catalogue; only selectable ones may stand in a plan."""

    __tablename__ = "catalogue_item"

    code: Mapped[str] = mapped_column(String(9), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    parent_code: Mapped[str] = mapped_column(String(9), index=True)
    selectable: Mapped[bool]


def entries(look: Look, codes: Iterable[str]) -> dict[str, CatalogueItem]:
    """The entries of these codes, as far as they exist."""
    wanted = {code for code in codes if code}
    if not wanted:
        return {}
    return {row.code: row for row in look.all(select(CatalogueItem).where(CatalogueItem.code.in_(wanted)))}


def first_catalogue(work: Work) -> None:
    """The subset that ships."""
    work.add(*(_item(row) for row in reference.read("catalogue")))


@dataclass(frozen=True)
class CatalogueFile:
    """A whole catalogue as a file gives it, and everything that is wrong with it."""

    rows: int
    items: dict[str, CatalogueItem]
    problems: list[LineProblem]

    def deselected(self, look: Look) -> list[str]:
        """The codes that can be selected now and no longer once the file is taken over."""
        now = look.all(
            select(CatalogueItem.code).where(CatalogueItem.selectable).order_by(CatalogueItem.code)
        )
        return [code for code in now if code not in self.items or not self.items[code].selectable]

    def take_over(self, work: Work, deselecting: int) -> list[str]:
        """Codes that are not in the file stay, but can no longer be selected; whoever sends it says how many
        become so. Gives them. Raises `Conflict` (`deselection_unconfirmed`)."""
        every = work.lock_all(select(CatalogueItem).order_by(CatalogueItem.code))
        gone = self.deselected(work)
        if len(gone) != deselecting:
            raise Conflict(
                "deselection_unconfirmed",
                f"导入后将有 {len(gone)} 个品目不能再选，请确认这一数目",
                f"{len(gone)} codes could no longer be selected: confirm this number",
                facts={"deselected": len(gone), "codes": gone[:SHOWN]},
            )
        for known in every:
            known.selectable = False
        for item in self.items.values():
            work.session.merge(item)
        return gone


def read_catalogue(data: bytes) -> CatalogueFile:
    """Reads a whole catalogue from CSV. Raises as `read_rows` does, also for a file of a header only."""
    sheet = read_rows(data, COLUMNS)
    problems = [*sheet.problems, *_repeated(sheet.rows)]
    if not sheet.rows and not problems:
        raise invalid([Problem("csv_empty", "文件没有品目", "/lines", "the file has no codes")])
    items = {} if problems else {row.values["code"]: _item(row.values) for row in sheet.rows}
    return CatalogueFile(len(sheet.rows), items, problems)


def _item(values: Mapping[str, Any]) -> CatalogueItem:
    code = values["code"]
    return CatalogueItem(
        code=code,
        name_zh=values["name_zh"],
        name_en=values.get("name_en") or "",
        kind=KINDS[code[0]],
        parent_code=values.get("parent_code") or parent_of(code),
        selectable=values["selectable"] in ("y", True),
    )


def parent_of(code: str) -> str:
    """The level above: pairs of digits become 00 from the right, the last step is the letter alone."""
    if len(code) == 1:
        return ""
    pairs = [code[place : place + 2] for place in range(1, 9, 2)]
    used = [pair for pair in pairs if pair != "00"][:-1]
    return code[0] + "".join(used).ljust(8, "0") if used else code[0]


def covers(code: str, other: str) -> bool:
    """Whether a code is the other one, or above it: pairs of 00 at the end stand for all that is below."""
    return other.startswith(re.sub("(00)+$", "", code))


def _repeated(rows: Iterable[Row]) -> Iterable[LineProblem]:
    seen: set[str] = set()
    for row in rows:
        code = row.values["code"]
        if code in seen:
            text = f"第 {row.line} 行：品目编码 {code} 重复"
            yield LineProblem("code_repeated", text, f"/lines/{row.line}/code", "repeated", row.line, "code")
        seen.add(code or "")


def _code(text: str) -> str:
    if not re.fullmatch(CODE, text):
        raise Invalid("catalogue_code_malformed", "品目编码格式不正确", "not a catalogue code")
    return text


def _flag(text: str) -> bool:
    flags = {"y": True, "yes": True, "是": True, "1": True, "n": False, "no": False, "否": False, "0": False}
    if text.lower() not in flags:
        raise Invalid("not_a_flag", "须为“是”或“否”", "must be y or n")
    return flags[text.lower()]


def at_most(length: int) -> Callable[[str], str]:
    """Reads a cell of at most so many characters."""

    def read(text: str) -> str:
        if len(text) > length:
            raise Invalid("cell_too_long", f"不能超过 {length} 个字符", f"above {length} characters")
        return text

    return read


KINDS = {"A": "goods", "B": "works", "C": "services"}
COLUMNS = (
    Column("code", "品目编码", "Code", required=True, parse=_code),
    Column("name_zh", "品目名称", "Name", required=True, parse=at_most(200)),
    Column("name_en", "英文名称", "English name", parse=at_most(200)),
    Column("parent_code", "上级编码", "Parent code", parse=_code),
    Column("selectable", "可选", "Selectable", required=True, parse=_flag),
)
