"""Requests against everything else at the same moment: one wins, the others hear why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.events.approvals import CaseApproved
from tests.plans.requests import CHANGE, REVOKE, act, drafted, seen, submitted, tell
from tests.plans.test_races import at_once
from tests.plans.town import Town

SEVERAL = range(3)


@pytest.mark.parametrize("_", SEVERAL)
def test_two_changes_and_a_revocation_of_one_plan(any_town: Town, _: int) -> None:
    town = any_town
    plan = town.usable()
    requests = [drafted(town, plan, **form) for form in (CHANGE, CHANGE, REVOKE)]
    answers = at_once(*[lambda request=request: act(town, request, "submit") for request in requests])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert town.plan(plan)["open_request_id"] == won["id"]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"wrong_state"}
    assert len(town.published("document.submitted")) == 2  # the plan's own, and the winner's


@pytest.mark.parametrize("_", SEVERAL)
def test_revocation_against_start_trade(any_town: Town, _: int) -> None:
    """The trade first: the request is refused. The lock first: the trade is refused."""
    town = any_town
    line = town.line("60000.00")
    plan = town.usable(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    request = drafted(town, plan, **REVOKE)
    asked, started = at_once(lambda: act(town, request, "submit"), lambda: town.start(plan, "60000.00"))
    assert (asked.status_code, started.status_code) in {(200, 409), (409, 201)}
    found = town.plan(plan)
    assert (found["open_request_id"] is None) == (found["status"] == "in_use")


@pytest.mark.parametrize("_", SEVERAL)
def test_assignment_against_a_change(any_town: Town, _: int) -> None:
    town = any_town
    plan = town.usable()
    request = drafted(town, plan)
    asked, assigned = at_once(
        lambda: act(town, request, "submit"), lambda: town.act(town.lin, plan, "assign", to=str(town.wu))
    )
    assert asked.status_code == 200  # an assigned plan may be changed, too
    assert assigned.status_code in (200, 409)


def test_one_submission_of_a_request_sent_four_times(any_town: Town) -> None:
    town = any_town
    request = drafted(town, town.usable())
    answers = at_once(*[lambda: act(town, request, "submit")] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


def test_an_outcome_against_a_look_and_a_second_request(any_town: Town) -> None:
    """The approval locks the request, then its plan, as a submission does: nobody waits in a circle."""
    town = any_town
    plan = town.usable()
    first = submitted(town, plan)
    with ThreadPoolExecutor(2) as pool:
        heard = pool.submit(lambda: tell(town, CaseApproved, first))
        others = [pool.submit(lambda: act(town, first, "submit")) for _ in range(4)]
        heard.result()
        assert {answer.result().json()["code"] for answer in others} == {"wrong_state"}
    assert seen(town, first)["status"] == "approved"
    assert submitted(town, town.plan(plan), **REVOKE)["status"] == "under_review"
