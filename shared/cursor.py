"""Cursors of keyset pages: opaque to their callers, checked when they come back."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import InstrumentedAttribute

from shared.errors import Unreadable

Column = InstrumentedAttribute[Any]


def cursor_of(values: Sequence[Any]) -> str:
    """The cursor of a row: what it holds in the columns of the order."""
    plain = [value.isoformat() if isinstance(value, date) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def open_cursor(cursor: str, order: Sequence[Column]) -> list[Any]:
    """The values in a cursor, each of its column's type. Raises `Unreadable` (`bad_cursor`)."""
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if (
            not isinstance(plain, list)
            or len(plain) != len(order)
            or not all(isinstance(text, str) for text in plain)
        ):
            raise ValueError(cursor)
        return [_typed(column, value) for column, value in zip(order, plain, strict=True)]
    except (ValueError, TypeError, OverflowError):
        raise Unreadable("bad_cursor", "分页参数无效", "not a cursor of this list") from None


def _typed(column: Column, text: str) -> Any:
    if b"\0" in text.encode():  # and what cannot be encoded is a ValueError too
        raise ValueError(text)
    kind = column.type.python_type
    if kind is datetime:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return moment.astimezone(UTC)
    if kind is UUID:
        return UUID(text)
    if kind is int:
        value = int(text)
        if abs(value) >= 2**63:
            raise ValueError(text)
        return value
    return text
