"""Which steps of a route can apply to one document, found from the values that their conditions speak of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from services.approvals.chains.bands import Condition
from services.approvals.condition import ORDER, holds

MOST_DOCUMENTS = 4096
"""Documents that are tried; conditions with more values than these are judged one at a time."""


def together(conditions: Sequence[Condition | None]) -> list[frozenset[int]]:
    """The largest sets of steps that apply to one document.

    A condition changes its answer only at the values it names, so a document for each combination of them
    (and of their neighbours) shows all there is. Where that would be too many, only the steps without a
    condition are said to come together, with each of the others alone: no set is invented that no document
    has.
    """
    always = frozenset(index for index, one in enumerate(conditions) if one is None)
    values = _landmarks(conditions)
    if prod(len(choices) for choices in values.values()) > MOST_DOCUMENTS:
        alone = [always | {index} for index in range(len(conditions)) if index not in always]
        return _largest([always, *alone])
    documents = (dict(zip(values, chosen, strict=True)) for chosen in product(*values.values()))
    return _largest(
        frozenset(index for index, one in enumerate(conditions) if holds(one, facts)) for facts in documents
    )


def _largest(sets: Sequence[frozenset[int]] | Iterator[frozenset[int]]) -> list[frozenset[int]]:
    found: list[frozenset[int]] = []
    for one in sorted(set(sets), key=lambda each: (-len(each), sorted(each))):
        if not any(one <= larger for larger in found):
            found.append(one)
    return found


def _landmarks(conditions: Sequence[Condition | None]) -> dict[str, list[Any]]:
    """For each fact the values between which answers change, and its absence."""
    found: dict[str, list[Any]] = {}
    for condition in conditions:
        for leaf in _leaves(condition):
            known = found.setdefault(str(leaf["fact"]), [None])
            # by type too: True == 1, yet they are different values here
            known += [value for value in _around(leaf) if not any(_same(value, other) for other in known)]
    return found


def _leaves(condition: Condition | None) -> Iterator[Condition]:
    if condition is None:
        return
    if "of" not in condition:
        yield condition
        return
    parts = condition["of"]
    for part in parts if isinstance(parts, list) else [parts]:
        yield from _leaves(part)


def _around(leaf: Condition) -> Iterator[Any]:
    """The values that a comparison names, and next to each one that differs from it."""
    op = leaf["op"]
    if op == "band":
        for band in leaf["bands"]:
            # every number inside a band is alike
            yield band["from"] if "from" in band else band.get("below", 0) - 1
        return
    for value in leaf["value"] if op == "in" else [leaf["value"]]:
        if op in ORDER:
            yield from (value - 1, value, value + 1)
        else:
            yield from (value, _other(value))


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}…"


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
