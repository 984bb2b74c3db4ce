"""The chapter of imported products over HTTP: application, reviews, notice, objection, and a plan."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.demo.client import Person
from services.demo.sample import HEAD
from tests.flows.county import County, refusal
from tests.plans.imports.customs import EXPERTS, FORM, OBJECTION, PDF

IMPORTS = "/api/plans/import-approvals"


def upload(person: Person, kind: str) -> dict[str, str]:
    files = {"file": (f"{kind}.pdf", PDF, "application/pdf")}
    row = person.post("/api/plans/attachments", files=files)
    return {"id": row["id"], "attachment_kind": kind}


def application(county: County, **changes: Any) -> str:
    """A saved application of the sample's hospital; its address."""
    files = [upload(county.handler, kind) for kind in ("import_form", "argument")]
    form = {**FORM, "fiscal_year": county.year, "experts": EXPERTS, "attachments": files, **changes}
    return f"{IMPORTS}/{county.handler.post(IMPORTS, form)['id']}"


def act(county: County, person: Person, path: str, verb: str, **body: Any) -> Any:
    """A verb on what an address shows, in its newest version; then all settles."""
    person.get(path)
    answer = person.post(f"{path}/{verb}", body, etag=person.etags[path])
    county.world.settle()
    return answer


def pass_notice(county: County, path: str) -> None:
    ends = datetime.fromisoformat(county.handler.get(path)["notices"][0]["ends_at"])
    county.world.pass_time(seconds=(ends - county.world.clock.now()).total_seconds())
    for role in ("handler", "head", "leader", "supervisor", "finance", "unit_admin"):  # short-lived
        county.people[role].token = county.api.sign_in(
            county.sample.logins[role], county.sample.password
        ).token


def agree(county: County, path: str, *reviewers: Person) -> None:
    for reviewer in reviewers:
        county.decide(reviewer, path.rpartition("/")[2])


def test_the_chapter_of_imported_products(county: County) -> None:
    handler = county.handler
    path = application(county)
    previewed = handler.post("/api/approvals/preview", handler.get(f"{path}/submission")["submission"])
    assert [step["name"] for step in previewed["route"]] == ["部门负责人审核", "财政部门审核"]
    assert previewed["asks_pick"]
    act(county, handler, path, "submit", picks=[county.head.id])
    assert handler.get(path)["status_label"] == "审核中（初审）"
    agree(county, path, county.head, county.supervisor)
    shown = handler.get(path)
    assert shown["status_label"] == "公示中"

    notice = shown["notices"][0]["url"]
    assert county.api.call("GET", notice)["takes_objections"]
    county.api.call("POST", f"{notice}/objections", OBJECTION, headers={"Idempotency-Key": "objection"})
    county.world.settle()
    (objection,) = county.finance.get(f"{path}/objections")
    assert objection["contact"]["phone"] == OBJECTION["phone"]
    argued = handler.post(
        f"{path}/objections/{objection['id']}/argue", {"text": "国产设备指标不足"}, etag='"v1"'
    )
    pass_notice(county, path)
    assert handler.get(path)["status_label"] == "异议处理中"
    decision = {"upheld": False, "reason": "经复核，技术理由充分"}
    county.finance.post(
        f"{path}/objections/{objection['id']}/decide", decision, etag=f'"v{argued["version"]}"'
    )
    county.world.settle()
    assert handler.get(path)["status_label"] == "审核中（终审）"

    approval_id = path.rpartition("/")[2]
    case = county.head.get(f"/api/approvals/documents/import_final_review/{approval_id}/case")
    (told,) = case["content"]["objections"]
    assert (told["text"], told["argument"]) == (OBJECTION["text"], "国产设备指标不足")
    agree(county, path, county.head, county.supervisor)
    approval = handler.get(path)
    assert (approval["status_label"], approval["valid_to"]) == ("已审核", "2026-12-31")

    item = {"catalogue_code": "A02321000", "name": "磁共振", "unit": "台", "is_imported": True}
    about: dict[str, Any] = {
        "is_imported": True,
        "import_approval_id": approval_id,
        "items": [{**item, "quantity": "1", "unit_price": "300000.00"}],
    }
    plan_id = county.draft("300000.00", **about)
    county.submit(plan_id)
    county.world.settle()
    agree(county, f"/{plan_id}", county.head, county.leader, county.supervisor)
    assert county.plan(plan_id)["status_label"] == "可使用"
    (used,) = handler.get(f"{path}/coverage")["items"]
    assert (used["taken_quantity"], used["left_amount"]) == ("1", "11700000.00")


