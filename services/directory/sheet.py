"""CSV imports: what became of each line, and everything that is wrong with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from shared.csvfile import Column, LineProblem, Row, Sheet, read_rows
from shared.errors import Invalid, Problem, Refusal, invalid

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True)
class Line:
    """action: create | appoint | unchanged."""

    line: int
    action: str
    name: str


@dataclass
class Import:
    """The lines that are fine and the problems of the others; with any problem nothing may be kept."""

    columns: tuple[Column, ...]
    rows: list[Row] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    problems: list[LineProblem] = field(default_factory=list)

    def done(self, row: Row, action: str, name: str) -> None:
        self.lines.append(Line(row.line, action, name))

    @contextmanager
    def judging(self, row: Row) -> Iterator[None]:
        """Notes a refusal as problems of this line and goes on with the next."""
        try:
            yield
        except Refusal as refusal:
            plain = Problem(refusal.code, refusal.text, "", refusal.text_en)
            self.problems += [self._of_line(problem, row) for problem in refusal.problems or [plain]]

    def _of_line(self, problem: Problem, row: Row) -> LineProblem:
        name = problem.pointer.rpartition("/")[2]
        labels = {column.name: column.zh for column in self.columns}
        where = f"第 {row.line} 行" + (f"“{labels[name]}”" if name in labels else "")
        pointer = f"/lines/{row.line}" + (f"/{name}" if name in labels else "")
        return LineProblem(
            problem.code,
            f"{where}：{problem.text}",
            pointer,
            f"Line {row.line}: {problem.text_en}",
            row.line,
            name if name in labels else "",
        )


def read_import(data: bytes, columns: tuple[Column, ...], limit: int) -> Import:
    """The rows that could be read whole. Raises as `read_rows` does, and `Invalid` (`csv_too_many_rows`)."""
    sheet: Sheet = read_rows(data, columns)
    if len(sheet.rows) > limit:
        text = f"一次最多导入 {limit} 行"
        raise invalid([Problem("csv_too_many_rows", text, "/lines", f"at most {limit} rows at once")])
    bad = {problem.line for problem in sheet.problems}
    rows = [row for row in sheet.rows if row.line not in bad]
    return Import(columns, rows, problems=list(sheet.problems))


def differs(column: str) -> Problem:
    """A cell that says otherwise than what is there already: an import adds, it changes nothing."""
    text = "与系统中已有的内容不同；导入不修改已有内容，请在系统中修改，或改正文件"
    return Problem("differs", text, f"/{column}", "differs from what is there; an import changes nothing")


def one_of(labels: Mapping[Choice, str]) -> Callable[[str], Choice]:
    """Reads a code or its Chinese label."""
    known = {**{str(code): code for code in labels}, **{label: code for code, label in labels.items()}}

    def read(cell: str) -> Choice:
        if cell not in known:
            text = "应为：" + "、".join(labels.values())
            raise invalid_cell("choice_unknown", text, f"one of: {', '.join(labels)}")
        return known[cell]

    return read


def checked(parse: Callable[[str], Any], code: str, text: str, text_en: str) -> Callable[[str], Any]:
    """Reads a cell by a parser that raises ValueError."""

    def read(cell: str) -> Any:
        try:
            return parse(cell)
        except ValueError:
            raise invalid_cell(code, text, text_en) from None

    return read


def invalid_cell(code: str, text: str, text_en: str) -> Invalid:
    return Invalid(code, text, text_en)
