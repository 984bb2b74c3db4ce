"""Segregation of duties and conditions, judged by brute force beside the product's own way (I13)."""

from __future__ import annotations

from itertools import permutations
from math import prod
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.approvals.condition import holds
from services.approvals.segregation import Seats, shortage
from services.approvals.together import MOST_DOCUMENTS, certainly_together, together
from tests.approvals.test_condition import CONDITIONS, FACTS

PEOPLE = [UUID(int=n) for n in range(1, 6)]
SEATS = st.lists(st.tuples(st.integers(1, 2), st.frozensets(st.sampled_from(PEOPLE), max_size=4)), max_size=4)


def can_be_seated(steps: list[Seats], without: UUID | None) -> bool:
    """Tries every order of everybody."""
    wanted = [step.people - {without} for step in steps for _ in range(step.needed)]
    return any(
        all(person in people for person, people in zip(order, wanted, strict=False))
        for order in permutations(PEOPLE, len(wanted))
    )


@settings(deadline=None)
@given(SEATS, st.sets(st.sampled_from([*PEOPLE, UUID(int=9)]), max_size=3))
def test_i13_segregation_is_satisfiable_iff_everybody_finds_a_seat(
    wanted: list[tuple[int, frozenset[UUID]]], applicants: set[UUID]
) -> None:
    steps = [Seats(f"s{n}", needed, people) for n, (needed, people) in enumerate(wanted)]
    found = shortage(steps, applicants)
    whoever: list[UUID | None] = [*applicants] or [None]
    assert (found is None) == any(can_be_seated(steps, one) for one in whoever)
    if found is not None:
        short = [step for step in steps if step.key in found.keys]
        assert found.needed > len(found.people)
        there = frozenset[UUID]().union(*(step.people for step in short))
        assert any(len(there - {one}) < sum(step.needed for step in short) for one in whoever)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.none(), CONDITIONS), max_size=4), FACTS)
def test_i11_no_document_brings_together_what_was_not_foreseen(
    conditions: list[Any], facts: dict[str, Any]
) -> None:
    found = together(conditions)
    applying = {index for index, one in enumerate(conditions) if holds(one, facts)}
    assert found or most_documents(conditions) > MOST_DOCUMENTS
    assert not found or any(applying <= foreseen for foreseen in found)


def most_documents(conditions: list[Any]) -> int:
    """At least as many as there are documents to try: three for each value of a fact, and its absence."""
    values: dict[str, int] = {}

    def count(one: Any) -> None:
        if isinstance(one, list):
            for each in one:
                count(each)
        elif one and "of" in one:
            count(one["of"])
        elif one:
            named = one["bands"] if one["op"] == "band" else one["value"]
            values[one["fact"]] = values.get(one["fact"], 1) + 3 * (
                len(named) if isinstance(named, list) else 1
            )

    count(conditions)
    return prod(values.values())


def test_steps_that_exclude_each_other_are_never_together() -> None:
    goods, works = ({"op": "eq", "fact": "kind", "value": kind} for kind in ("goods", "works"))
    large = {"op": "ge", "fact": "amount_fen", "value": 100}
    assert together([goods, works, None]) == [frozenset({0, 2}), frozenset({1, 2})]
    assert together([goods, large, works]) == [frozenset({0, 1}), frozenset({1, 2})]
    assert together([{"op": "not", "of": goods}, goods]) == [frozenset({0}), frozenset({1})]
    assert together([]) == [frozenset()]


def test_values_that_no_condition_tells_apart_are_one_to_it() -> None:
    many = [{"op": "in", "fact": f"f{n}", "value": list(range(0, 60, 2))} for n in range(4)]
    assert together([None, *many]) == [frozenset({0, 1, 2, 3, 4})]
    assert together([{"op": "ne", "fact": "a", "value": 1}, {"op": "eq", "fact": "a", "value": True}]) == [
        frozenset({0}),
        frozenset({1}),
    ]


def test_of_too_many_conditions_nothing_is_said_but_what_is_certain() -> None:
    many = [{"op": "eq", "fact": f"f{n}", "value": 1} for n in range(13)]
    assert together([None, *many]) == []
    assert certainly_together([None, *many]) == [frozenset({0, n}) for n in range(1, 14)]
    assert certainly_together([]) == [frozenset()]


@pytest.mark.parametrize(
    ("people", "needed", "short"),
    [
        ([{1}, {1}], 1, ("s0", "s1")),
        ([{1, 2}, {1, 2}, {1, 2}], 1, ("s0", "s1", "s2")),
        ([{1, 2}, {3}, {4, 5}], 1, None),
        ([{1, 2}, {2}], 2, ("s1",)),
        ([set()], 1, ("s0",)),
    ],
)
def test_a_shortage_names_the_steps_that_want_the_same_people(
    people: list[set[int]], needed: int, short: tuple[str, ...] | None
) -> None:
    steps = [
        Seats(f"s{n}", needed, frozenset(UUID(int=one) for one in each)) for n, each in enumerate(people)
    ]
    found = shortage(steps, [])
    assert (found and found.keys) == short
