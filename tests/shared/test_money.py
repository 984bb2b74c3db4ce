"""Yuan outside, fen inside: nothing is lost, and nothing odd gets in."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from shared.money import (
    MAX_FEN,
    FenAsYuan,
    Quantity,
    Yuan,
    format_quantity,
    format_wan,
    format_yuan,
    line_amount,
    parse_quantity,
    parse_wan,
    parse_yuan,
    total,
)

fens = st.integers(min_value=0, max_value=MAX_FEN)
quantities = st.decimals(min_value="0.001", max_value=10**9, places=3)


class Line(BaseModel):
    price: Yuan
    quantity: Quantity


class LineStated(BaseModel):
    amount: FenAsYuan


def code_of(call: Any, *arguments: object) -> str:
    with pytest.raises(PydanticCustomError) as refused:
        call(*arguments)
    return refused.value.type


def codes_of(model: type[BaseModel], body: dict[str, object]) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(body)
    return [problem["type"] for problem in refused.value.errors()]


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        ("0", 0),
        ("123.45", 12345),
        ("7.5", 750),
        (12, 1200),
        (Decimal("0.01"), 1),
        (Decimal("1E+3"), 100_000),
        ("9999999999999.99", MAX_FEN),
    ],
)
def test_yuan_become_fen(value: object, fen: int) -> None:
    assert parse_yuan(value) == fen


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "amount_malformed"),
        (" 1", "amount_malformed"),
        ("1\n", "amount_malformed"),
        ("+1", "amount_malformed"),
        ("1,000", "amount_malformed"),
        ("1e400", "amount_malformed"),
        ("NaN", "amount_malformed"),
        ("inf", "amount_malformed"),
        ("０.１", "amount_malformed"),
        ("٣", "amount_malformed"),
        (".5", "amount_malformed"),
        ("007", "amount_malformed"),
        ("\ud800", "amount_malformed"),
        ("-1", "amount_negative"),
        (-1, "amount_negative"),
        ("1.234", "amount_too_precise"),
        ("10000000000000.00", "amount_too_large"),
        ("9" * 5000, "amount_too_large"),
        pytest.param(10**5000, "amount_too_large", id="beyond the limit of int to text"),
        (Decimal("1e400"), "amount_too_large"),
        (Decimal("1E+999999"), "amount_too_large"),
        (Decimal("0E-999999"), "amount_too_precise"),
        (Decimal("NaN"), "amount_malformed"),
        (Decimal("sNaN"), "amount_malformed"),
        (Decimal("-Infinity"), "amount_malformed"),
        (1.5, "amount_not_text"),
        (True, "amount_not_text"),
        (None, "amount_not_text"),
        (["1"], "amount_not_text"),
    ],
)
def test_odd_amounts_are_refused_with_a_stable_code(value: object, code: str) -> None:
    assert code_of(parse_yuan, value) == code


@given(fens)
def test_yuan_and_ten_thousand_yuan_lose_nothing(fen: int) -> None:
    assert parse_yuan(format_yuan(fen)) == fen
    assert parse_wan(format_wan(fen)) == fen


@given(st.text() | st.floats() | st.decimals() | st.integers() | st.none() | st.binary())
def test_whatever_comes_the_answer_is_an_amount_or_a_refusal(value: object) -> None:
    for parse, upper in ((parse_yuan, MAX_FEN), (parse_wan, MAX_FEN), (parse_quantity, 10**9)):
        refusal, number = None, Decimal(0)
        try:
            number = Decimal(parse(value))
        except PydanticCustomError as refused:
            refusal = refused.type
        assert 0 <= number <= upper
        assert refusal is None or re.fullmatch("(amount|quantity)_[a-z_]+", refusal)


@given(fens, quantities)
def test_a_line_is_price_times_quantity_rounded_half_up(price: int, quantity: Decimal) -> None:
    exact = (price * quantity).quantize(Decimal(1), ROUND_HALF_UP)
    if exact > MAX_FEN:
        assert code_of(line_amount, price, quantity) == "amount_too_large"
    else:
        assert line_amount(price, quantity) == exact


def test_half_a_fen_goes_up() -> None:
    assert line_amount(1, Decimal("0.5")) == 1
    assert line_amount(1, Decimal("0.499")) == 0
    assert line_amount(333, Decimal("1.5")) == 500


def test_a_total_above_the_limit_is_refused() -> None:
    assert total([1, 2, MAX_FEN - 3]) == MAX_FEN
    assert code_of(total, [MAX_FEN, 1]) == "amount_too_large"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0", "quantity_not_positive"),
        ("0.000", "quantity_not_positive"),
        ("-1", "quantity_negative"),
        ("1.2345", "quantity_too_precise"),
        ("1000000000.001", "quantity_too_large"),
        (10**30, "quantity_too_large"),
        (1.5, "quantity_not_text"),
        (True, "quantity_not_text"),
        ("1e3", "quantity_malformed"),
        (Decimal("Infinity"), "quantity_malformed"),
    ],
)
def test_odd_quantities_are_refused_with_a_stable_code(value: object, code: str) -> None:
    assert code_of(parse_quantity, value) == code


@given(quantities)
def test_a_quantity_has_one_spelling_however_it_was_stored(quantity: Decimal) -> None:
    text = format_quantity(quantity)
    assert parse_quantity(text) == quantity
    assert text == format_quantity(quantity.normalize())
    assert not re.search(r"\.$|\.\d*0$|E", text)


def test_a_request_speaks_yuan_and_python_gets_fen() -> None:
    line = Line.model_validate({"price": "123.4", "quantity": 2})
    assert (line.price, line.quantity) == (12340, Decimal(2))
    assert line.model_dump_json() == '{"price":"123.40","quantity":"2"}'
    assert Line.model_validate_json(line.model_dump_json()) == line


def test_a_request_with_json_numbers_for_money_is_refused() -> None:
    assert codes_of(Line, {"price": 123, "quantity": 1.5}) == ["amount_not_text", "quantity_not_text"]
    assert codes_of(Line, {"price": "1e400", "quantity": "0"}) == [
        "amount_malformed",
        "quantity_not_positive",
    ]
    with pytest.raises(ValidationError, match="金额须写成文本"):
        Line.model_validate_json('{"price": 123, "quantity": "1"}')


def test_our_own_code_states_fen_and_others_read_yuan() -> None:
    stated = LineStated(amount=-150)
    assert stated.model_dump_json() == '{"amount":"-1.50"}'
    assert LineStated.model_validate_json(stated.model_dump_json()) == stated
    assert LineStated.model_validate({"amount": "2.00"}).amount == 200
    with pytest.raises(ValidationError, match="金额须写成文本"):
        LineStated.model_validate_json('{"amount": 150}')
    assert codes_of(LineStated, {"amount": "--1"}) == ["amount_negative"]
    assert codes_of(LineStated, {"amount": True}) == ["amount_not_text"]


@given(st.data())
def test_the_published_pattern_and_the_check_agree(data: st.DataObject) -> None:
    for kind in (Yuan, Quantity):
        adapter: TypeAdapter[object] = TypeAdapter(kind)
        schema = adapter.json_schema()
        pattern = schema.get("pattern") or schema["anyOf"][0]["pattern"]
        adapter.validate_python(data.draw(st.from_regex(pattern.replace("$", r"\Z"))))
