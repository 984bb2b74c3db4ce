"""Equal content has one digest; any other content has another."""

import hashlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.digest import canonical, chain_hash, digest, subset_digest

START = "0" * 64
texts = st.text(st.characters(exclude_categories=["Cs"]))
leaves = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)
events = st.lists(st.dictionaries(texts, leaves, max_size=3), min_size=1, max_size=8)

PLAN = {
    "name": "办公家具",
    "purchaser": {"name": "某中学", "phone": None},
    "items": [{"code": "A05010000", "amount": "10.00"}, {"code": "A05020000", "amount": "20.00"}],
}


def hashes(chain: list[dict[str, Any]]) -> list[str]:
    found = [START]
    for event in chain:
        found.append(chain_hash(found[-1], event))
    return found


def test_keys_are_sorted_by_utf_16_and_only_what_must_be_is_escaped() -> None:
    value = {"\u20ac": "Euro", "\r": "return", "1": "one", "\U0001f600": "smile", "\ufb33": "dalet"}
    expected = '{"\\r":"return","1":"one","\u20ac":"Euro","\U0001f600":"smile","\ufb33":"dalet"}'
    assert canonical(value) == expected.encode()
    assert canonical(['\x00\x1f"\\/\u007f采购', True, None, -1]) == (
        '["\\u0000\\u001f\\"\\\\/\u007f采购",true,null,-1]'.encode()
    )


def test_the_digest_is_the_sha256_of_the_canonical_bytes() -> None:
    assert digest({"b": 1, "a": "采购"}) == hashlib.sha256('{"a":"采购","b":1}'.encode()).hexdigest()


@given(st.dictionaries(texts, leaves, min_size=2, max_size=5))
def test_the_order_of_keys_does_not_matter(content: dict[str, Any]) -> None:
    assert digest(content) == digest(dict(reversed(content.items())))


@given(values, values)
def test_different_content_is_spelt_differently(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (repr_of(one) == repr_of(other))


def repr_of(value: Any) -> Any:
    """A comparable form in which True is not 1."""
    if isinstance(value, dict):
        return ("dict", sorted((key, repr_of(inner)) for key, inner in value.items()))
    return ("list", [repr_of(inner) for inner in value]) if isinstance(value, list) else repr(value)


@pytest.mark.parametrize(
    "value",
    [1.5, 2.0, {"a": [float("nan")]}, 2**53, "\ud800", {"\ud800": 1}, {1: 2}, Decimal(1), b"x", {1, 2}],
)
def test_what_has_no_single_spelling_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        digest(value)


def test_content_nested_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested too deeply"):
        digest(deep)


def test_an_attested_field_binds_and_the_others_do_not() -> None:
    attested = ["purchaser.name", "items.amount"]
    before = subset_digest(PLAN, attested)
    assert subset_digest(PLAN | {"name": "别的名称"}, attested) == before
    assert subset_digest(PLAN | {"purchaser": {"name": "另一中学"}}, attested) != before
    assert subset_digest(PLAN | {"items": [{"amount": "10.00"}, {"amount": "20.00"}]}, attested) == before
    assert subset_digest(PLAN | {"items": [{"amount": "20.00"}, {"amount": "10.00"}]}, attested) != before
    assert subset_digest(PLAN | {"items": [{"amount": "10.00"}]}, attested) != before
    assert subset_digest(PLAN, attested[::-1]) == before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"a": None}),
        ({}, {"a": {}}),
        ({"a": []}, {"a": [[]]}),
        ({"a": {}}, {"a": [{}]}),
        ({"a": {"b": 1}}, {"a": [{"b": 1}]}),
        ({"a": 1}, {"a": {"value": 1}}),
        ({"a": 1}, {"a": "1"}),
    ],
)
def test_contents_that_look_alike_have_different_subsets(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert any(subset_digest(one, [field]) != subset_digest(other, [field]) for field in ("a", "a.b"))


@pytest.mark.parametrize("fields", [[], [""], ["name", ""]])
def test_a_digest_of_no_field_is_refused(fields: list[str]) -> None:
    with pytest.raises(ValueError, match="at least one field"):
        subset_digest(PLAN, fields)


@given(events, st.data())
def test_a_chain_shows_every_edit_removal_insertion_and_swap(
    chain: list[dict[str, Any]], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(chain) - 1))
    other = data.draw(st.permutations(chain))
    for forged in (chain[:at] + chain[at + 1 :], [*chain[:at], {"x": 1}, *chain[at:]], other):
        assert (hashes(forged)[-1] == hashes(chain)[-1]) == (repr_of(forged) == repr_of(chain))
    edited = [*chain[:at], {**chain[at], "forged": 1}, *chain[at + 1 :]]
    assert hashes(edited)[: at + 1] == hashes(chain)[: at + 1]
    assert not set(hashes(edited)[at + 1 :]) & set(hashes(chain)[at + 1 :])


def test_a_chain_must_start_from_a_digest() -> None:
    with pytest.raises(ValueError, match="from a digest"):
        chain_hash("", {"type": "opened"})
