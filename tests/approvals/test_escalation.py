"""What becomes of overdue slots: they go on to others, and at last to the administrators; each level once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.approvals import alarms
from services.approvals.case import CaseState
from services.approvals.deadline import Level
from services.approvals.overdue import SlotAlarm, is_ringing, next_level
from services.approvals.slot import SlotState
from services.approvals.staffing import Candidate
from services.approvals.step import Escalation, PeopleSelector, RouteStep
from tests.approvals.acts import STAFF
from tests.approvals.desk import act, names
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_deadlines import local
from tests.approvals.test_invariants import Review
from tests.approvals.test_races import at_once


def chains(office: Office, *levels: dict[str, Any], **more: Any) -> None:
    """A picked reviewer with eight hours, then these levels."""
    head = step("head", pick="submitter", budget_hours=8, escalation=list(levels), **more)
    office.publish("chen", "unit", [head])
    office.publish("zhou", "district", [finance_step()])


def to(office: Office, *names: str, after: int = 0) -> dict[str, Any]:
    return {"selector": {"people": [str(office.id(name)) for name in names]}, "after_hours": after}


def pass_time(office: Office, **step: float) -> None:
    office.clock.move(**step)
    office.run_ticks()


def test_an_overdue_slot_goes_along_the_list_and_then_to_the_administrators(office: Office) -> None:
    office.add("xu", office.school, "reviewer")
    chains(office, to(office, "zhao", after=2), to(office, "xu"))
    doc_id, _ = office.submit(["wang"])
    first = office.slot("wang")
    pass_time(office, hours=25)  # 24 November, 10:00: due at 09:30, escalates at 11:30
    assert len(office.told("slot.overdue")) == 1
    assert office.told("slot.escalated") == []
    pass_time(office, hours=2)
    (escalated,) = office.told("slot.escalated")
    assert (escalated.data["level"], escalated.data["new_holder_id"]) == (1, str(office.id("zhao")))
    assert escalated.data["holder_unit_id"] == str(office.school), "where wang reviewed"
    assert office.agree("wang", first).json()["code"] == "already_escalated"
    second = office.slot("zhao")
    assert (second["id"], local(second["due_at"])) == (escalated.data["new_slot_id"], "11-25 14:30")
    opened = office.told("slot.opened")[-1].data
    assert (opened["origin"], opened["slot_id"]) == ("escalation", second["id"])

    pass_time(office, hours=27)
    third = office.slot("xu")
    assert office.get("zhao", "todo")["items"] == []
    pass_time(office, days=2)
    (raised,) = office.told("case.attention_raised")
    assert (raised.data["reason"], raised.data["administrator_ids"]) == ("overdue", [str(office.id("chen"))])
    assert office.get("chen", "counts")["attention"] == 1
    assert office.slot("xu")["id"] == third["id"]
    case = office.case("chen", doc_id)
    assert (case["state"], case["attention"], case["history_intact"]) == ("reviewing", "overdue", True)
    assert [entry["type"] for entry in case["timeline"]] == [
        "submitted",
        *("overdue", "escalated"),
        *("overdue", "escalated"),
        *("overdue", "unattended"),
    ]

    assert office.agree("xu").json()["current_step"] == "环节finance"
    assert len(office.told("case.attention_cleared")) == 1
    assert office.get("chen", "counts")["attention"] == 0


def test_a_level_without_anybody_free_is_passed_over(office: Office) -> None:
    chains(office, to(office, "li"), to(office, "zhao"))
    office.submit(["wang"])
    pass_time(office, days=2)
    (escalated,) = office.told("slot.escalated")
    assert (escalated.data["level"], escalated.data["new_holder_id"]) == (2, str(office.id("zhao")))


def test_who_has_a_part_in_the_step_gets_no_second_one(office: Office) -> None:
    chains(office, to(office, "zhao"))
    doc_id, _ = office.submit(["wang", "zhao"])
    pass_time(office, days=2)
    assert office.told("slot.escalated") == []
    case = office.case("chen", doc_id)
    holders = case["route"][0]["holders"]
    assert [(one["name"], one["state"]) for one in holders] == [("wang", "open"), ("zhao", "open")]
    assert case["attention"] == "overdue", "nobody else is left to be asked"
    (raised,) = office.told("case.attention_raised")
    assert raised.data["administrator_ids"] == [str(office.id("chen"))]


def test_where_a_level_has_a_part_already_the_next_one_is_asked_in_its_time(office: Office) -> None:
    office.add("xu", office.school, "reviewer")
    chains(office, to(office, "zhao"), to(office, "xu", after=2))
    office.submit(["wang", "zhao"])
    pass_time(office, hours=25)  # 10:00, half an hour overdue
    assert office.told("slot.escalated") == []
    pass_time(office, hours=2)
    assert [one.data["new_holder_id"] for one in office.told("slot.escalated")] == [str(office.id("xu"))]


def test_an_escalated_slot_that_is_passed_on_goes_on_from_its_level(office: Office) -> None:
    office.add("xu", office.school, "reviewer")
    office.add("tang", office.school, "reviewer")
    chains(office, to(office, "zhao", "tang"), to(office, "zhao", "xu"))
    doc_id, _ = office.submit(["wang"])
    pass_time(office, hours=25)
    slot = office.slot("zhao")
    assert names(office, "zhao", slot, "transfer") == ["tang"]
    assert act(office, "zhao", "transfer", slot, to=str(office.id("tang"))).status_code == 200
    office.change("tang", 2, "reviewer", positions=["another"])
    assert office.slot("tang"), "he is eligible as the other was"
    pass_time(office, days=2)
    escalated = [(one.data["level"], one.data["new_holder_id"]) for one in office.told("slot.escalated")]
    assert escalated == [(1, str(office.id("zhao"))), (2, str(office.id("xu")))]
    assert office.case("chen", doc_id)["history_intact"]


def test_who_was_asked_by_an_earlier_level_keeps_the_slot_when_a_later_one_is_empty(office: Office) -> None:
    chains(office, to(office, "zhao"), to(office, "li"))
    office.submit(["wang"])
    pass_time(office, days=2)
    slot = office.slot("zhao")
    pass_time(office, days=3)
    assert [one.data["reason"] for one in office.told("case.attention_raised")] == ["overdue"]
    office.change("zhao", 2, "reviewer", positions=["another"])
    assert office.agree("zhao", slot).json()["current_step"] == "环节finance"


def test_i33_who_got_a_slot_by_escalation_keeps_it_while_he_may(office: Office) -> None:
    chains(office, to(office, "chen"))
    office.submit(["wang"])
    pass_time(office, days=2)
    assert len(office.get("chen", "todo")["items"]) == 1
    office.change("chen", 2, "unit_administrator")
    assert len(office.get("chen", "todo")["items"]) == 1
    office.change("chen", 3, "unit_administrator", active=False)
    assert [one.data["reason"] for one in office.told("case.attention_raised")] == ["holder_left"]


def test_superiors_are_found_where_the_route_was_frozen(office: Office) -> None:
    office.add("hu", office.bureau, "reviewer")
    superior = {"selector": {"role": "reviewer", "in": "superior_unit"}, "after_hours": 0}
    chains(office, superior)
    office.submit(["wang"])
    pass_time(office, days=2)
    assert office.agree("hu").json()["current_step"] == "环节finance"


def test_escalation_needs_a_budget(office: Office) -> None:
    steps = [step("head", escalation=[to(office, "zhao")])]
    body = {"level": "unit", "doc_type": "plan", "name": "审核链", "steps": steps}
    made = office.post("chen", "chains", body)
    done = office.post("chen", f"chains/{made.json()['id']}/publish", If_Match=made.headers["etag"])
    assert (done.status_code, done.json()["errors"][0]["code"]) == (422, "budget_required")


def test_attention_ends_when_the_document_is_withdrawn(office: Office) -> None:
    chains(office)
    doc_id, _ = office.submit(["wang"])
    pass_time(office, days=2)
    assert office.get("chen", "counts")["attention"] == 1
    assert office.withdraw("li", doc_id).status_code == 200
    assert office.get("chen", "counts")["attention"] == 0
    assert len(office.told("case.attention_cleared")) == 1


def test_i37_simultaneous_ticks_ring_each_level_once(each_office: Office) -> None:
    office = each_office
    chains(office, to(office, "zhao"))
    for _ in range(4):
        office.submit(["wang"])
    office.clock.move(days=2)
    at_once([partial(alarms.ring, office.store)] * 4)
    assert len(office.told("slot.overdue")) == 4
    escalated = [one.data["slot_id"] for one in office.told("slot.escalated")]
    assert len(escalated) == len(set(escalated)) == 4
    assert len(office.get("zhao", "todo", doc_type=office.doc_type)["items"]) == 4


def test_i16_a_tick_and_a_decision_at_once(each_office: Office) -> None:
    office = each_office
    chains(office, to(office, "zhao"))
    for _ in range(5):
        doc_id, _ = office.submit(["wang"])
        slot = office.slot("wang")
        office.clock.move(days=3)
        answer, _ = at_once([partial(office.agree, "wang", slot), partial(alarms.ring, office.store)])
        case = office.case("li", doc_id)
        assert case["history_intact"]
        acts = [entry["type"] for entry in case["timeline"]]
        assert ("agreed" in acts) == (answer.status_code == 200)
        if answer.status_code != 200:
            assert (answer.status_code, acts[-1]) == (409, "escalated")


@given(
    hours=st.integers(1, 40),
    levels=st.lists(st.sets(st.integers(0, 5), min_size=1, max_size=2), max_size=3),
    waits=st.lists(st.integers(0, 60), min_size=1, max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_i37_time_alone_fires_each_level_once_and_agrees_to_nothing(
    hours: int, levels: list[set[int]], waits: list[int]
) -> None:
    machine = Review()
    people = [PeopleSelector(people=[STAFF[n].person_id for n in sorted(level)]) for level in levels]
    one = {"people": {1, 2}, "quorum": "any", "pick": "none", "on_empty": "skip", "applies": True}
    one |= {
        "self_review": "exclude",
        "repeat": "never",
        "budget_hours": hours,
        "may_carry": False,
        "attested": [],
    }
    machine.begin(steps=[{**one, "escalation": [Escalation(selector=selector) for selector in people]}])
    fired: Counter[tuple[Any, str]] = Counter()
    for wait in waits:
        machine.file.at += timedelta(hours=wait)
        for slot in list(machine.file.slots):
            while is_ringing(slot, machine.file.at):
                next_level(machine.file, slot, named)
        fired.update((row.slot_id, row.level) for row in machine.file.added if isinstance(row, SlotAlarm))
        machine.keep(machine.file)
        machine.i1_state_is_a_fold_of_the_events()
        machine.i2_events_are_an_unbroken_chain()
        machine.i31_what_was_told_is_what_is_open()
    assert set(fired.values()) <= {1}
    assert machine.case.state == CaseState.REVIEWING
    assert {slot.state for slot in machine.slots.values()} <= {SlotState.OPEN, SlotState.TRANSFERRED}
    assert sum(slot.state == SlotState.OPEN for slot in machine.slots.values()) == 2
    lying = [slot for slot in machine.open if slot.alarm == Level.ATTENTION and slot.alarm_at is None]
    assert bool(lying) == bool(machine.case.attention)


def named(step: RouteStep) -> list[Candidate]:
    """The people whom the selector of a step names."""
    assert isinstance(step.selector, PeopleSelector)
    return [one for one in STAFF if one.person_id in step.selector.people]
