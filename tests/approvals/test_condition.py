"""Conditions answer for every document (I11), and lint finds what would not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.approvals.chains.bands import lint_groups
from services.approvals.condition import facts_used, holds, lint

NAMES = st.sampled_from(["amount_fen", "kind", "is_ppp", "level"])
SCALARS = st.one_of(st.integers(-(10**6), 10**6), st.booleans(), st.text("abc采购-. ", max_size=5))
FACTS = st.dictionaries(NAMES, st.one_of(SCALARS, st.none()))


@st.composite
def partitions(draw: st.DrawFn) -> list[dict[str, Any]]:
    borders = sorted(draw(st.sets(st.integers(-(10**6), 10**6), min_size=1, max_size=6)))
    edges = [None, *borders, None]
    return [
        {
            "name": f"b{n}",
            **({} if edges[n] is None else {"from": edges[n]}),
            **({} if edges[n + 1] is None else {"below": edges[n + 1]}),
        }
        for n in range(len(edges) - 1)
    ]


LEAVES = st.one_of(
    st.builds(
        lambda op, f, v: {"op": op, "fact": f, "value": v}, st.sampled_from(["eq", "ne"]), NAMES, SCALARS
    ),
    st.builds(
        lambda op, f, v: {"op": op, "fact": f, "value": v},
        st.sampled_from(["lt", "le", "gt", "ge"]),
        NAMES,
        st.integers(-(10**6), 10**6),
    ),
    st.builds(
        lambda f, v: {"op": "in", "fact": f, "value": v}, NAMES, st.lists(SCALARS, min_size=1, max_size=4)
    ),
    st.builds(lambda f, b: {"op": "band", "fact": f, "bands": b, "in": [b[0]["name"]]}, NAMES, partitions()),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda of: {"op": "not", "of": of}, inner),
        st.builds(
            lambda op, of: {"op": op, "of": of},
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
    ),
    max_leaves=6,
)


@given(CONDITIONS, FACTS)
def test_i11_every_condition_answers_for_every_document(condition: Any, facts: dict[str, Any]) -> None:
    depth_only = [problem.code for problem in lint(condition) if problem.code != "condition_too_deep"]
    assert depth_only == []
    answer = holds(condition, facts)
    assert isinstance(answer, bool)
    assert holds({"op": "not", "of": condition}, facts) is not answer
    looked_at = {name: facts.get(name) for name in facts_used(condition)}
    assert holds(condition, looked_at) is answer


@given(partitions(), st.integers(-(2 * 10**6), 2 * 10**6))
def test_i11_a_number_lies_in_exactly_one_band(bands: list[dict[str, Any]], amount: int) -> None:
    inside = [
        band["name"]
        for band in bands
        if holds(
            {"op": "band", "fact": "amount_fen", "bands": bands, "in": [band["name"]]}, {"amount_fen": amount}
        )
    ]
    assert len(inside) == 1


@pytest.mark.parametrize(
    ("condition", "facts", "expected"),
    [
        ({"op": "ge", "fact": "amount_fen", "value": 100}, {"amount_fen": 100}, True),
        ({"op": "ge", "fact": "amount_fen", "value": 100}, {}, False),
        ({"op": "lt", "fact": "amount_fen", "value": 100}, {"amount_fen": None}, False),
        ({"op": "ne", "fact": "kind", "value": "goods"}, {}, False),
        ({"op": "ne", "fact": "kind", "value": "goods"}, {"kind": "works"}, True),
        ({"op": "eq", "fact": "is_ppp", "value": 1}, {"is_ppp": True}, False),
        ({"op": "gt", "fact": "amount_fen", "value": 0}, {"amount_fen": True}, False),
        ({"op": "gt", "fact": "amount_fen", "value": 0}, {"amount_fen": "5"}, False),
        ({"op": "in", "fact": "kind", "value": ["goods", "works"]}, {"kind": "works"}, True),
    ],
)
def test_comparisons(condition: Any, facts: dict[str, Any], expected: bool) -> None:
    assert holds(condition, facts) is expected


def bands(*borders: dict[str, Any]) -> dict[str, Any]:
    named = [{"name": f"b{n}", **border} for n, border in enumerate(borders)]
    return {"op": "band", "fact": "amount_fen", "bands": named, "in": ["b0"]}


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("amount > 5", "condition_malformed"),
        ({"op": "matches", "fact": "kind", "value": "g.*"}, "unknown_operator"),
        ({"op": ["eq"], "fact": "kind", "value": "g"}, "unknown_operator"),
        ({"op": "eq", "fact": "kind"}, "condition_malformed"),
        ({"op": "eq", "fact": "kind", "value": "goods", "note": "x"}, "condition_malformed"),
        ({"op": "ge", "fact": "amount_fen", "value": "100"}, "wrong_type"),
        ({"op": "ge", "fact": "amount_fen", "value": True}, "wrong_type"),
        ({"op": "in", "fact": "kind", "value": "goods"}, "wrong_type"),
        ({"op": "in", "fact": "kind", "value": []}, "wrong_type"),
        ({"op": "eq", "fact": "", "value": 1}, "fact_name_malformed"),
        ({"op": "and", "of": []}, "condition_malformed"),
        ({"op": "not", "of": []}, "condition_malformed"),
        (bands({"below": 10}, {"from": 20}), "bands_gap"),
        (bands({"below": 20}, {"from": 10}), "bands_overlap"),
        (bands({"from": 0, "below": 20}, {"from": 20}), "bands_gap"),
        (bands({"below": 20}, {"from": 20, "below": 30}), "bands_gap"),
        (bands({"below": 20}, {}), "bands_overlap"),
        (bands({"below": 20}, {"from": 20, "below": 10}, {"from": 10}), "bands_malformed"),
        ({**bands({}), "in": ["other"]}, "unknown_band"),
        ({**bands({}), "in": []}, "unknown_band"),
        ({**bands({}), "bands": [{"name": "b0", "below": 1.5}]}, "bands_malformed"),
    ],
)
def test_lint_names_the_mistake(condition: Any, code: str) -> None:
    assert code in [problem.code for problem in lint(condition)]


def test_lint_bounds_the_depth() -> None:
    condition: dict[str, Any] = {"op": "eq", "fact": "kind", "value": "goods"}
    for _ in range(10):
        condition = {"op": "not", "of": condition}
    assert [problem.code for problem in lint(condition)] == ["condition_too_deep"]


def grouped(taken: list[list[str]], **changes: Any) -> list[dict[str, Any]]:
    """Conditions of steps that share out three bands."""
    whole = bands({"below": 10}, {"from": 10, "below": 20}, {"from": 20})
    return [{**whole, "group": "amount", "in": names, **changes} for names in taken]


@given(partitions(), FACTS, st.data())
def test_i11_exactly_one_step_of_a_group_applies_to_every_document(
    all_bands: list[dict[str, Any]], facts: dict[str, Any], data: st.DataObject
) -> None:
    members = [data.draw(st.integers(0, 2)) for _ in all_bands]
    taken = [[b["name"] for b, whose in zip(all_bands, members, strict=True) if whose == n] for n in range(3)]
    steps = [
        {"op": "band", "fact": "amount_fen", "bands": all_bands, "in": names, "group": "amount"}
        for names in taken
        if names
    ]
    assert [problem for one in steps for problem in lint(one)] == []
    assert list(lint_groups(steps)) == []
    assert [holds(one, facts) for one in steps].count(True) == 1
    if len(steps) > 1:
        assert [problem.code for problem in lint_groups(steps[1:])] == ["bands_gap"]


@pytest.mark.parametrize(
    ("conditions", "code", "pointer"),
    [
        (grouped([["b0"], ["b1"]]), "bands_gap", "/steps/0/condition/in"),
        (grouped([["b0", "b1"], ["b1", "b2"]]), "bands_overlap", "/steps/1/condition/in"),
        ([None, *grouped([["b0"], ["b0", "b1", "b2"]])], "bands_overlap", "/steps/2/condition/in"),
        (
            [*grouped([["b0", "b1"]]), *grouped([["b2"]], fact="quantity")],
            "band_group_differs",
            "/steps/1/condition/bands",
        ),
    ],
)
def test_the_steps_of_a_group_share_out_their_bands(
    conditions: list[dict[str, Any]], code: str, pointer: str
) -> None:
    (problem,) = lint_groups(conditions)
    assert (problem.code, problem.pointer) == (code, pointer)


def test_a_grouped_band_stands_alone() -> None:
    (band,) = grouped([["b0", "b1", "b2"]])
    (problem,) = lint({"op": "not", "of": band})
    assert (problem.code, problem.pointer) == ("group_not_alone", "/of/group")
    assert [one.code for one in lint({**band, "group": ""})] == ["group_malformed"]


def test_a_document_without_the_number_goes_to_the_last_band_of_a_group() -> None:
    low, high = grouped([["b0", "b1"], ["b2"]])
    for amount, expected in ((5, low), (25, high), (None, high), ("5", high), (True, high)):
        facts = {"amount_fen": amount}
        assert [holds(one, facts) for one in (low, high)] == [one is expected for one in (low, high)]
    assert holds(high, {})