def test_a_final_review_that_asks_for_a_pick_is_sent_by_hand(county: County) -> None:
    handler = county.handler
    path = application(county)
    act(county, handler, path, "submit", picks=[county.head.id])
    agree(county, path, county.head, county.supervisor)
    chains = county.unit_admin.get("/api/approvals/chains", doc_type="import_final_review")["items"]
    (chain,) = [row for row in chains if row["doc_type"] == "import_final_review" and row["level"] == "unit"]
    edit(county.unit_admin, chain["id"], [{**HEAD, "pick": "submitter"}])
    county.world.settle()
    pass_notice(county, path)
    shown = handler.get(path)
    assert (shown["status_label"], shown["returned"]["code"]) == ("待送审", "pick_required")
    act(county, handler, path, "send", picks=[county.head.id])
    assert handler.get(path)["status_label"] == "审核中（终审）"
    edit(county.unit_admin, chain["id"], [HEAD])
    agree(county, path, county.head, county.supervisor)
    assert handler.get(path)["status_label"] == "已审核"


def edit(by: Person, chain_id: str, steps: list[dict[str, Any]]) -> None:
    path = f"/api/approvals/chains/{chain_id}"
    by.get(path)
    by.put(f"{path}/draft", {"name": "进口产品终审", "steps": steps}, etag=by.etags[path])
    by.get(path)
    by.post(f"{path}/publish", etag=by.etags[path])


def test_an_application_is_withdrawn_in_either_review(county: County) -> None:
    handler = county.handler
    path = application(county)
    approval_id = path.rpartition("/")[2]
    act(county, handler, path, "submit", picks=[county.head.id])
    (withdraw,) = [a for a in handler.get(path)["available_actions"] if a["action"] == "withdraw"]
    handler.post(withdraw["url"])
    county.world.settle()
    assert handler.get(path)["status_label"] == "已撤回"
    act(county, handler, path, "submit", picks=[county.head.id])
    agree(county, path, county.head, county.supervisor)
    pass_notice(county, path)
    (withdraw,) = [a for a in handler.get(path)["available_actions"] if a["action"] == "withdraw"]
    assert withdraw["url"] == f"/api/approvals/documents/import_final_review/{approval_id}/withdraw"
    handler.post(withdraw["url"])
    county.world.settle()
    assert handler.get(path)["status_label"] == "已撤回"
    assert county.todo(county.head, approval_id) == []


def test_an_approval_that_finance_revokes_ends_the_review_of_its_plans(county: County) -> None:
    handler = county.handler
    path = application(county)
    act(county, handler, path, "submit", picks=[county.head.id])
    agree(county, path, county.head, county.supervisor)
    pass_notice(county, path)
    agree(county, path, county.head, county.supervisor)
    approval_id = path.rpartition("/")[2]
    item = {"catalogue_code": "A02321000", "name": "磁共振", "unit": "台", "is_imported": True}
    about: dict[str, Any] = {
        "is_imported": True,
        "import_approval_id": approval_id,
        "items": [{**item, "quantity": "1", "unit_price": "1000.00"}],
    }
    plan_id = county.draft("1000.00", **about)
    before = county.reserved()
    county.submit(plan_id)
    county.world.settle()
    act(county, county.finance, path, "revoke", reason="国产化替代")
    county.world.settle()
    plan = county.plan(plan_id)
    assert (plan["status"], plan["returned"]["code"]) == ("returned", "import_approval_revoked")
    assert county.reserved() == before
    assert county.todo(county.head, plan_id) == []
    assert county.case(plan_id)["state"] == "terminated"
    refused = refusal(lambda: county.submit(plan_id))
    assert refused.problem["errors"][0]["code"] == "import_approval_revoked"
