"""Invariant 16: an event twice, or one of an older round, changes nothing; any order ends the same."""

from __future__ import annotations

import os
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.plans.budget import BudgetLine
from services.plans.handlers import events
from services.plans.plan import Plan
from services.plans.review import DocumentHistory, ReaderSlot
from shared.database import new_id
from shared.events import Event
from shared.events.approvals import (
    CaseApproved,
    CaseOpened,
    CaseRefused,
    CaseReturned,
    CaseTerminated,
    CaseWithdrawn,
    SlotClosed,
    SlotOpened,
)
from tests.plans.town import Town

LATE = (CaseOpened, CaseReturned, CaseApproved, CaseWithdrawn, CaseRefused, CaseTerminated)


def apply(town: Town, event: Event) -> None:
    """The handlers alone, without the receiver that would drop a duplicate."""
    with town.store.work() as work:
        events.apply(work, event.type, event.model_dump(mode="json"))


def state(town: Town, plan_id: UUID, line_id: UUID) -> dict[str, Any]:
    with town.store.read() as look:
        plan, line = look.get(Plan, plan_id), look.get(BudgetLine, line_id)
        slots = look.all(select(ReaderSlot).where(ReaderSlot.document_id == plan_id))
        history = look.all(select(DocumentHistory.kind).where(DocumentHistory.document_id == plan_id))
        return {
            "status": plan.status,
            "version": plan.version,
            "numbered": plan.plan_number is not None,
            "round": plan.round,
            "case": plan.case_id is not None,
            "reserved": line.reserved_fen,
            "slots": sorted((slot.round, slot.open) for slot in slots),
            "history": sorted(history),
        }


def second_round(town: Town) -> tuple[UUID, UUID, list[Event], list[Event]]:
    """A plan in its second round; gives it, its line, the late events of round 1, and those of round 2."""
    line = town.line("60000.00")
    first = town.submitted(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    town.tell(CaseReturned, first)
    second = town.submit(town.plan(first)).json()
    late = [town.case(kind, first) for kind in LATE]
    slots = [new_id(), new_id()]
    current = [
        town.case(CaseOpened, second),
        *(town.case(SlotOpened, second, slot_id=slot) for slot in slots),
        *(town.case(SlotClosed, second, slot_id=slot, case_version=2) for slot in slots),
        town.case(CaseApproved, second),
    ]
    return UUID(first["id"]), UUID(line["id"]), late, current


@settings(
    max_examples=40 if os.environ.get("CI") == "true" else 8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_order_of_deliveries_ends_the_same(shared_town: Town, data: st.DataObject) -> None:
    town = shared_town
    plan_id, line_id, late, current = second_round(town)
    deliveries = data.draw(st.permutations([*late, *current, *data.draw(st.permutations(current))]))
    for event in deliveries:
        apply(town, event)
    assert state(town, plan_id, line_id) == {
        "status": "usable",
        "version": 5,
        "numbered": True,
        "round": 2,
        "case": True,
        "reserved": 6_000_000,
        "slots": [(2, False), (2, False)],
        "history": ["agreed", "agreed", "created", "returned", "submitted", "submitted", "usable"],
    }


def test_every_outcome_twice_is_the_same_as_once(shared_town: Town) -> None:
    town = shared_town
    outcomes: list[tuple[type[Event], str]] = [
        (CaseApproved, "usable"),
        (CaseReturned, "returned"),
        (CaseWithdrawn, "withdrawn"),
        (CaseRefused, "returned"),
        (CaseTerminated, "returned"),
    ]
    for kind, status in outcomes:
        plan_id, line_id, _, _ = second_round(town)
        plan = town.plan({"id": str(plan_id)})
        apply(town, town.case(kind, plan))
        once, told = state(town, plan_id, line_id), len(town.published())
        apply(town, town.case(kind, plan))
        assert once["status"] == status
        assert state(town, plan_id, line_id) == once
        assert len(town.published()) == told


def test_a_slot_that_opens_again_is_open_whatever_comes_first(shared_town: Town) -> None:
    town = shared_town
    for order in permutations(range(3)):
        plan_id, line_id, _, _ = second_round(town)
        plan, slot = town.plan({"id": str(plan_id)}), new_id()
        kinds: list[type[Event]] = [SlotOpened, SlotClosed, SlotOpened]
        told = [
            town.case(kind, plan, slot_id=slot, case_version=version)
            for version, kind in enumerate(kinds, start=1)
        ]
        for index in order:
            apply(town, told[index])
        assert state(town, plan_id, line_id)["slots"] == [(2, True)]


def test_events_about_other_documents_change_nothing(shared_town: Town) -> None:
    town = shared_town
    plan = town.submitted()
    for kind in LATE:
        apply(town, town.case(kind, plan, doc_type="contract"))
        apply(town, town.case(kind, plan, doc_id=new_id()))
    apply(town, town.case(SlotOpened, plan, doc_type="contract", holder_id=town.rui))
    seen = town.plan(plan)
    assert (seen["status"], seen["version"], seen["case_id"]) == ("under_review", plan["version"], None)
    assert town.ask(town.rui, "GET", f"plans/{plan['id']}").status_code == 404
