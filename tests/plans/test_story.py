"""The life of a plan as its applicant sees it."""

from __future__ import annotations

from services.plans.district import next_number
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
from tests.plans.town import FORM, Town


def test_a_plan_from_a_budget_becomes_usable(any_town: Town) -> None:
    town = any_town
    line = town.line("100000.00")
    plan = town.draft(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    assert (plan["status"], plan["amount"], plan["version"]) == ("draft", "60000.00", 1)
    assert town.available(line) == "100000.00"

    preview = town.do(town.lin, "GET", f"plans/{plan['id']}/submission")
    assert preview["problems"] == []
    sent = town.submit(plan)
    assert sent.status_code == 200, sent.text
    plan = sent.json()
    assert plan["status"] == "under_review"
    assert plan["status_label"] == "审核中"
    assert plan["application_number"] == "SQ-140100-2026-000001"
    assert town.available(line) == "40000.00"

    (submitted,) = town.published("document.submitted")
    assert submitted.data["submission"]["digest"] == preview["submission"]["digest"]
    assert submitted.data["submission"]["facts"] == preview["submission"]["facts"]
    assert submitted.data["submission"]["content"] == preview["submission"]["content"]
    assert submitted.data["picks"] == [str(town.shen)]

    town.tell(CaseOpened, plan)
    town.tell(SlotOpened, plan)
    seen = town.plan(plan)
    assert (seen["current_step"], seen["current_holders"]) == ("单位审核", ["沈审核"])
    town.tell(CaseApproved, plan)
    seen = town.plan(plan)
    assert seen["status"] == "usable"
    assert seen["status_label"] == "可使用"
    assert seen["plan_number"] == "140100-2026-000001"
    assert seen["current_holders"] == []
    assert town.available(line) == "40000.00"
    kinds = [
        entry["kind"] for entry in town.do(town.qian, "GET", f"budget-lines/{line['id']}/entries")["items"]
    ]
    assert kinds == ["confirmed", "held", "approved"]
    told = town.published("plan.status_changed")
    assert [event.data["status"] for event in told] == ["draft", "under_review", "usable"]
    assert told[-1].data["plan_number"] == "140100-2026-000001"


def test_a_returned_plan_shows_why_and_can_be_submitted_again(town: Town) -> None:
    line = town.line("60000.00")
    part = {"budget_line_id": line["id"], "amount": "60000.00"}
    plan = town.submitted(allocations=[part])
    town.tell(CaseReturned, plan)
    plan = town.plan(plan)
    assert plan["status"] == "returned"
    assert plan["returned"] == {
        "by": "reviewer",
        "code": "",
        "reason": "数量偏多",
        "step": "单位审核",
        "actor": "沈审核",
    }
    assert town.available(line) == "60000.00"
    told = town.published("plan.status_changed")[-1].data
    assert (told["opinion"], told["step_name"], told["decided_by"]) == ("数量偏多", "单位审核", "沈审核")

    fewer = [{**FORM["items"][0], "quantity": "5"}]
    saved = town.save(plan, items=fewer, allocations=[{**part, "amount": "30000.00"}])
    assert saved.status_code == 200, saved.text
    again = town.submit(saved.json()).json()
    assert (again["status"], again["round"]) == ("under_review", 2)
    assert again["application_number"] == plan["application_number"]
    assert again["returned"] is None
    assert town.available(line) == "30000.00"
    rounds = town.do(town.lin, "GET", f"plans/{plan['id']}/rounds")
    assert [frozen["content"]["amount"] for frozen in rounds] == ["60000.00", "30000.00"]


def test_a_withdrawn_plan_frees_its_budget_and_can_be_abandoned(town: Town) -> None:
    line = town.line("60000.00")
    plan = town.submitted(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    town.tell(CaseWithdrawn, plan)
    plan = town.plan(plan)
    assert plan["status"] == "withdrawn"
    assert town.available(line) == "60000.00"
    gone = town.ask(
        town.lin,
        "POST",
        f"plans/{plan['id']}/abandon",
        json={"reason": "不再需要"},
        headers={"If-Match": f'"v{plan["version"]}"'},
    )
    assert gone.json()["status"] == "void"
    assert town.published("document.cancelled")[0].data["doc_id"] == plan["id"]
    assert town.submit(gone.json()).status_code == 409


def test_a_submission_that_cannot_be_routed_comes_back_from_the_system(town: Town) -> None:
    line = town.line("60000.00")
    plan = town.submitted(allocations=[{"budget_line_id": line["id"], "amount": "60000.00"}])
    town.tell(CaseRefused, plan)
    seen = town.plan(plan)
    assert seen["status"] == "returned"
    assert (seen["returned"]["by"], seen["returned"]["code"]) == ("system", "no_unit_chain")
    assert town.available(line) == "60000.00"
    again = town.submit(seen).json()
    town.tell(CaseTerminated, again)
    assert town.plan(plan)["returned"]["code"] == "terminated"


def test_what_a_slot_closing_leaves_behind(town: Town) -> None:
    plan = town.submitted()
    opened = town.case(SlotOpened, plan)
    slot_id = opened.slot_id  # type: ignore[attr-defined]
    town.hear(town.case(SlotClosed, plan, slot_id=slot_id, case_version=2))
    town.hear(opened)
    assert town.plan(plan)["current_holders"] == []
    assert town.plan(plan, town.shen)["id"] == plan["id"]


def test_a_reviewer_outside_the_unit_sees_the_plan_from_his_slot_on(town: Town) -> None:
    plan = town.submitted()
    assert town.ask(town.rui, "GET", f"plans/{plan['id']}").status_code == 404
    town.tell(SlotOpened, plan, holder_id=town.rui)
    assert town.ask(town.rui, "GET", f"plans/{plan['id']}").status_code == 200
    town.tell(CaseReturned, plan)
    assert town.ask(town.rui, "GET", f"plans/{plan['id']}/history").status_code == 200


def test_numbers_go_on_per_district_and_year(town: Town) -> None:
    with town.store.work() as work:
        numbers = [next_number(work, "140100", 2026, "plan", "{year}号{district}/{seq}") for _ in range(3)]
        other = next_number(work, "140100", 2027, "plan", "{year}号{district}/{seq}")
    assert numbers == ["2026号140100/000001", "2026号140100/000002", "2026号140100/000003"]
    assert other == "2027号140100/000001"
