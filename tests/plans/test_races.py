"""Several people, or one impatient one, at the same time: exactly one wins, the others learn who."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from httpx2 import Response

from shared.events.approvals import CaseApproved
from tests.plans.town import Town


def at_once(*calls: Callable[[], Response]) -> list[Response]:
    """Makes the calls at the same moment, each in its own thread."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Response]) -> Response:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_four_submits_of_one_plan(any_town: Town) -> None:
    town = any_town
    line = town.line("100000.00")
    plan = town.draft(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    answers = at_once(*[lambda: town.submit(plan)] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    for answer in answers:
        if answer.status_code == 409:
            facts = answer.json()
            assert facts["code"] == "wrong_state"
            assert facts["plan_status"] == "under_review"
            assert facts["application_number"] == "SQ-140100-2026-000001"
            assert facts["submitted_at"]
    assert len(town.published("document.submitted")) == 1
    assert town.available(line) == "40000.00"


def test_one_submit_sent_four_times_with_one_key(any_town: Town) -> None:
    town = any_town
    plan = town.draft()
    headers = {"Idempotency-Key": "the same act"}
    answers = at_once(*[lambda: town.submit(plan, headers=headers)] * 4)
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1
    assert len(town.published("document.submitted")) == 1


def test_two_plans_for_the_last_yuan(any_town: Town) -> None:
    town = any_town
    line = town.line("60000.00")
    part = [{"budget_line_id": line["id"], "amount": "60000.00"}]
    one, two = town.draft(allocations=part), town.draft(allocations=part)
    answers = at_once(lambda: town.submit(one), lambda: town.submit(two))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (refused,) = (answer.json() for answer in answers if answer.status_code == 409)
    assert refused["code"] == "insufficient_budget"
    assert refused["lines"] == [
        {
            "budget_line_id": line["id"],
            "project_name": "设备购置",
            "requested": "60000.00",
            "available": "0.00",
        }
    ]
    assert town.available(line) == "0.00"


def test_two_plans_that_draw_on_two_lines_in_opposite_order(any_town: Town) -> None:
    town = any_town
    first, second = town.line("60000.00"), town.line("60000.00")
    parts = [{"budget_line_id": line["id"], "amount": "30000.00"} for line in (first, second)]
    plans = [town.draft(allocations=parts), town.draft(allocations=parts[::-1])]
    answers = at_once(*[lambda plan=plan: town.submit(plan) for plan in plans])
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [town.available(line) for line in (first, second)] == ["0.00", "0.00"]


def test_a_budget_cut_against_a_submit(any_town: Town) -> None:
    town = any_town
    line = town.line("60000.00")
    plan = town.draft(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])

    def cut() -> Response:
        return town.ask(
            town.qian,
            "POST",
            f"budget-lines/{line['id']}/adjustments",
            json={"direction": "decrease", "amount": "1.00", "reason": "压减"},
            headers={"If-Match": '"v1"'},
        )

    answers = at_once(cut, lambda: town.submit(plan))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refused["code"] in ("below_taken", "insufficient_budget")


def test_numbers_of_plans_that_are_submitted_together(any_town: Town) -> None:
    town = any_town
    plans = [town.draft() for _ in range(6)]
    answers = at_once(*[lambda plan=plan: town.submit(plan) for plan in plans])
    numbers = sorted(answer.json()["application_number"] for answer in answers)
    assert numbers == [f"SQ-140100-2026-{n:06d}" for n in range(1, 7)]


def test_saving_and_submitting_at_once(any_town: Town) -> None:
    """Whoever comes first wins; what was reviewed is what was submitted."""
    town = any_town
    plan = town.draft()
    saved, sent = at_once(lambda: town.save(plan, name="改名"), lambda: town.submit(plan))
    assert (saved.status_code, sent.status_code) in {(200, 412), (409, 200)}
    if sent.status_code == 200:
        town.tell(CaseApproved, sent.json())
        assert town.plan(plan)["name"] == "办公设备采购"
