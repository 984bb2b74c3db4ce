"""What differs between two contents of a rule, value by value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """A value that differs, by JSON pointer; what is not there is null."""

    pointer: str
    old: Any
    new: Any


def changes(old: Any, new: Any, pointer: str = "") -> Iterator[Change]:
    """Every value that differs, in the order of the new content; lists are compared place by place."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from changes(old.get(key), new.get(key), f"{pointer}/{key}")
    elif isinstance(old, list) and isinstance(new, list):
        for place in range(max(len(old), len(new))):
            yield from changes(_at(old, place), _at(new, place), f"{pointer}/{place}")
    elif old != new or type(old) is not type(new):
        yield Change(pointer, old, new)


def _at(values: list[Any], place: int) -> Any:
    return values[place] if place < len(values) else None
