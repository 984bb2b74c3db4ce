"""What differs between two contents of a document, in the fields that a step attests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shared.digest import canonical

Paths = Sequence[Sequence[str]]
MOST = 200
"""Changes that are told of one document."""


@dataclass(frozen=True)
class Change:
    """A value that differs: where it stands (a JSON pointer), what it was and what it is; nothing where the
    document does not have it. `field` is the same place as dotted names."""

    pointer: str
    field: str
    before: Any
    after: Any


def changes(before: Mapping[str, Any], after: Mapping[str, Any], fields: Sequence[str]) -> list[Change]:
    """The differences of two contents in some fields (dotted paths, through lists too), or in all where none
    is named; in the order of the second, at most two hundred."""
    paths = [path.split(".") for path in fields] or [[]]
    return list(islice(_compare(before, after, paths, []), MOST))


def _compare(before: Any, after: Any, paths: Paths, where: list[str | int]) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*after, *before]):
            if inner := _into(paths, name):
                yield from _compare(before.get(name), after.get(name), inner, [*where, name])
    elif isinstance(before, list) and isinstance(after, list):
        for index, (was, now) in enumerate(zip(before, after, strict=False)):
            yield from _compare(was, now, paths, [*where, index])
        for index in range(min(len(before), len(after)), max(len(before), len(after))):
            was, now = (one[index] if index < len(one) else None for one in (before, after))
            yield _change(was, now, [*where, index])
    elif canonical(_only(before, paths)) != canonical(_only(after, paths)):
        yield _change(before, after, where)


def _only(value: Any, paths: Paths) -> Any:
    """What of a value the paths lead to."""
    if any(not path for path in paths):
        return value
    if isinstance(value, list):
        return [_only(element, paths) for element in value]
    if not isinstance(value, Mapping):
        return {}
    return {name: _only(one, inner) for name, one in value.items() if (inner := _into(paths, name))}


def _into(paths: Paths, name: str) -> Paths:
    """How the paths go on after a name; an empty one means everything from there on."""
    return [path[1:] for path in paths if not path or path[0] == name]


def _change(before: Any, after: Any, where: Sequence[str | int]) -> Change:
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in where]
    field = ".".join(part for part in where if isinstance(part, str))
    return Change("".join(f"/{part}" for part in parts), field, before, after)
