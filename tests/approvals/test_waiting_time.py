"""The time of a holder stands still while others sign before him, and runs on with what was left of it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.approvals.deadline import give_time, go_on, reckon, stop_time
from services.approvals.slot import NEVER, Slot
from services.approvals.timetable import USUAL
from tests.approvals.desk import act, holder, ids
from tests.approvals.office import Office
from tests.approvals.test_deadlines import local
from tests.approvals.test_escalation import chains, pass_time, to
from tests.lone import MORNING


def let_xu_sign_first(office: Office) -> None:
    asked = act(office, "wang", "add-sign", office.slot("wang"), people=ids(office, "xu"), order="before")
    assert asked.status_code == 200


def about(office: Office, kind: str) -> list[str]:
    """Whom something was told of, in order."""
    return [one.data["holder_name"] for one in office.told(kind)]


def test_what_was_left_runs_on_when_the_turn_comes_back(office: Office) -> None:
    office.add("xu", office.school, "reviewer")
    office.add("tang", office.school, "reviewer")
    chains(office, to(office, "zhao"))
    doc_id, _ = office.submit(["wang"])
    pass_time(office, hours=1)  # 10:00 of Monday, seven of eight hours are left
    let_xu_sign_first(office)
    waiting = holder(office, doc_id, "wang")
    assert (waiting["state"], waiting["due_at"], waiting["time_state"]) == ("waiting", None, "")
    stopped = office.send("wang", "GET", f"slots/{waiting['slot_id']}/due")
    assert (stopped.status_code, stopped.json()["code"]) == (404, "no_deadline")
    pass_time(office, hours=24)  # half an hour later than his time had ended
    assert about(office, "slot.due_soon") == ["xu"]
    assert office.told("slot.overdue") == []

    assert office.agree("xu").status_code == 200
    mine = office.slot("wang")
    assert (local(mine["due_at"]), mine["time_state"]) == ("11-25 09:30", "on_time")
    assert office.told("slot.opened")[-1].data["due_at"] == mine["due_at"]
    explained = office.get("wang", f"slots/{mine['id']}/due")
    assert explained["agrees"]
    assert "剩余的 7 小时 0 分钟工作时间（等待加签人期间不计时）" in explained["text"]
    pass_time(office, hours=5)  # 15:00, four hours before the end
    assert about(office, "slot.due_soon") == ["xu", "wang"]

    act(office, "wang", "transfer", mine, to=str(office.id("tang")))
    passed_on = office.slot("tang")
    assert passed_on["due_at"] == mine["due_at"]
    assert office.get("tang", f"slots/{passed_on['id']}/due")["agrees"]
    pass_time(office, hours=19)
    assert about(office, "slot.overdue") == ["tang"]
    assert office.told("slot.escalated")[-1].data["new_holder_id"] == str(office.id("zhao"))
    assert office.case("chen", doc_id)["history_intact"]


def test_time_stands_still_once_more_and_until_the_signer_is_taken_off(office: Office) -> None:
    office.add("xu", office.school, "reviewer")
    chains(office)
    doc_id, _ = office.submit(["wang"])
    for _ in range(2):
        pass_time(office, hours=1)
        let_xu_sign_first(office)
        pass_time(office, hours=24)
        signer = holder(office, doc_id, "xu")
        assert act(office, "wang", "reduce-sign", signer, reason="").status_code == 200
    assert local(office.slot("wang")["due_at"]) == "11-26 09:30"  # at 11:00 of Wednesday six hours are left


def test_who_is_overdue_already_gains_no_time(office: Office) -> None:
    office.add("xu", office.school, "reviewer")
    chains(office)
    doc_id, _ = office.submit(["wang"])
    pass_time(office, hours=25)
    due = office.slot("wang")["due_at"]
    let_xu_sign_first(office)
    assert holder(office, doc_id, "wang")["due_at"] == due
    office.agree("xu")
    mine = office.slot("wang")
    assert (mine["due_at"], mine["time_state"]) == (due, "overdue")
    assert office.case("chen", doc_id)["attention"] == "overdue"


def test_a_turn_given_to_another_while_signers_are_awaited_has_its_whole_time_then(office: Office) -> None:
    office.add("xu", office.school, "reviewer")
    chains(office)
    doc_id, _ = office.submit(["wang"])
    let_xu_sign_first(office)
    given = act(
        office, "chen", "reassign", holder(office, doc_id, "wang"), to=ids(office, "zhao")[0], reason="改派"
    )
    assert given.status_code == 200
    assert holder(office, doc_id, "zhao")["due_at"] is None
    pass_time(office, hours=4)  # 13:00
    office.agree("xu")
    assert local(office.slot("zhao")["due_at"]) == "11-24 14:30"  # eight hours from 13:00


@given(
    budget=st.integers(1, 60),
    turns=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 10_000)), max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_however_often_it_stands_still_the_time_adds_up_to_the_budget(
    budget: int, turns: list[tuple[int, int]]
) -> None:
    slot, at, used = Slot(), MORNING, timedelta()
    give_time(slot, budget, at, USUAL)
    for has_it, waits in turns:
        began, at = at, at + timedelta(minutes=has_it)
        assert slot.due_at is not None
        if at >= slot.due_at:
            break
        used += USUAL.working_time.between(began, at)
        stop_time(slot, at, USUAL)
        assert (slot.due_order, slot.alarm_at) == (NEVER, None)
        at += timedelta(minutes=waits)
        go_on(slot, at, USUAL)
    assert slot.counted_from is not None
    assert slot.due_at is not None
    assert used + USUAL.working_time.between(slot.counted_from, slot.due_at) == timedelta(hours=budget)
    assert reckon(slot, USUAL).at == slot.due_at
    assert slot.alarm_at is not None
    assert slot.counted_from <= slot.alarm_at <= slot.due_at
