"""Which steps of a route can apply to one document, found from the values that their conditions speak of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from services.approvals.chains.bands import Condition
from services.approvals.condition import ORDER, holds

MOST_DOCUMENTS = 4096
"""Documents that are tried."""
MOST_COMPARISONS = 100_000
"""Comparisons that are made to find out which values of a fact are alike."""


def together(conditions: Sequence[Condition | None]) -> list[frozenset[int]]:
    """The largest sets of steps that apply to one document; none where too many documents would have to be
    tried to know.

    A condition changes its answer only at the values it names, so a document for each combination of them
    (and of their neighbours) shows all there is; of values that no comparison tells apart one is enough.
    """
    values = _landmarks(conditions)
    if prod(len(choices) for choices in values.values()) > MOST_DOCUMENTS:
        return []
    documents = (dict(zip(values, chosen, strict=True)) for chosen in product(*values.values()))
    return _largest(
        frozenset(index for index, one in enumerate(conditions) if holds(one, facts)) for facts in documents
    )


def certainly_together(conditions: Sequence[Condition | None]) -> list[frozenset[int]]:
    """The steps without a condition, with each of the others alone: no set is invented that no document
    has, as long as each condition holds for some."""
    always = frozenset(index for index, one in enumerate(conditions) if one is None)
    return _largest([always, *(always | {index} for index in range(len(conditions)))])


def _largest(sets: Sequence[frozenset[int]] | Iterator[frozenset[int]]) -> list[frozenset[int]]:
    found: list[frozenset[int]] = []
    for one in sorted(set(sets), key=lambda each: (-len(each), sorted(each))):
        if not any(one <= larger for larger in found):
            found.append(one)
    return found


def _landmarks(conditions: Sequence[Condition | None]) -> dict[str, list[Any]]:
    """For each fact the values between which answers change, or its absence."""
    leaves: dict[str, list[Condition]] = {}
    for condition in conditions:
        for leaf in _leaves(condition):
            leaves.setdefault(str(leaf["fact"]), []).append(leaf)
    return {fact: _told_apart(fact, of_fact) for fact, of_fact in leaves.items()}


def _told_apart(fact: str, leaves: Sequence[Condition]) -> list[Any]:
    """One value for every way in which the comparisons with a fact can come out."""
    # by type too: True == 1, yet they are different values here
    named = {(type(value), value): value for leaf in leaves for value in _around(leaf)}
    values = [None, *named.values()]
    if len(values) * len(leaves) > MOST_COMPARISONS:
        return values
    return list({tuple(holds(leaf, {fact: one}) for leaf in leaves): one for one in values}.values())


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
