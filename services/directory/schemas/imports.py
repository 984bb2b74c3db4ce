"""The outcome of a CSV import as it travels over HTTP."""

from __future__ import annotations

from pydantic import Field

from services.directory.sheet import Import
from shared.http import Shape


class ImportLine(Shape):
    """What becomes of a line (the first line of the file is 1)."""

    line: int = Field(examples=[2])
    action: str = Field(description="create、appoint、unchanged", examples=["create"])
    name: str = Field(examples=["示例市人民医院"])


class ImportProblem(Shape):
    """What is wrong with a line."""

    line: int
    column: str = Field(examples=["uscc"])
    code: str = Field(examples=["uscc_invalid"])
    detail: str


class InitialPassword(Shape):
    """The one-time password of a new account."""

    login: str
    password: str


class ImportShape(Shape):
    """`committed` tells whether anything was kept: all lines or none."""

    committed: bool
    counts: dict[str, int] = Field(examples=[{"create": 12, "unchanged": 1}])
    lines: list[ImportLine]
    problems: list[ImportProblem]
    initial_passwords: list[InitialPassword] = Field(
        default_factory=list, description="只显示一次 (shown once)"
    )


def import_shape(found: Import, committed: bool) -> ImportShape:
    counts: dict[str, int] = {}
    for line in found.lines:
        counts[line.action] = counts.get(line.action, 0) + 1
    problems = [
        ImportProblem(line=one.line, column=one.column, code=one.code, detail=one.text)
        for one in sorted(found.problems, key=lambda one: one.line)
    ]
    lines = [ImportLine.model_validate(line) for line in found.lines]
    return ImportShape(committed=committed, counts=counts, lines=lines, problems=problems)
