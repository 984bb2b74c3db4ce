"""Rows written down column by column, and the digests by which a case event vouches for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import inspect

from services.approvals.tables import Approvals
from shared.digest import digest

SAFE = 2**53


def written(row: Approvals) -> dict[str, Any]:
    """A row as plain JSON values, without the columns that its class names in `UNWRITTEN`: those change
    without an act of review."""
    return {name: plain(getattr(row, name)) for name in columns_of(type(row))}


@cache
def columns_of(kind: type[Approvals]) -> list[str]:
    unwritten: frozenset[str] = getattr(kind, "UNWRITTEN", frozenset())
    return [one.key for one in inspect(kind).column_attrs if one.key not in unwritten]


def row_digest(columns: Mapping[str, Any], *without: str) -> str:
    """The digest of a written row. Empty values are left out, so that a column which a later version adds,
    empty in old rows, does not change their digest."""
    return digest({name: value for name, value in columns.items() if value and name not in without})


def plain(value: Any) -> Any:
    """A value as JSON that has one spelling: moments in UTC, numbers that JSON cannot carry as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | float):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= SAFE:
        return str(value)
    return value if value is None or isinstance(value, bool | int) else str(value)
