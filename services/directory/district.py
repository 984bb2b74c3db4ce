"""A district (区划): the tree that scopes, rules and reviewer chains follow."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import ColumnElement, ForeignKey, String, true
from sqlalchemy.orm import Mapped, mapped_column

from services.directory.tables import Directory
from shared.errors import Problem, invalid
from shared.events.directory import DistrictChanged
from shared.people import Caller

SHIPPED = Path(__file__).parent / "data" / "districts.csv"
LEVELS = {"province": "省级", "prefecture": "市级", "county": "县级", "statistical_zone": "统计区"}
BELOW = {
    None: {"province"},
    "province": {"province", "prefecture"},
    "prefecture": {"county", "statistical_zone"},
    "county": {"statistical_zone"},
    "statistical_zone": set[str](),
}
"""Which levels may stand below a level. A province also holds its own budget level (149900, 省本级)."""


class District(Directory):
    """`path` lists the codes from the root, `/140000/140100/`; only a selectable one holds organisations."""

    __tablename__ = "district"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    level: Mapped[str] = mapped_column(String(20))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"), index=True)
    path: Mapped[str] = mapped_column(String(60), index=True)
    selectable: Mapped[bool]

    @classmethod
    def visible_to(cls, _caller: Caller) -> ColumnElement[bool]:
        return true()

    def changed(self) -> DistrictChanged:
        """The whole state as others see it."""
        return DistrictChanged(
            code=self.code,
            version=self.version,
            name=self.name,
            level=self.level,
            parent_code=self.parent_code,
            path=self.path,
            selectable=self.selectable,
        )

    def change(self, name: str, name_en: str, selectable: bool) -> DistrictChanged:
        """Renames, opens or closes the district; code and place in the tree never change."""
        self.name, self.name_en, self.selectable = name, name_en, selectable
        self.version += 1
        return self.changed()


def new_district(code: str, name: str, level: str, parent: District | None) -> District:
    """A district below another. Raises `Invalid` (`level_not_below_parent`)."""
    above = parent.level if parent else None
    if level not in BELOW[above] or (
        above == "province" and level == "province" and parent and parent.parent_code
    ):
        text = f"“{LEVELS[level]}”不能设在“{LEVELS[above]}”之下" if above else "最上级区划只能是省级"
        raise invalid([Problem("level_not_below_parent", text, "/level", "this level cannot stand there")])
    return District(
        code=code,
        version=1,
        name=name,
        name_en="",
        level=level,
        parent_code=parent.code if parent else None,
        path=f"{parent.path if parent else '/'}{code}/",
        selectable=True,
    )


def shipped_districts() -> Iterator[District]:
    """The districts that come with the product, parents before children."""
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    made: dict[str, District] = {}
    for row in sorted(rows.values(), key=lambda row: (list(LEVELS).index(row["level"]), row["code"])):
        district = new_district(row["code"], row["name"], row["level"], made.get(row["parent"]))
        district.name_en, district.selectable = row["name_en"], row["selectable"] == "y"
        made[district.code] = district
        yield district
