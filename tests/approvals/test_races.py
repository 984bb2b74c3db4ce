"""Simultaneous commands on one case: exactly one wins, the others hear who was first (I16)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

from tests.approvals.office import Office, finance_step, step


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Runs the acts in threads that start together."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def one_winner(answers: Sequence[Any]) -> Any:
    """The one that got through; all others are 409 with the facts of an act that came first."""
    won = [answer for answer in answers if answer.status_code == 200]
    assert len(won) == 1, [(answer.status_code, answer.text) for answer in answers]
    for answer in answers:
        if answer not in won:
            assert answer.status_code == 409, answer.text
            assert answer.json()["winner"]["actor_name"]
    return won[0]


def test_i16_four_simultaneous_decisions_on_one_slot(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    for _ in range(5):
        doc_id, _ = office.submit(["wang"])
        slot = office.slot("wang")
        acts = [partial(act, "wang", slot) for act in (office.agree, office.disagree) * 2]
        outcome = one_winner(at_once(acts)).json()["outcome"]
        case = office.case("li", doc_id)
        assert case["state"] == {"agreed": "reviewing", "disagreed": "returned"}[outcome]
        assert [entry["type"] for entry in case["timeline"]] == ["submitted", outcome]
        assert case["history_intact"]


def test_i16_two_reviewers_of_an_any_one_step(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    for _ in range(5):
        doc_id, _ = office.submit(["wang"])
        office.agree("wang")
        qian, sun = office.slot("qian"), office.slot("sun")
        answers = at_once([partial(office.agree, "qian", qian), partial(office.agree, "sun", sun)])
        assert one_winner(answers).json()["case_state"] == "approved"
        assert office.case("li", doc_id)["history_intact"]
    assert len(office.told("case.approved")) == 5


def test_i20_withdrawal_against_decision(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    for _ in range(6):
        doc_id, _ = office.submit(["wang"])
        slot = office.slot("wang")
        answers = at_once([partial(office.agree, "wang", slot), partial(office.withdraw, "li", doc_id)])
        agreed = one_winner(answers) is answers[0]
        assert office.case("li", doc_id)["state"] == ("reviewing" if agreed else "withdrawn")
        assert [answer.json()["winner"]["outcome"] for answer in answers if answer.status_code == 409] == [
            "agreed" if agreed else "withdrawn"
        ]


def test_i16_all_of_a_panel_at_once_close_the_step_once(each_office: Office) -> None:
    office = each_office
    office.add("xu", office.school, "reviewer", positions=["panel"])
    office.change("wang", 2, "reviewer", positions=["panel"])
    office.change("zhao", 2, "reviewer", positions=["panel"])
    office.publish(
        "chen", "unit", [step("panel", selector={"role": "reviewer", "position": "panel"}, quorum="all")]
    )
    office.publish("zhou", "district", [finance_step()])
    office.submit()
    slots = {who: office.slot(who) for who in ("wang", "zhao", "xu")}
    answers = at_once([partial(office.agree, who, slot) for who, slot in slots.items()])
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(office.told("slot.opened")) == 3 + 2
    assert sorted(len(answer.json()["current_holders"]) for answer in answers) == [1, 2, 2]


def test_i17_the_same_key_at_once_is_one_decision(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    office.submit(["wang"])
    slot = office.slot("wang")
    headers = {"If_Match": slot["etag"], "Idempotency_Key": f"one-act-{slot['id']}"}
    path = f"slots/{slot['id']}/agree"
    answers = at_once([lambda: office.post("wang", path, {}, **headers)] * 4)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1


def test_two_chains_of_one_owner_at_once(each_office: Office) -> None:
    body = {"level": "unit", "doc_type": each_office.doc_type, "name": "审核链", "steps": [step("head")]}
    answers = at_once([lambda: each_office.post("chen", "chains", body)] * 3)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
