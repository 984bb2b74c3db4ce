"""What reviewers read: the documents that they were asked about, and those that such a document relies on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared.events.approvals import CaseApproved, SlotOpened
from tests.plans.imports.customs import Customs
from tests.plans.requests import REVOKE, submitted, tell
from tests.plans.town import Town


def status(town: Town, who: UUID, kind: str, document: dict[str, Any]) -> int:
    return town.ask(who, "GET", f"{kind}/{document['id']}").status_code


def test_who_reviews_a_request_reads_its_plan(any_town: Town) -> None:
    town = any_town
    plan, other = town.usable(), town.usable()
    request = submitted(town, plan, **REVOKE)
    assert status(town, town.rui, "plans", plan) == 404
    tell(town, SlotOpened, request, holder_id=town.rui)
    assert status(town, town.rui, "plans", plan) == 200
    for path in ("history", "rounds"):
        assert town.ask(town.rui, "GET", f"plans/{plan['id']}/{path}").status_code == 200
    assert status(town, town.rui, "plans", other) == 404
    assert status(town, town.he, "plans", plan) == 404
    assert not any(action["allowed"] for action in town.plan(plan, town.rui)["available_actions"])
    assert town.do(town.rui, "GET", "plans?tab=todo")["items"] == []


def test_who_reviews_a_plan_or_a_request_on_it_reads_the_approval_that_it_relies_on(any_town: Town) -> None:
    town, customs = any_town, Customs(any_town)
    approval = customs.approved()
    plan = customs.planned(approval)
    assert status(town, town.rui, "import-approvals", approval) == 404
    town.tell(SlotOpened, plan, holder_id=town.rui)
    seen = town.do(town.rui, "GET", f"import-approvals/{approval['id']}")
    for file in seen["attachments"]:
        assert town.ask(town.rui, "GET", f"attachments/{file['id']}").status_code == 200
    zhao = town.person("赵审核", town.bureau, "reviewer")
    town.people[zhao] = town.bureau
    town.tell(CaseApproved, plan)
    request = submitted(town, town.plan(plan), **REVOKE)
    assert status(town, zhao, "import-approvals", approval) == 404
    tell(town, SlotOpened, request, holder_id=zhao)
    assert status(town, zhao, "import-approvals", approval) == 200
