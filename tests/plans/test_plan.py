"""A plan and a budget line on paper: moves, money, labels; no database."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.plans import reference
from services.plans.budget import EFFECTS, Entry
from services.plans.catalogue import parent_of
from services.plans.plan import MOVES, Action, Status
from shared.errors import Conflict
from shared.money import format_wan, format_yuan, parse_wan, parse_yuan
from tests.plans.paper import AT, a_line, a_plan, an_item


def test_every_move_starts_where_the_table_says() -> None:
    for status in Status:
        for action in Action:
            plan = a_plan()
            plan.status, plan.holder_gone = status, "持有人账号已停用"
            plan.applicant_gone = "申请人账号已停用"
            if action is Action.RECALL:
                plan.holder_id = uuid4()
            if (status, action) in MOVES:
                assert plan.must_allow(action) is MOVES[status, action]
            else:
                with pytest.raises(Conflict, match="wrong_state"):
                    plan.must_allow(action)


def test_a_locked_plan_cannot_be_moved_and_shows_why() -> None:
    plan = a_plan()
    plan.status, plan.open_request_id, plan.open_request_kind = Status.DRAFT, uuid4(), "method_change"
    assert plan.status_label == "变更中"
    with pytest.raises(Conflict, match="变更中"):
        plan.must_allow(Action.SUBMIT)


def test_invariant_22_every_state_can_come_to_an_end() -> None:
    ends = {Status.VOID, Status.DELETED, Status.CLOSED}
    reach: set[str] = set(ends)
    for _ in Status:
        reach |= {start for (start, _action), end in MOVES.items() if end in reach}
    assert reach == set(Status)


def test_every_kind_of_entry_keeps_the_money_where_it_says() -> None:
    line = a_line(100)
    for kind, fen in [
        (Entry.ADJUSTED, -10),
        (Entry.HELD, 60),
        (Entry.CONFIRMED, 60),
        (Entry.COMMITTED, 50),
        (Entry.UNCOMMITTED, 10),
        (Entry.CONSUMED, 40),
        (Entry.REVERSED, 5),
        (Entry.RELEASED, 25),
    ]:
        line.enter(kind, fen, AT)
    assert (line.reserved_fen, line.committed_fen, line.consumed_fen) == (0, 0, 35)
    assert line.available_fen == 55
    assert set(EFFECTS) == set(Entry)
    with pytest.raises(ValueError, match="more than line"):
        line.enter(Entry.COMMITTED, 1, AT)
    with pytest.raises(Conflict, match="insufficient_budget"):
        line.enter(Entry.HELD, 56, AT)
    with pytest.raises(Conflict, match="below_taken"):
        line.enter(Entry.ADJUSTED, -56, AT)


def test_invariant_21_lines_are_rounded_and_add_up() -> None:
    items = [an_item(quantity="0.333", price=100, line_no=n) for n in (1, 2, 3)]
    assert [item.amount_fen for item in items] == [33, 33, 33]
    assert a_plan(items).amount_fen == 99
    assert an_item(quantity="0.005", price=100).amount_fen == 1


@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 10**9)), max_size=20))
def test_invariant_21_whatever_the_lines_their_sum_is_the_amount(lines: list[tuple[int, int]]) -> None:
    """Quantities in thousandths, prices in fen; each line is rounded half up once."""
    items = [
        an_item(quantity=str(Decimal(milli) / 1000), price=price, line_no=n)
        for n, (milli, price) in enumerate(lines, 1)
    ]
    assert a_plan(items).amount_fen == sum(item.amount_fen for item in items)
    for item, (milli, price) in zip(items, lines, strict=True):
        assert -500 < item.amount_fen * 1000 - milli * price <= 500
        assert parse_wan(format_wan(item.amount_fen)) == item.amount_fen
        assert parse_yuan(format_yuan(item.amount_fen)) == item.amount_fen


@pytest.mark.parametrize(
    ("code", "parent"),
    [
        ("A", ""),
        ("A02000000", "A"),
        ("A02010000", "A02000000"),
        ("A02010108", "A02010100"),
    ],
)
def test_the_parent_of_a_code(code: str, parent: str) -> None:
    assert parent_of(code) == parent


def test_every_code_of_the_data_files_has_both_labels() -> None:
    for group in ("method", "organisation_form", "fund_nature", "kind", "sme_mode", "method_ground"):
        assert all(reference.choices(group).values())
    assert set(reference.labels("plan")) >= {status.value for status in Status}
    for field in reference.fields():
        assert field.label_zh
        assert field.label_en
        if field.options:
            assert reference.choices(field.options)
