"""What is carried from round to round is exactly what the rule says, whatever the chain (I25, I15, I1)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.approvals.case import CaseState
from services.approvals.difference import changes
from services.approvals.slot import Slot, SlotState
from tests.approvals.acts import APPLICANT, CONTENT, STEPS
from tests.approvals.test_invariants import Review

ROUNDS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), CONTENT), min_size=2, max_size=4)


@given(steps=STEPS, rounds=ROUNDS, repeat=st.sampled_from(["never", "never", "skip_repeated"]))
@settings(max_examples=150, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
def test_i25_an_agreement_is_carried_iff_step_holder_and_attested_fields_are_unchanged(
    steps: list[dict[str, Any]], rounds: list[tuple[int, int, dict[str, int]]], repeat: str
) -> None:
    machine = Review()
    machine.begin([{**one, "pick": "none", "repeat": repeat} for one in steps])
    for agreements, who, content in rounds:
        for n in range(agreements):
            if machine.reviewing and machine.open:
                machine.agree(n + who, set())
        if not (machine.reviewing and machine.open):
            return
        machine.disagree(who, "请补充")
        last = machine.case.round
        machine.submit_again(None, content)
        assert machine.case.round == last + 1, "I22"
        look_at_everything(machine)
        judge_carrying(machine, last, may_ask_more=repeat == "skip_repeated")


def judge_carrying(machine: Review, last: int, may_ask_more: bool) -> None:
    was, now = machine.contents[last], machine.contents[last + 1]
    wanted: set[tuple[str, UUID | None]] = set()
    for step in machine.file.route:
        same = all(was[name] == now[name] for name in step.attested or "abc")
        if not (step.applies and step.may_carry and same):
            continue
        people = {one.person_id for one in machine.seating_of(step, ()).people}
        wanted |= {
            (step.key, one.holder_id)
            for one in of_round(machine, last)
            if one.step_key == step.key and one.state == SlotState.AGREED and one.holder_id in people
        }
    carried = {
        (one.step_key, one.holder_id) for one in of_round(machine, last + 1) if one.carried_round is not None
    }
    assert carried <= wanted
    missing = {key for key, _ in wanted - carried}
    if missing and not may_ask_more:
        # the one exception: a round in which nobody would be asked asks its last step again
        assert machine.file.step.key in missing


def of_round(machine: Review, n: int) -> list[Slot]:
    return [one for one in machine.slots.values() if one.round == n]


def look_at_everything(machine: Review) -> None:
    assert machine.case.state == CaseState.REVIEWING
    machine.i1_state_is_a_fold_of_the_events()
    machine.i2_events_are_an_unbroken_chain()
    machine.i4_i5_somebody_has_the_case_or_is_told()
    machine.i15_every_step_that_is_passed_has_agreed()
    machine.i20_i25_a_round_asks_somebody_and_carries_from_the_one_before()
    machine.i27_i28_nobody_decides_twice_or_for_himself()
    machine.i31_what_was_told_is_what_is_open()
    assert machine.file.withdrawable, "I20: what is carried is no decision of this round"
    assert APPLICANT.person_id not in {one.holder_id for one in machine.slots.values()}


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 2), st.sampled_from(["", "a"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
CONTENTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)
FIELDS = st.lists(st.sampled_from(["a", "b", "a.b", "b.c", "a.b.c"]), max_size=3)


@given(before=CONTENTS, after=CONTENTS, fields=FIELDS)
def test_b3_what_differs_is_told_and_nothing_else(
    before: dict[str, Any], after: dict[str, Any], fields: list[str]
) -> None:
    assert changes(before, before, fields) == []
    there = changes(before, after, fields)
    assert {one.pointer for one in there} == {one.pointer for one in changes(after, before, fields)}
    for one in there:
        assert (found(before, one.pointer), found(after, one.pointer)) == (one.before, one.after)
        assert not fields or any(
            (one.field + ".").startswith(f"{field}.") or field.startswith(one.field) for field in fields
        )
    if not fields and before != after and not there:
        assert without_nulls(before) == without_nulls(after)


def found(content: Any, pointer: str) -> Any:
    """What stands at a JSON pointer; nothing where there is none."""
    for part in pointer.split("/")[1:]:
        if isinstance(content, list):
            content = content[int(part)] if int(part) < len(content) else None
        else:
            content = content.get(part) if isinstance(content, dict) else None
    return content


def without_nulls(value: Any) -> Any:
    """An absent value and a null one are told alike."""
    if isinstance(value, dict):
        return {name: inner for name, one in value.items() if (inner := without_nulls(one)) is not None}
    if isinstance(value, list):
        kept = [without_nulls(one) for one in value]
        while kept and kept[-1] is None:
            kept.pop()
        return kept
    return value
