"""What reviewers read: the documents that they were asked about, and those that such a document relies on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared.events.approvals import CaseApproved, CaseReturned, SlotOpened
from tests.plans.imports.customs import FORM as IMPORT
from tests.plans.imports.customs import PDF, Customs
from tests.plans.requests import CHANGE, REVOKE, submitted, tell
from tests.plans.town import FORM, Town


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


PHONE = "13900000000"


def test_outside_his_unit_a_former_reviewer_reads_what_he_was_asked_about(any_town: Town) -> None:
    town = any_town
    files = {"file": ("需求.pdf", PDF, "application/pdf")}
    file = town.do(town.lin, "POST", "attachments", files=files)
    listed = [{"id": file["id"], "attachment_kind": "requirement"}]
    plan = town.submitted(name="初稿", contact_phone=PHONE, attachments=listed)
    town.tell(SlotOpened, plan)
    town.tell(CaseReturned, plan)
    town.person("沈审核", town.school, "handler", person_id=town.shen, version=2)
    town.people[town.shen] = town.school
    item = {**FORM["items"][0], "quantity": "20"}
    saved = town.save(town.plan(plan), name="改稿", contact_phone=PHONE, items=[item])
    assert saved.status_code == 200, saved.text

    seen = town.plan(plan, town.shen)
    assert (seen["name"], seen["amount"], seen["contact_phone"]) == ("初稿", "60000.00", "")
    assert (seen["items"][0]["quantity"], seen["items"][0]["catalogue_name"]) == ("10", "便携式计算机")
    assert [(row["id"], row["kind"]) for row in seen["attachments"]] == [(file["id"], "requirement")]
    assert (seen["status"], town.plan(plan)["name"], town.plan(plan)["attachments"]) == (
        "returned",
        "改稿",
        [],
    )
    history = town.do(town.shen, "GET", f"plans/{plan['id']}/history?limit=100")
    assert PHONE not in str(history)
    assert not any(entry["changes"] for entry in history["items"])
    preview = town.ask(town.shen, "GET", f"plans/{plan['id']}/submission")
    assert (preview.status_code, preview.json()["code"]) == (403, "outside_scope")
    assert town.ask(town.shen, "GET", f"plans/{plan['id']}/check").status_code == 403

    assert town.submit(saved.json()).status_code == 200
    assert town.plan(plan, town.shen)["name"] == "初稿"
    assert [one["n"] for one in town.do(town.shen, "GET", f"plans/{plan['id']}/rounds")] == [1]
    assert [one["n"] for one in town.do(town.lin, "GET", f"plans/{plan['id']}/rounds")] == [1, 2]
    inside = town.plan(plan, town.wu)
    assert (inside["name"], inside["contact_phone"]) == ("改稿", PHONE)


def test_a_reviewer_of_a_request_reads_its_plan_as_it_was_submitted(town: Town) -> None:
    town.rule("revocation", {"handlings": ["void", "return_to_draft"]})
    plan = town.usable(contact_phone=PHONE)
    request = submitted(town, plan, **{**REVOKE, "handling": "return_to_draft"})
    tell(town, SlotOpened, request, holder_id=town.rui)
    assert (town.plan(plan, town.rui)["name"], town.plan(plan, town.rui)["contact_phone"]) == (
        FORM["name"],
        "",
    )
    tell(town, CaseApproved, request)
    assert town.save(town.plan(plan), name="改稿").status_code == 200
    assert town.plan(plan, town.rui)["name"] == FORM["name"]
    assert town.plan(plan)["name"] == "改稿"


def test_a_request_and_an_application_that_are_changed_since(town: Town) -> None:
    customs = Customs(town)
    request = submitted(town, town.usable())
    approval = customs.submitted()
    for kind, document in (("requests", request), ("import-approvals", approval)):
        about = document.get("review") or document["kind"]
        town.tell(SlotOpened, document, doc_type=about, holder_id=town.rui)
        town.tell(CaseReturned, document, doc_type=about)
        tag = {"If-Match": town.ask(town.lin, "GET", f"{kind}/{document['id']}").headers["etag"]}
        changed = (
            {"new_method": "inquiry", "reason": "改了"} if kind == "requests" else customs.form(name="改了")
        )
        town.do(town.lin, "PUT", f"{kind}/{document['id']}", json=changed, headers=tag)
    seen = town.do(town.rui, "GET", f"requests/{request['id']}")
    assert (seen["new_method_label"], seen["reason"]) == ("竞争性谈判", CHANGE["reason"])
    assert town.do(town.lin, "GET", f"requests/{request['id']}")["new_method_label"] == "询价"
    seen = customs.now(approval, town.rui)
    assert (seen["name"], seen["contact_phone"], len(seen["experts"])) == (IMPORT["name"], "", 5)
    assert len(seen["attachments"]) == 2
    for kind, document in (("requests", request), ("import-approvals", approval)):
        assert town.ask(town.rui, "GET", f"{kind}/{document['id']}/submission").status_code == 403
        assert town.ask(town.wu, "GET", f"{kind}/{document['id']}/submission").status_code == 200
