"""Several at the same time about one import approval, on SQLite and on PostgreSQL: exactly one wins."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Response

from services.plans.imports import deadlines
from shared.events.approvals import CaseApproved
from tests.plans.imports.customs import Customs
from tests.plans.test_races import at_once

SEVERAL = range(2)


def done(act: Callable[[], object]) -> Callable[[], Response]:
    """Something that gives no answer, beside requests that do."""

    def run() -> Response:
        act()
        return Response(204)

    return run


def test_two_plans_for_the_last_piece(any_customs: Customs) -> None:
    customs = any_customs
    approval = customs.approved()
    customs.planned(approval)
    plans = [customs.plan(approval) for _ in range(3)]
    answers = at_once(*[lambda plan=plan: customs.town.submit(plan) for plan in plans])
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422]
    for answer in answers:
        if answer.status_code == 422:
            assert answer.json()["errors"][0]["code"] == "import_quantity_exceeded"
    (item,) = customs.town.do(customs.town.lin, "GET", f"import-approvals/{approval['id']}/coverage")["items"]
    assert item["left_quantity"] == "0"


@pytest.mark.parametrize("_", SEVERAL)
def test_the_last_step_against_the_revocation(any_customs: Customs, _: int) -> None:
    """The agreement first: usable, and it stays so. The revocation first: returned, never usable."""
    customs = any_customs
    approval = customs.approved()
    plan = customs.planned(approval)
    answers = at_once(
        lambda: customs.act(customs.town.qian, approval, "revoke", reason="国产化替代"),
        done(lambda: customs.town.tell(CaseApproved, plan)),
    )
    assert answers[0].status_code == 200
    customs.town.run_jobs()
    told = [
        event.data["status"]
        for event in customs.town.published()
        if event.type in ("plan.status_changed", "import_approval.status_changed")
    ]
    plan = customs.town.plan(plan)
    assert plan["status"] == ("usable" if told[-1] == "rejected" else "returned")
    assert ("usable" in told) == (plan["status"] == "usable")


@pytest.mark.parametrize("_", SEVERAL)
def test_an_objection_against_the_end_of_the_notice(any_customs: Customs, _: int) -> None:
    """Two looks of the clock and an objection at the last moment: it counts, or it is too late."""
    customs = any_customs
    approval = customs.published()
    customs.move_to("2026-11-30T23:59:59")
    early = customs.object(approval, text="最后一刻提出的异议内容")
    assert early.status_code == 201
    customs.move_to("2026-12-01T00:00:00")
    store = customs.town.store
    answers = at_once(
        done(lambda: deadlines.end_notices(store)),
        lambda: customs.object(approval, host="203.0.113.5"),
        done(lambda: deadlines.end_notices(store)),
    )
    assert answers[1].json()["code"] == "notice_over"
    now = customs.now(approval)
    assert (now["status"], now["notices"][0]["state"]) == ("objection", "over")
    entries = customs.town.stream(f"import-approvals/{approval['id']}/history")
    assert [entry["kind"] for entry in entries].count("notice_over") == 1


def test_the_notice_ends_once_however_often_it_is_looked_at(any_customs: Customs) -> None:
    customs = any_customs
    approval = customs.published()
    customs.move_to("2026-12-01T00:00:00")
    at_once(*[done(lambda: deadlines.end_notices(customs.town.store))] * 4)
    assert customs.now(approval)["round"] == 2
    assert len(customs.town.published("document.submitted")) == 2


def test_two_decisions_on_one_objection(any_customs: Customs) -> None:
    customs = any_customs
    approval = customs.published()
    customs.object(approval)
    (objection,) = customs.objections(approval, customs.town.qian)
    objection = customs.done(customs.handle(customs.town.lin, objection, "argue", text="补充"))
    qian = customs.town.qian
    answers = at_once(
        lambda: customs.handle(qian, objection, "decide", upheld=True, reason="成立"),
        lambda: customs.handle(qian, objection, "decide", upheld=False, reason="不成立"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (lost,) = (answer.json() for answer in answers if answer.status_code == 409)
    assert lost["code"] == "objection_decided"
    assert customs.now(approval)["status"] == ("rejected" if lost["state"] == "upheld" else "publicity")


def test_objections_at_the_same_moment_from_one_address(any_customs: Customs) -> None:
    customs = any_customs
    approval = customs.published()
    answers = at_once(*[lambda: customs.object(approval)] * 5)
    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 429, 429]


def test_abandoning_against_an_objection(any_customs: Customs) -> None:
    customs = any_customs
    approval = customs.published()
    answers = at_once(
        lambda: customs.act(customs.town.lin, approval, "abandon"), lambda: customs.object(approval)
    )
    codes = [answer.status_code for answer in answers]
    assert codes in ([200, 409], [412, 201]), [answer.text for answer in answers]
