"""Money: yuan as text outside, integer fen inside, and the quantities that prices are multiplied by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, NoReturn

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_FEN = 10**15 - 1  # under ten trillion yuan; stays exact in JSON numbers and in a bigint sum
MAX_QUANTITY = Decimal(10**9)
_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_TEXTS = {
    "not_text": ("{}须写成文本，例如“{}”", "{} must be written as text, for example '{}'"),
    "malformed": ("{}须是十进制数，例如“{}”", "{} must be a decimal number, for example '{}'"),
    "negative": ("{}不能为负数", "{} must not be negative"),
    "not_positive": ("{}须大于零", "{} must be greater than zero"),
    "too_precise": ("{}的小数位数过多，例如“{}”", "{} has too many decimals, for example '{}'"),
    "too_large": ("{}超出上限", "{} is above the limit"),
}


def parse_yuan(value: object) -> int:
    """Yuan, written with at most two decimals, as fen.

    Takes text such as "123.45", or an int or Decimal of yuan in Python code; at least 0, at most `MAX_FEN`.
    Raises ValueError with a stable `type`: amount_not_text, amount_malformed, amount_negative,
    amount_too_precise, amount_too_large.
    """
    return _within_limit(_scaled(value, 2, "amount"))


def format_yuan(fen: int) -> str:
    """Fen as yuan with two decimals: 12345 is "123.45"."""
    return _shifted(fen, 2)


def parse_wan(value: object) -> int:
    """万元 (ten thousand yuan), written with at most six decimals, as fen; raises as `parse_yuan` does."""
    return _within_limit(_scaled(value, 6, "amount"))


def format_wan(fen: int) -> str:
    """Fen as 万元 with six decimals, which loses nothing: 12345 is "0.012345"."""
    return _shifted(fen, 6)


def parse_quantity(value: object) -> Decimal:
    """A quantity above 0 and up to `MAX_QUANTITY` with at most three decimals, from text, int or Decimal.

    Raises ValueError with a stable `type`: quantity_not_text, quantity_malformed, quantity_negative,
    quantity_not_positive, quantity_too_precise, quantity_too_large.
    """
    thousandths = _scaled(value, 3, "quantity")
    if thousandths == 0:
        _refuse("quantity", "not_positive")
    if thousandths > MAX_QUANTITY * 1000:
        _refuse("quantity", "too_large")
    return Decimal(thousandths) / 1000


def format_quantity(quantity: Decimal) -> str:
    """A quantity without exponent and without zeros at the end, the same for 2, 2.0 and 2.000."""
    text = format(quantity, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def line_amount(price: int, quantity: Decimal) -> int:
    """Fen of one line: unit price in fen times quantity, rounded half up to a whole fen.

    Raises ValueError (amount_too_large) when the line is above `MAX_FEN`.
    """
    thousandths = int(quantity * 1000)
    return _within_limit((price * thousandths + 500) // 1000)


def total(amounts: Iterable[int]) -> int:
    """The sum of amounts in fen; raises ValueError (amount_too_large) when it is above `MAX_FEN`."""
    return _within_limit(sum(amounts))


def _within_limit(fen: int) -> int:
    if fen > MAX_FEN:
        _refuse("amount", "too_large")
    return fen


def _scaled(value: object, places: int, what: str) -> int:
    """The number times 10**places, exactly; the caller judges zero and the limit."""
    match = _NUMBER.fullmatch(_as_text(value, what))
    if match is None:
        _refuse(what, "malformed")
    if match[1]:
        _refuse(what, "negative")
    whole, decimals = match[2], match[3] or ""
    if len(decimals) > places:
        _refuse(what, "too_precise")
    if len(whole) > len(str(MAX_FEN)):  # before int(), which has a limit of its own
        _refuse(what, "too_large")
    return int(whole + decimals.ljust(places, "0"))


def _as_text(value: object, what: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        _refuse(what, "not_text")
    number = Decimal(value)
    if not number.is_finite():
        _refuse(what, "malformed")
    if number.adjusted() > 20:  # 1E+400 is never spelt out
        _refuse(what, "too_large")
    if int(number.as_tuple().exponent) < -20:
        _refuse(what, "too_precise")
    return format(number, "f")


def _shifted(number: int, places: int) -> str:
    digits = str(abs(number)).rjust(places + 1, "0")
    return f"{'-' if number < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _refuse(what: str, problem: str) -> NoReturn:
    name, name_en, example = ("金额", "amount", "123.45") if what == "amount" else ("数量", "quantity", "1.5")
    text, text_en = _TEXTS[problem]
    raise PydanticCustomError(
        f"{what}_{problem}",
        text.format(name, example),
        {"text_en": text_en.format(name_en, example).capitalize()},
    )


def _from_request(value: object) -> int:
    if not isinstance(value, str):
        _refuse("amount", "not_text")  # a JSON number has been a binary float somewhere on its way
    return parse_yuan(value)


def _from_own_code(value: Any, info: ValidationInfo) -> int:
    if info.mode == "python" and isinstance(value, int) and not isinstance(value, bool):
        return value
    text = value[1:] if isinstance(value, str) and value.startswith("-") else value
    fen = _from_request(text)
    return fen if text is value else -fen


_WHOLE = "(0|[1-9][0-9]{0,12})"
_IN = {"type": "string", "pattern": rf"^{_WHOLE}(\.[0-9]{{1,2}})?$", "examples": ["123.45"]}
_OUT = {"type": "string", "pattern": rf"^-?{_WHOLE}\.[0-9]{{2}}$", "examples": ["123.45"]}
_COUNT = r"^([1-9][0-9]{0,8}(\.[0-9]{1,3})?|0\.([1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9])|1000000000)$"
_QUANTITY_TEXT = {"type": "string", "pattern": _COUNT, "examples": ["1.5"]}
_QUANTITY_IN = {"anyOf": [_QUANTITY_TEXT, {"type": "integer", "minimum": 1, "maximum": int(MAX_QUANTITY)}]}
_AS_YUAN = PlainSerializer(format_yuan, return_type=str, when_used="json")

Yuan = Annotated[
    int,
    PlainValidator(_from_request),
    _AS_YUAN,
    WithJsonSchema(_IN, mode="validation"),
    WithJsonSchema(_OUT, mode="serialization"),
]
"""An amount that others send: text in yuan only, fen in Python. Any number is refused (amount_not_text)."""

FenAsYuan = Annotated[int, PlainValidator(_from_own_code), _AS_YUAN, WithJsonSchema(_OUT)]
"""An amount that our own code states, in answers and events: fen in Python, may be negative, text in JSON.

Web frameworks validate parsed bodies in Python mode, where 12345 could mean yuan or fen: use `Yuan` there.
"""

Quantity = Annotated[
    Decimal,
    PlainValidator(parse_quantity),
    PlainSerializer(format_quantity, return_type=str, when_used="json"),
    WithJsonSchema(_QUANTITY_IN, mode="validation"),
    WithJsonSchema(_QUANTITY_TEXT, mode="serialization"),
]
"""A quantity as `parse_quantity` takes it; JSON text, or a whole JSON number."""
