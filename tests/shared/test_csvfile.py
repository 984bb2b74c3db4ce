"""CSV files as offices send them: many spellings, and every mistake told by its line."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.csvfile import CELL_LIMIT, PROBLEM_LIMIT, ROW_LIMIT, SIZE_LIMIT, Column, read_rows
from shared.errors import Invalid, Refusal, TooLarge, invalid, problem_json
from shared.money import parse_yuan

COLUMNS = [
    Column("code", "预算编号", "Budget code", required=True),
    Column("name", "项目名称", "Project name"),
    Column("amount", "金额", "Amount", required=True, parse=parse_yuan),
    Column("opens", "启用日期", "Opens", parse=date.fromisoformat),
]
TABLE = "预算编号,项目名称,金额\nB-1,课桌椅,1200.50\nB-2,多媒体设备,300\n"
ROWS = [("B-1", "课桌椅", 120_050), ("B-2", "多媒体设备", 30_000)]
cells = st.text(st.characters(codec="gb18030", exclude_categories=["Cc", "Cs"]), max_size=20).map(str.strip)


def read(text: str, encoding: str = "utf-8") -> list[tuple[Any, ...]]:
    sheet = read_rows(text.encode(encoding), COLUMNS)
    assert sheet.problems == []
    return [(row.values["code"], row.values["name"], row.values["amount"]) for row in sheet.rows]


def problems(text: str) -> list[tuple[int, str, str]]:
    return [(found.line, found.column, found.code) for found in read_rows(text.encode(), COLUMNS).problems]


def refusal(data: bytes) -> tuple[str, int]:
    with pytest.raises(Invalid) as refused:
        read_rows(data, COLUMNS)
    (problem,) = refused.value.problems
    return refused.value.code, int(problem.pointer.removeprefix("/lines/"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_the_usual_encodings_are_read(encoding: str) -> None:
    assert read(TABLE, encoding) == ROWS


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_usual_delimiters_and_line_ends_are_read(delimiter: str, end: str) -> None:
    assert read(TABLE.replace(",", delimiter).replace("\n", end)) == ROWS
    assert read(TABLE.replace(",", delimiter).replace("\n", end).rstrip()) == ROWS


@pytest.mark.parametrize(
    "header",
    [
        "金额,预算编号",
        "amount,code",
        "AMOUNT , Budget Code",
        "*金额,预算编号＊",
        '"金额","预算编号"',
        "金额,预算编号,,",
    ],
)
def test_headers_are_known_in_chinese_and_english_in_any_order(header: str) -> None:
    assert read(f"{header}\n7,B-1\n") == [("B-1", None, 700)]


def test_blank_lines_and_spaces_around_cells_do_not_count() -> None:
    assert (
        read("\n,,\n预算编号,项目名称,金额\n\n B-1 ,\u3000课桌椅\u3000, 1200.50\n,,\nB-2,多媒体设备,300,,\n")
        == ROWS
    )


def test_a_quoted_cell_may_hold_delimiters_quotes_and_line_ends() -> None:
    assert read('预算编号,项目名称,金额\nB-1,"课桌,""大""\n第二行",1\n') == [
        ("B-1", '课桌,"大"\n第二行', 100)
    ]
    assert read('预算编号,项目名称,金额\nB-1,21" 屏,1\n') == [("B-1", '21" 屏', 100)]


def test_every_problem_of_every_line_is_told_at_once() -> None:
    text = (
        '预算编号,项目名称,金额,启用日期\n,甲,1.234,\n\nB-2,"两\n行",,2026-02-30\nB-3,丙,1,2026-03-01,多余\n'
    )
    assert problems(text) == [
        (2, "code", "cell_missing"),
        (2, "amount", "amount_too_precise"),
        (4, "amount", "cell_missing"),
        (4, "opens", "cell_invalid"),
        (6, "", "cell_unexpected"),
    ]
    rows = read_rows(text.encode(), COLUMNS).rows
    assert [(row.line, row.values["code"], row.values["amount"]) for row in rows] == [
        (2, None, None),
        (4, "B-2", None),
        (6, "B-3", 100),
    ]
    assert rows[2].values["opens"] == date(2026, 3, 1)


def test_a_problem_says_line_and_column_to_people_in_both_languages() -> None:
    sheet = read_rows("预算编号,金额\nB-1,-5\n".encode(), COLUMNS)
    chinese = problem_json(invalid(sheet.problems), "t")["errors"]
    english = problem_json(invalid(sheet.problems), "t", english=True)["errors"]
    assert chinese == [
        {"code": "amount_negative", "pointer": "/lines/2/amount", "detail": "第 2 行“金额”：金额不能为负数"}
    ]
    assert english[0]["detail"] == "Line 2, Amount: Amount must not be negative"


def test_a_column_may_refuse_with_a_refusal_of_the_domain() -> None:
    def refuse(_cell: str) -> str:
        raise Invalid("uscc_invalid", "统一社会信用代码有误", "not a unified social credit code")

    (problem,) = read_rows("代码\n91\n".encode(), [Column("uscc", "代码", parse=refuse)]).problems
    assert (problem.code, problem.text) == ("uscc_invalid", "第 2 行“代码”：统一社会信用代码有误")


def test_every_problem_of_the_header_is_told_and_no_row_is_read() -> None:
    text = "预算编号,Budget code,备注\nB-1,B-1,x\n"
    assert problems(text) == [
        (1, "code", "column_twice"),
        (1, "", "column_unknown"),
        (1, "amount", "column_missing"),
    ]
    assert read_rows(text.encode(), COLUMNS).rows == []


def test_a_long_cell_is_a_problem_of_its_line() -> None:
    table = "预算编号,项目名称,金额\nB-1,{},1\n"
    assert problems(table.format("长" * CELL_LIMIT)) == []
    assert problems(table.format("长" * (CELL_LIMIT + 1))) == [(2, "name", "cell_too_long")]


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "csv_empty", 1),
        (b"\xef\xbb\xbf\n ,\n", "csv_empty", 1),
        (b"code,amount\nB-1,1\nB\x00-2,1\n", "csv_control_character", 3),
        (b"code,amount\r\nB-1,1\r\nB-2,\x1b[2J\r\n", "csv_control_character", 3),
        (TABLE.encode("utf-16"), "csv_encoding", 1),
        (TABLE.encode("utf-16-le"), "csv_control_character", 1),
        (b"\xff\xfe\xff", "csv_encoding", 1),
        (b'code,amount\nB-1,1\n"B-2,1\nB-3,1\n', "csv_quotes", 3),
        (b'code,amount\n\n"B-1"x,1\n', "csv_quotes", 3),
        (b'code,amount\n"B-1,' + b"x" * 200_000, "csv_quotes", 2),
        (b"code,amount\n" + b"B,1\n" * (ROW_LIMIT + 1), "csv_too_many_rows", ROW_LIMIT + 2),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(data: bytes, code: str, line: int) -> None:
    assert refusal(data) == (code, line)


def test_as_many_rows_as_allowed_are_read() -> None:
    assert len(read("code,amount\n" + "B,1\n" * ROW_LIMIT + "\n,\n")) == ROW_LIMIT


def test_a_file_above_5_mib_is_refused() -> None:
    with pytest.raises(TooLarge, match="csv_too_large"):
        read_rows(b"code,amount\n".ljust(SIZE_LIMIT + 1), COLUMNS)


def test_reading_stops_after_too_many_problems() -> None:
    found = problems("code,amount\n" + "B,x\n" * (PROBLEM_LIMIT + 50))
    assert len(found) == PROBLEM_LIMIT + 1
    assert found[-1] == (PROBLEM_LIMIT + 1, "", "csv_reading_stopped")
    assert len(problems(",".join(["x"] * 100_000))) == PROBLEM_LIMIT


@given(
    st.lists(st.tuples(cells, cells), max_size=5),
    st.sampled_from(["utf-8-sig", "gb18030"]),
    st.sampled_from(",;\t"),
)
def test_what_a_spreadsheet_writes_comes_back(
    table: list[tuple[str, str]], encoding: str, delimiter: str
) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerows([("甲列", "乙列"), *table])
    sheet = read_rows(file.getvalue().encode(encoding), [Column("a", "甲列"), Column("b", "乙列")])
    assert sheet.problems == []
    assert [(row.values["a"], row.values["b"]) for row in sheet.rows] == [
        (one or None, other or None) for one, other in table if one or other
    ]


@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: ("金额,预算编号\n" + text).encode("utf-8", "replace"))
)
def test_any_bytes_give_a_sheet_or_a_refusal(data: bytes) -> None:
    try:
        sheet = read_rows(data, COLUMNS)
    except Refusal as refused:
        code = refused.code
    else:
        code = "csv_read"
        assert all(row.line > 1 for row in sheet.rows)
        assert repr(sheet).encode()
    assert code.startswith("csv_")
