"""Handing over: what an applicant who has left cannot go on with is another handler's from then on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response

from shared.database import new_id
from shared.events.approvals import CaseApproved, CaseReturned
from tests.plans.imports.customs import Customs
from tests.plans.requests import REVOKE, drafted, submitted, tell
from tests.plans.town import Town

INACTIVE = "申请人账号已停用"


def leave(town: Town, how: str = "deactivated") -> None:
    """`lin` leaves the hospital."""
    if how == "deactivated":
        town.person("林经办", town.hospital, "handler", person_id=town.lin, version=2, active=False, epoch=2)
    else:
        town.person("林经办", town.school, "handler", person_id=town.lin, version=2)


def give(
    town: Town,
    kind: str,
    document: dict[str, Any],
    who: UUID | None = None,
    to: UUID | None = None,
    **more: Any,
) -> Response:
    headers = {"If-Match": f'"v{document["version"]}"', **more.pop("headers", {})}
    body = {"to": str(to or town.wu), **more}
    url = f"{kind}/{document['id']}/hand-over"
    return town.ask(who or town.an, "POST", url, json=body, headers=headers)


def seen(town: Town, kind: str, document: dict[str, Any], who: UUID | None = None) -> dict[str, Any]:
    found: dict[str, Any] = town.do(who or town.an, "GET", f"{kind}/{document['id']}")
    return found


def may(document: dict[str, Any], action: str) -> tuple[bool, str]:
    (found,) = [one for one in document["available_actions"] if one["action"] == action]
    return found["allowed"], found["reason"]


def test_invariant_22_a_returned_plan_of_somebody_who_left_goes_on_with_another(any_town: Town) -> None:
    town = any_town
    plan = town.submitted()
    town.tell(CaseReturned, plan)
    leave(town)
    plan = seen(town, "plans", plan)
    assert (plan["applicant_note"], may(plan, "hand_over")) == (INACTIVE, (True, ""))
    (row,) = town.do(town.an, "GET", "plans?tab=unit")["items"]
    assert row["applicant_note"] == INACTIVE
    answer = give(town, "plans", plan)
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert (given["applicant_name"], given["holder_name"], given["applicant_note"]) == (
        "吴经办",
        "吴经办",
        "",
    )
    assert given["version"] == plan["version"] + 1
    told = town.published("document.handed_over")[-1].data
    assert (told["doc_type"], told["title"], told["reason"]) == ("plan", "办公设备采购", INACTIVE)
    assert (told["previous_name"], told["applicant_id"]) == ("林经办", str(town.wu))
    entry = town.do(town.wu, "GET", f"plans/{plan['id']}/history?limit=100")["items"][-1]
    assert (entry["kind"], entry["actor_name"]) == ("handed_over", "安管理")
    assert entry["text"] == f"由林经办移交给吴经办：{INACTIVE}"
    assert [row["id"] for row in town.do(town.wu, "GET", "plans?tab=mine")["items"]] == [plan["id"]]
    again = town.submit(given, town.wu)
    assert again.status_code == 200, again.text
    sent = town.published("document.submitted")[-1].data
    assert (sent["submission"]["applicant_id"], sent["round"]) == (str(town.wu), 2)


@pytest.mark.parametrize("how", ["deactivated", "another unit"])
def test_who_left_and_how_is_told(town: Town, how: str) -> None:
    plan = town.draft()
    leave(town, how)
    why = INACTIVE if how == "deactivated" else "申请人已不是本单位经办人"
    assert seen(town, "plans", plan)["applicant_note"] == why
    given = give(town, "plans", plan, reason="接手").json()
    assert town.published("document.handed_over")[-1].data["reason"] == "接手"
    assert may(seen(town, "plans", given, town.wu), "delete") == (True, "")


def test_a_revoked_plan_that_comes_back_to_nobody_is_handed_over(town: Town) -> None:
    town.rule("revocation", {"handlings": ["void", "return_to_draft"]})
    plan = town.assigned(town.usable(), town.wu)
    body = {**REVOKE, "handling": "return_to_draft", "plan_id": plan["id"]}
    request = town.do(town.wu, "POST", "requests", json=body)
    headers = {"If-Match": f'"v{request["version"]}"'}
    picks = {"picks": [str(town.shen)]}
    request = town.do(town.wu, "POST", f"requests/{request['id']}/submit", json=picks, headers=headers)
    leave(town)
    tell(town, CaseApproved, request)
    plan = seen(town, "plans", plan)
    assert (plan["status"], plan["holder_name"]) == ("returned", "林经办")
    given = give(town, "plans", plan).json()
    assert (given["holder_name"], given["assignment"]) == ("吴经办", "default")
    assert town.submit(given, town.wu).status_code == 200


def test_a_request_of_somebody_who_left(town: Town) -> None:
    plan = town.usable()
    request = submitted(town, plan, **REVOKE)
    under_review = give(town, "requests", request)
    assert (under_review.status_code, under_review.json()["code"]) == (409, "wrong_state")
    tell(town, CaseReturned, request)
    leave(town)
    request = seen(town, "requests", request)
    (row,) = town.do(town.an, "GET", "requests?tab=unit")["items"]
    assert row["applicant_note"] == request["applicant_note"] == INACTIVE
    given = give(town, "requests", request).json()
    assert (given["applicant_name"], given["applicant_note"]) == ("吴经办", "")
    told = town.published("document.handed_over")[-1].data
    assert (told["doc_type"], told["title"]) == ("revocation", "采购计划撤销：办公设备采购")
    headers = {"If-Match": f'"v{given["version"]}"'}
    url = f"requests/{given['id']}/abandon"
    assert town.do(town.wu, "POST", url, json={}, headers=headers)["status"] == "abandoned"


def test_an_objection_is_answered_by_who_took_the_application_over(town: Town) -> None:
    customs = Customs(town)
    approval = customs.published()
    customs.object(approval)
    leave(town)
    approval = customs.now(approval, town.an)
    assert (approval["status"], approval["applicant_note"]) == ("objection", INACTIVE)
    given = give(town, "import-approvals", approval).json()
    assert given["applicant_name"] == "吴经办"
    assert town.published("document.handed_over")[-1].data["doc_type"] == "import_approval"
    (objection,) = customs.objections(given, town.qian)
    early = customs.handle(town.qian, objection, "decide", upheld=False, reason="不成立")
    assert (early.status_code, early.json()["code"]) == (409, "argument_missing")
    argued = customs.handle(town.wu, objection, "argue", text="国产设备指标不足").json()
    assert customs.handle(town.qian, argued, "decide", upheld=False, reason="不成立").status_code == 200
    assert customs.now(given, town.wu)["status"] == "publicity"


def test_finance_decides_without_an_answer_once_nobody_can_give_one(town: Town) -> None:
    customs = Customs(town)
    approval = customs.published()
    customs.object(approval)
    leave(town)
    (objection,) = customs.objections(approval, town.qian)
    decided = customs.handle(town.qian, objection, "decide", upheld=False, reason="不成立")
    assert (decided.status_code, decided.json()["state"]) == (200, "not_upheld")
    assert customs.now(approval, town.qian)["status"] == "publicity"


def test_who_may_hand_over_and_to_whom(town: Town) -> None:
    plan, here = town.draft(), town.draft(town.wu)
    early = give(town, "plans", plan)
    assert (early.status_code, early.json()["code"]) == (409, "applicant_there")
    assert may(seen(town, "plans", plan), "hand_over") == (False, "申请人林经办在岗，不能移交")
    request = drafted(town, town.usable())
    leave(town)
    for kind, document in (("plans", plan), ("requests", request)):
        for name, status in {"wu": 403, "shen": 403, "qian": 403, "du": 403, "he": 404}.items():
            assert (name, give(town, kind, document, getattr(town, name)).status_code) == (name, status)
    for to in (town.lin, town.he, town.shen, new_id()):
        answer = give(town, "plans", plan, to=to)
        assert [error["code"] for error in answer.json()["errors"]] == ["not_a_candidate"]
    assert give(town, "plans", here).json()["code"] == "applicant_there"
    assert give(town, "plans", {**plan, "version": 9}).status_code == 412
    assert give(town, "plans", {**plan, "id": new_id()}).status_code == 404
    for body in ({"to": "x"}, {"reason": "x" * 501}, {"more": 1}):
        assert give(town, "plans", plan, **body).status_code == 422
    headers = {"Idempotency-Key": "once"}
    first, second = (give(town, "plans", plan, headers=headers) for _ in range(2))
    assert (first.status_code, first.text) == (200, second.text)


def test_an_administrator_sees_whom_he_can_choose(shared_town: Town) -> None:
    town = shared_town
    names = [row["name"] for row in town.do(town.an, "GET", "handlers")["items"]]
    assert sorted(names) == ["吴经办", "林经办"]
    assert [row["person_id"] for row in town.do(town.an, "GET", "handlers?q=吴")["items"]] == [str(town.wu)]
    for who in (town.lin, town.shen, town.qian, town.du):
        assert town.ask(who, "GET", "handlers").status_code == 403
