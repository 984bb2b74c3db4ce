"""Assignment and recall: who may give a usable plan to whom, and what everybody sees of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from shared.database import new_id
from tests.plans.town import Town

NO_LABELS = {"old_label": None, "new_label": None}


def actions(plan: dict[str, Any]) -> dict[str, Any]:
    return {action["action"]: action for action in plan["available_actions"]}


def records(town: Town, plan: dict[str, Any]) -> list[tuple[Any, ...]]:
    rows = town.do(town.lin, "GET", f"plans/{plan['id']}/assignments")
    return [(row["seq"], row["kind"], row["kind_label"], row["holder_name"], row["by_name"]) for row in rows]


def test_a_plan_goes_to_another_and_back(any_town: Town) -> None:
    town = any_town
    plan = town.usable()
    assert (plan["holder_name"], plan["assignment_label"]) == ("林经办", "未分派")
    assert actions(plan)["assign"]["allowed"]
    assert actions(plan)["recall"]["reason"] == "计划在申请人手中，无需收回"

    answer = town.act(town.lin, plan, "assign", to=str(town.wu), reason="出差")
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert answer.headers["ETag"] == f'"v{given["version"]}"'
    assert (given["holder_name"], given["status"], given["assignment"]) == ("吴经办", "usable", "assigned")
    assert actions(given)["assign"]["reason"] == "计划已分派给吴经办，请先收回"
    assert actions(given)["recall"]["allowed"]
    assert actions(given)["start_trade"]["reason"] == "只有持有人可以操作"
    theirs = actions(town.plan(plan, town.wu))
    assert theirs["start_trade"]["allowed"]
    assert theirs["close"]["allowed"]
    assert theirs["recall"]["reason"] == "只有申请人或本单位管理员可以分派和收回"

    back = town.act(town.an, given, "recall").json()
    assert (back["holder_name"], back["assignment"]) == ("林经办", "recalled")
    again = town.assigned(back, town.wu)
    assert again["version"] == plan["version"] + 3
    assert records(town, plan) == [
        (1, "default", "未分派", "林经办", ""),
        (2, "assigned", "已分派", "吴经办", "林经办"),
        (3, "recalled", "已收回", "林经办", "安管理"),
        (4, "assigned", "已分派", "吴经办", "林经办"),
    ]
    history = town.stream(f"plans/{plan['id']}/history")
    assert [entry["text"] for entry in history[-3:]] == ["分派给吴经办：出差", "从吴经办收回", "分派给吴经办"]
    assert history[-3]["changes"] == [
        {"field": "holder", "label": "当前持有人", "old": "林经办", "new": "吴经办", **NO_LABELS}
    ]


def test_what_is_told_of_an_assignment_and_a_recall(town: Town) -> None:
    plan = town.usable()
    town.act(town.lin, town.assigned(plan, town.wu), "recall", reason="分错了")
    (assigned,), (recalled,) = town.published("plan.assigned"), town.published("plan.recalled")
    assert (assigned.subject, assigned.subjectversion) == (f"plan/{plan['id']}", plan["version"] + 1)
    assert (assigned.data["holder_id"], assigned.data["previous_holder_id"]) == (str(town.wu), str(town.lin))
    assert assigned.data["plan_number"] == plan["plan_number"]
    assert (recalled.data["holder_id"], recalled.data["previous_holder_name"]) == (str(town.lin), "吴经办")
    assert (recalled.data["seq"], recalled.data["reason"]) == (3, "分错了")


def test_the_tab_of_assignment_has_every_usable_plan_of_the_unit(any_town: Town) -> None:
    town = any_town
    mine, theirs = town.usable(name="甲"), town.usable(town.wu, name="乙")
    town.usable(town.he, name="别的单位")
    town.submitted(name="审核中")
    town.assigned(mine, town.wu)
    rows = town.do(town.lin, "GET", "plans?tab=assigned")["items"]
    assert [(row["name"], row["holder_name"]) for row in rows] == [("乙", "吴经办"), ("甲", "吴经办")]
    assert {row["name"] for row in town.do(town.wu, "GET", "plans?tab=held")["items"]} == {"甲", "乙"}
    assert town.do(town.lin, "GET", "plans?tab=held")["items"] == []
    assert town.do(town.lin, "GET", "plans/counts")["counts"]["assigned"] == {"all": 2, "usable": 2}
    assert town.do(town.qian, "GET", "plans?tab=assigned")["items"] == []
    town.trade(theirs, "1.00", town.wu)
    assert [row["name"] for row in town.do(town.lin, "GET", "plans?tab=assigned")["items"]] == ["甲"]


def test_candidates_are_the_active_handlers_of_the_unit(any_town: Town) -> None:
    town = any_town
    plan = town.usable()
    town.person("离职者", town.hospital, "handler", active=False)
    found = town.do(town.lin, "GET", f"plans/{plan['id']}/candidates")["items"]
    assert {row["name"]: (row["is_holder"], row["is_applicant"]) for row in found} == {
        "林经办": (True, True),
        "吴经办": (False, False),
    }
    found = town.do(town.an, "GET", f"plans/{plan['id']}/candidates?q=吴&limit=1")
    assert ([row["name"] for row in found["items"]], found["next"]) == (["吴经办"], None)
    assert town.ask(town.wu, "GET", f"plans/{plan['id']}/candidates").status_code == 403
    assert town.ask(town.he, "GET", f"plans/{plan['id']}/candidates").status_code == 404


@pytest.mark.parametrize("verb", ["assign", "recall"])
def test_only_the_applicant_and_the_unit_administrator_may(shared_town: Town, verb: str) -> None:
    town = shared_town
    plan = town.usable()
    if verb == "recall":
        plan = town.assigned(plan, town.wu)
    body = {"to": str(town.wu)} if verb == "assign" else {}
    seen = {"wu": 403, "shen": 403, "qian": 403, "du": 403, "he": 404, "yuan": 404, "platform": 404}
    for name, status in seen.items():
        answer = town.act(getattr(town, name), plan, verb, **body)
        assert (name, answer.status_code) == (name, status)
        assert answer.json()["code"] == ("assigner_only" if status == 403 else "not_found")
    assert town.act(town.an, plan, verb, **body).status_code == 200


def test_whom_a_plan_cannot_be_assigned_to(shared_town: Town) -> None:
    town = shared_town
    plan = town.usable()
    gone = town.person("离职者", town.hospital, "handler", active=False)

    def refused(to: UUID) -> Any:
        answer = town.act(town.lin, plan, "assign", to=str(to))
        assert answer.status_code == 422, answer.text
        (problem,) = answer.json()["errors"]
        return problem["code"], problem["pointer"]

    for somebody in (town.shen, town.an, town.he, town.qian, gone, new_id()):
        assert refused(somebody) == ("not_a_candidate", "/to")
    assert refused(town.lin) == ("already_holder", "/to")
    assert town.plan(plan) == plan


def test_bad_requests_of_an_assignment(shared_town: Town) -> None:
    town = shared_town
    plan = town.usable()
    for body in ({}, {"to": "x"}, {"to": str(town.wu), "reason": "x" * 501}, {"to": str(town.wu), "by": 1}):
        assert town.act(town.lin, plan, "assign", **body).status_code == 422
    url, body = f"plans/{plan['id']}/assign", {"to": str(town.wu)}
    headers = town.as_(town.lin, town.hospital)
    assert town.http.post(url, json=body, headers=headers).json()["code"] == "if_match_required"
    del headers["Idempotency-Key"]
    headers["If-Match"] = '"v1"'
    assert town.http.post(url, json=body, headers=headers).json()["code"] == "idempotency_key_required"
    assert town.act(town.lin, {**plan, "version": 1}, "assign", **body).status_code == 412
    assert town.act(town.lin, {"id": new_id(), "version": 1}, "recall").status_code == 404


def test_the_state_is_judged_before_the_version(shared_town: Town) -> None:
    town = shared_town
    plan = town.usable()
    town.assigned(plan, town.wu)
    late = town.act(town.an, plan, "assign", to=str(town.wu))
    assert late.status_code == 409
    facts = late.json()
    assert (facts["code"], facts["holder_name"]) == ("held_by_another", "吴经办")
    draft = town.draft()
    for verb, body in [("assign", {"to": str(town.wu)}), ("recall", {})]:
        answer = town.act(town.lin, {**draft, "version": 9}, verb, **body).json()
        assert (answer["code"], answer["plan_status"]) == ("wrong_state", "draft")


def test_an_assignment_sent_twice_is_one(shared_town: Town) -> None:
    town = shared_town
    plan = town.usable()
    headers = {"If-Match": f'"v{plan["version"]}"', "Idempotency-Key": "assign once"}
    url, body = f"plans/{plan['id']}/assign", {"to": str(town.wu)}
    first, second = (town.ask(town.lin, "POST", url, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, first.text) == (200, second.text)
    assert len(records(town, plan)) == 2
    other = town.ask(town.lin, "POST", url, json={**body, "reason": "x"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("how", ["deactivated", "another unit"])
def test_a_plan_whose_holder_is_gone_is_recalled_with_the_reason(town: Town, how: str) -> None:
    zhou = town.person("周经办", town.hospital, "handler")
    plan = town.assigned(town.usable(), zhou)
    if how == "deactivated":
        town.person("周经办", town.hospital, "handler", person_id=zhou, version=2, active=False, epoch=2)
        why = "持有人账号已停用"
    else:
        town.person("周经办", town.school, "handler", person_id=zhou, version=2)
        why = "持有人已不是本单位经办人"
    seen = town.plan(plan)
    assert (seen["holder_name"], seen["holder_note"]) == ("周经办", why)
    (row,) = town.do(town.lin, "GET", "plans?tab=assigned")["items"]
    assert row["holder_note"] == why
    assert town.act(town.lin, seen, "assign", to=str(town.wu)).json()["code"] == "held_by_another"
    back = town.act(town.lin, seen, "recall").json()
    assert (back["holder_name"], back["holder_note"]) == ("林经办", "")
    assert town.published("plan.recalled")[-1].data["reason"] == why
    assert town.do(town.lin, "GET", f"plans/{plan['id']}/assignments")[-1]["reason"] == why


def test_a_plan_in_use_changes_hands_only_when_its_holder_is_gone(any_town: Town) -> None:
    town = any_town
    zhou = town.person("周经办", town.hospital, "handler")
    town.people[zhou] = town.hospital
    plan = town.assigned(town.usable(), zhou)
    assert town.start(plan, "100.00", zhou).status_code == 201
    used = town.plan(plan)
    assert not actions(used)["recall"]["allowed"]
    assert town.act(town.an, used, "recall").json()["code"] == "wrong_state"

    town.person("周经办", town.hospital, "handler", person_id=zhou, version=2, active=False, epoch=2)
    used = town.plan(plan)
    assert (used["status"], actions(used)["recall"]["allowed"]) == ("in_use", True)
    back = town.act(town.an, used, "recall").json()
    assert (back["status"], back["holder_name"], back["committed"]) == ("in_use", "林经办", "100.00")
    assert town.act(town.an, back, "assign", to=str(town.wu)).json()["code"] == "wrong_state"
    assert town.start(back, "100.00", town.lin).status_code == 201


def test_what_an_applicant_who_left_still_held_is_given_to_another(town: Town) -> None:
    plan = town.usable()
    assert town.start(plan, "100.00", town.lin).status_code == 201
    town.person("林经办", town.school, "handler", person_id=town.lin, version=2)
    used = town.do(town.an, "GET", f"plans/{plan['id']}")
    assert used["holder_note"] == "持有人已不是本单位经办人"
    given = town.act(town.an, used, "assign", to=str(town.wu)).json()
    assert (given["status"], given["holder_name"], given["holder_note"]) == ("in_use", "吴经办", "")
    assert town.start(given, "100.00", town.wu).status_code == 201
