"""Tables that people send as CSV: read in whole, with every problem told by line and column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError

from shared.errors import Invalid, Problem, Refusal, TooLarge

SIZE_LIMIT = 5 * 1024 * 1024
ROW_LIMIT = 10_000
CELL_LIMIT = 2_000
PROBLEM_LIMIT = 1_000
DELIMITERS = ",\t;"
_LINE_END = re.compile(r"\r\n|\r|\n")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Column:
    """A column: `name` in code, its Chinese and English header, and how a cell that is not blank is read.

    `parse` takes the stripped text and raises ValueError, or a Refusal, for what it does not accept. A
    required column must be there, and none of its cells may be blank.
    """

    name: str
    zh: str
    en: str = ""
    required: bool = False
    parse: Callable[[str], Any] = str

    def headers(self) -> set[str]:
        return {_header(header) for header in (self.name, self.zh, self.en) if header}


@dataclass(frozen=True)
class LineProblem(Problem):
    """A problem of one line (the first line of the file is 1) and, where it has one, of one column."""

    line: int = 0
    column: str = ""


@dataclass(frozen=True)
class Row:
    """One line's values by column name; None where the cell is blank or refused, or the column absent."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Sheet:
    """The rows, also those with problems, and the problems; without problems it is fit to be used."""

    rows: list[Row]
    problems: list[LineProblem]


def read_rows(data: bytes, columns: Sequence[Column]) -> Sheet:
    """Reads CSV in UTF-8 (BOM or not), GBK or GB18030, with comma, tab or semicolon, columns in any order.

    The first line that is not blank is the header; if it is wrong, no rows are read. Blank lines are left
    out. After `PROBLEM_LIMIT` problems the rest is not read. Raises TooLarge `csv_too_large`, and Invalid
    `csv_empty`, `csv_encoding`, `csv_control_character`, `csv_quotes` or `csv_too_many_rows`, whose problem
    has the line.
    """
    text = _decoded(data)
    lines = list(_lines(text, _delimiter(text, columns)))
    if not lines:
        raise _refusal("csv_empty", "文件没有内容", "The file has no content", 1)
    header, *body = lines
    places, problems = _places(*header, columns)
    rows: list[Row] = []
    if not problems:
        for line, cells in body:
            values, wrong = _values(line, cells, places)
            rows.append(Row(line, dict.fromkeys((column.name for column in columns), None) | values))
            problems += wrong
            if len(problems) >= PROBLEM_LIMIT:
                problems.append(
                    _problem(line, None, "csv_reading_stopped", "问题过多，此后各行未读取", "Stopped here")
                )
                break
    return Sheet(rows, problems)


def _decoded(data: bytes) -> str:
    if len(data) > SIZE_LIMIT:
        raise TooLarge("csv_too_large", "文件不能超过 5 MB", "A table may have 5 MiB at most")
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        if odd := _NOT_TEXT.search(text):
            line = len(_LINE_END.findall(text, 0, odd.start())) + 1
            raise _refusal("csv_control_character", "含有控制字符", "A control character", line)
        return text
    raise _refusal("csv_encoding", "文件编码须为 UTF-8 或 GBK", "The encoding must be UTF-8 or GBK", 1)


def _delimiter(text: str, columns: Sequence[Column]) -> str:
    """The delimiter that turns most of the first line into known headers."""
    known = {header for column in columns for header in column.headers()}
    first = _LINE_END.split(text.lstrip(DELIMITERS + '\r\n "\u3000'), maxsplit=1)[0]

    def fit(delimiter: str) -> int:
        return sum(_header(cell.strip().strip('"')) in known for cell in first.split(delimiter))

    return max(DELIMITERS, key=fit)


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not blank, each with the number that it starts at; the first is the header."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start, count = 1, 0
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                count += 1
                if count > ROW_LIMIT + 1:
                    raise _refusal("csv_too_many_rows", f"不能超过 {ROW_LIMIT} 行", "Too many rows", start)
                yield start, stripped
            start = reader.line_num + 1
    except csv.Error:  # also when a quote that is never closed swallows more than a cell can hold
        raise _refusal("csv_quotes", "引号不成对", "Quotes do not match", start) from None


def _places(
    line: int, cells: list[str], columns: Sequence[Column]
) -> tuple[dict[int, Column], list[LineProblem]]:
    """Which column stands at which place, and what is wrong with the header."""
    by_header = {header: column for column in columns for header in column.headers()}
    places: dict[int, Column] = {}
    problems = []
    for place, cell in enumerate(cells):
        column = by_header.get(_header(cell))
        if column in places.values() and column:
            problems.append(_problem(line, column, "column_twice", "列重复", "The column is there twice"))
        elif column:
            places[place] = column
        elif cell:
            problems.append(
                _problem(
                    line, None, "column_unknown", f"不认识的列“{cell[:50]}”", f"Unknown column '{cell[:50]}'"
                )
            )
    absent = [column for column in columns if column.required and column not in places.values()]
    problems += [
        _problem(line, column, "column_missing", "缺少此列", "The column is missing") for column in absent
    ]
    return places, problems[:PROBLEM_LIMIT]


def _values(
    line: int, cells: list[str], places: Mapping[int, Column]
) -> tuple[dict[str, Any], list[LineProblem]]:
    values: dict[str, Any] = {}
    problems = []
    if any(cell for place, cell in enumerate(cells) if place not in places):
        problems.append(_problem(line, None, "cell_unexpected", "单元格多于表头", "More cells than headers"))
    for place, column in places.items():
        try:
            values[column.name] = _value(cells[place] if place < len(cells) else "", column)
        except PydanticCustomError as error:
            english = str((error.context or {}).get("text_en", ""))
            problems.append(_problem(line, column, error.type, error.message(), english))
        except Refusal as error:
            problems.append(_problem(line, column, error.code, error.text, error.text_en))
        except ValueError:
            problems.append(
                _problem(line, column, "cell_invalid", "内容不符合要求", "The value is not accepted")
            )
    return values, problems


def _value(cell: str, column: Column) -> Any:
    if len(cell) > CELL_LIMIT:
        raise Invalid("cell_too_long", f"不能超过 {CELL_LIMIT} 个字符", f"Above {CELL_LIMIT} characters")
    if cell:
        return column.parse(cell)
    if column.required:
        raise Invalid("cell_missing", "必填", "Required")
    return None


def _header(cell: str) -> str:
    """A header as it is compared: without spaces, underscores and the star of a required field."""
    return re.sub(r"[\s_*＊]", "", cell).casefold()


def _problem(line: int, column: Column | None, code: str, text: str, text_en: str) -> LineProblem:
    zh, en = (column.zh, column.en or column.name) if column else ("", "")
    return LineProblem(
        code,
        f"第 {line} 行“{zh}”：{text}" if zh else f"第 {line} 行：{text}",
        f"/lines/{line}/{column.name}" if column else f"/lines/{line}",
        f"Line {line}, {en}: {text_en}" if en else f"Line {line}: {text_en}",
        line,
        column.name if column else "",
    )


def _refusal(code: str, text: str, text_en: str, line: int) -> Invalid:
    return Invalid(code, text, text_en, problems=[_problem(line, None, code, text, text_en)])
