"""Agreement of the round before goes on to hold while what it was about does (I25, B3)."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from services.approvals.evidence.file_check import check, check_carried
from services.approvals.evidence.tables_check import check_case_of
from shared.digest import digest
from shared.events.documents import Submission
from tests.approvals.desk import act
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_decisions import code
from tests.approvals.test_preview import preview
from tests.approvals.test_substitution import grant

CONTENT: dict[str, Any] = {
    "name": "课桌椅采购",
    "purpose": "教学",
    "items": [{"name": "课桌", "price": "100.00"}, {"name": "椅子", "price": "50.00"}],
}


def document(office: Office, doc_id: UUID | None = None, **changed: Any) -> Submission:
    content = {**CONTENT, **changed}
    about = {"content": content, "digest": digest(content), "labels": {"items": "采购明细", "name": "名称"}}
    return office.submission(doc_id).model_copy(update=about)


@pytest.fixture
def three_steps(office: Office) -> Office:
    """The school's head looks at the name, its accountant at the items, the finance office at all."""
    office.change("wang", 2, "reviewer", positions=["head"])
    office.change("zhao", 2, "reviewer", positions=["accountant"])
    office.publish(
        "chen",
        "unit",
        [
            carried("head", attested=["name"]),
            carried("accountant", attested=["items.price", "purpose"]),
        ],
    )
    office.publish("zhou", "district", [finance_step()])
    return office


def carried(position: str, **more: Any) -> dict[str, Any]:
    selector = {"role": "reviewer", "position": position}
    return step(position, **{"selector": selector, "may_carry": True, **more})


def returned_by_finance(office: Office) -> UUID:
    doc_id, _ = office.submit(submission=document(office))
    office.agree("wang", opinion="名称规范")
    office.agree("zhao")
    assert office.disagree("qian", opinion="单价偏高").json()["case_state"] == "returned"
    return doc_id


def unit_chain(office: Office) -> str:
    found = office.get("chen", "chains", doc_type=office.doc_type)["items"]
    (chain,) = [one["id"] for one in found if one["level"] == "unit"]
    return str(chain)


def states(office: Office, doc_id: UUID) -> list[str]:
    return [one["state"] for one in office.case("li", doc_id)["route"]]


def test_review_resumes_at_the_returning_step_when_nothing_attested_has_changed(three_steps: Office) -> None:
    office = three_steps
    doc_id = returned_by_finance(office)
    told = len(office.told())
    office.clock.move(hours=1)
    again = document(office, doc_id, notes="已补充说明")
    shown = preview(office, "li", again)
    assert (shown["first_step"], shown["asks_pick"]) == ("district.finance", False)
    assert [(one["step_key"], one["name"], one["round"]) for one in shown["carried"]] == [
        ("unit.head", "wang", 1),
        ("unit.accountant", "zhao", 1),
    ]
    office.submit(submission=again, n=2)
    case = office.case("li", doc_id)
    assert [one["state"] for one in case["route"]] == ["carried", "carried", "current"]
    assert [{name: one[name] for name in shown["route"][0]} for one in case["route"]] == shown["route"]
    (head,) = case["route"][0]["holders"]
    assert (head["state"], head["status_label"], head["opinion"]) == (
        "agreed",
        "同意（沿用第 1 轮）",
        "名称规范",
    )
    assert (head["carried_round"], head["closed_at"]) == (1, "2026-11-23T01:00:00Z")
    assert [(one["type"], one["to"], one["actor_name"]) for one in case["timeline"][-3:]] == [
        ("submitted", [], "li"),
        ("carried", ["wang"], "系统"),
        ("carried", ["zhao"], "系统"),
    ]
    assert case["history_intact"]
    # nobody who is carried is told to decide, and nobody has decided twice
    heard = [one for one in office.told()[told:] if one.type == "slot.opened"]
    assert sorted(one.data["holder_name"] for one in heard) == ["qian", "sun"]
    (opened,) = [one for one in office.told()[told:] if one.type == "case.opened"]
    assert opened.data["carried"] == ["环节head", "环节accountant"]
    assert office.get("wang", "todo")["items"] == []
    assert len(office.get("wang", "done")["items"]) == office.get("wang", "counts")["done"] == 1
    assert office.agree("sun").json()["case_state"] == "approved"


def test_i25_changing_one_attested_field_asks_exactly_those_who_attest_it(three_steps: Office) -> None:
    office = three_steps
    doc_id = returned_by_finance(office)
    items = [CONTENT["items"][0], {"name": "椅子", "price": "45.00"}]
    office.submit(submission=document(office, doc_id, items=items), n=2)
    assert states(office, doc_id) == ["carried", "current", "waiting"]
    slot = office.slot("zhao")
    assert slot["since_decided"] is None, "lists are short"
    since = office.get("zhao", f"slots/{slot['id']}")["since_decided"]
    assert (since["round"], since["outcome"], since["status_label"]) == (1, "agreed", "同意")
    assert since["changes"] == [
        {
            "pointer": "/items/1/price",
            "field": "items.price",
            "label": "采购明细",
            "before": "50.00",
            "after": "45.00",
        }
    ]
    (holder,) = office.case("li", doc_id)["route"][1]["holders"]
    assert holder["since_decided"] == since
    office.agree("zhao")
    office.disagree("sun", opinion="再改")
    office.submit(submission=document(office, doc_id, items=items, name="课桌椅"), n=3)
    assert states(office, doc_id) == ["current", "carried", "waiting"]
    (accountant,) = office.case("li", doc_id)["route"][1]["holders"]
    assert accountant["carried_round"] == 2
    mine = office.get("wang", f"slots/{office.slot('wang')['id']}")["since_decided"]
    assert [(one["field"], one["label"], one["before"], one["after"]) for one in mine["changes"]] == [
        ("name", "名称", "课桌椅采购", "课桌椅")
    ]
    assert mine["round"] == 1, "he has decided in the first round, not in the second that carried it"
    assert office.agree("wang").json()["current_step"] == "环节finance"


def test_who_returned_it_sees_what_was_changed_since(three_steps: Office) -> None:
    office = three_steps
    doc_id = returned_by_finance(office)
    office.submit(submission=document(office, doc_id, purpose="办公"), n=2)
    office.agree("zhao")
    since = office.get("qian", f"slots/{office.slot('qian')['id']}")["since_decided"]
    assert (since["outcome"], since["opinion"]) == ("disagreed", "单价偏高")
    assert [(one["pointer"], one["before"], one["after"]) for one in since["changes"]] == [
        ("/purpose", "教学", "办公")
    ]
    assert office.get("sun", f"slots/{office.slot('sun')['id']}")["since_decided"] is None


def test_nothing_is_carried_unless_the_chain_in_force_says_so(three_steps: Office) -> None:
    office = three_steps
    doc_id = returned_by_finance(office)
    chain = unit_chain(office)
    plain = [carried(one, may_carry=False) for one in ("head", "accountant")]
    office.republish("chen", chain, plain)
    office.submit(submission=document(office, doc_id), n=2)
    assert states(office, doc_id) == ["current", "waiting", "waiting"]


def test_who_returns_it_may_ask_that_everybody_reviews_it_again(three_steps: Office) -> None:
    office = three_steps
    doc_id, _ = office.submit(submission=document(office))
    office.agree("wang")
    office.agree("zhao")
    body = {"opinion": "请从头审核", "review_anew": True}
    assert act(office, "qian", "disagree", office.slot("qian"), **body).status_code == 200
    assert office.case("li", doc_id)["timeline"][-1]["review_anew"] is True
    again = document(office, doc_id)
    assert preview(office, "li", again)["first_step"] == "unit.head"
    office.submit(submission=again, n=2)
    assert states(office, doc_id) == ["current", "waiting", "waiting"]
    mine = office.get("wang", f"slots/{office.slot('wang')['id']}")["since_decided"]
    assert mine["changes"] == []
    office.agree("wang")
    office.disagree("zhao")
    office.submit(submission=document(office, doc_id), n=3)
    assert states(office, doc_id) == ["carried", "current", "waiting"]
    assert code(act(office, "zhao", "agree", office.slot("zhao"), review_anew=True)) == (422, "invalid")


def test_who_may_not_review_it_any_more_is_not_carried(three_steps: Office) -> None:
    office = three_steps
    doc_id = returned_by_finance(office)
    office.change("wang", 3, "reviewer")
    office.add("gao", office.school, "reviewer", positions=["head"])
    office.submit(submission=document(office, doc_id), n=2)
    assert states(office, doc_id) == ["current", "carried", "waiting"]
    assert [one["name"] for one in office.case("li", doc_id)["route"][0]["holders"]] == ["gao"]


def test_a_step_that_names_no_field_or_one_that_is_not_there_attests_the_whole_document(
    office: Office,
) -> None:
    office.publish("chen", "unit", [step("all", may_carry=True)])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(submission=document(office))
    office.agree("wang")
    office.disagree("qian")
    office.submit(submission=document(office, doc_id), n=2)
    assert states(office, doc_id) == ["carried", "current"]
    office.disagree("qian")
    office.submit(submission=document(office, doc_id, notes="补充"), n=3)
    assert states(office, doc_id) == ["current", "waiting"]
    chain = unit_chain(office)
    office.republish("chen", chain, [step("all", may_carry=True, attested=["nmae"])])
    doc_id, _ = office.submit(submission=document(office))
    office.agree("zhao")
    office.disagree("qian")
    office.submit(submission=document(office, doc_id, name="别的"), n=2)
    assert states(office, doc_id) == ["current", "waiting"]


def test_a_carried_agreement_neither_hinders_withdrawal_nor_can_be_taken_back(three_steps: Office) -> None:
    office = three_steps
    doc_id = returned_by_finance(office)
    office.submit(submission=document(office, doc_id), n=2)
    (head,) = office.case("wang", doc_id)["route"][0]["holders"]
    assert code(act(office, "wang", "take-back", head)) == (409, "nothing_to_take_back")
    assert office.withdraw("li", doc_id).status_code == 200
    office.submit(submission=document(office, doc_id), n=3)
    assert states(office, doc_id) == ["carried", "carried", "current"]
    office.agree("qian")
    late = office.withdraw("li", doc_id)
    assert (late.status_code, late.json()["winner"]["actor_name"]) == (409, "qian")


def test_i20_a_decision_beats_a_withdrawal_although_others_are_carried(three_steps: Office) -> None:
    office = three_steps
    doc_id = returned_by_finance(office)
    office.submit(submission=document(office, doc_id, purpose="办公"), n=2)
    office.agree("zhao")
    late = office.withdraw("li", doc_id)
    assert (late.status_code, late.json()["winner"]["actor_name"]) == (409, "zhao")


def test_what_a_deputy_has_agreed_is_carried_for_both(three_steps: Office) -> None:
    office = three_steps
    office.add("gao", office.school, "reviewer", positions=["accountant"])
    doc_id, _ = office.submit(submission=document(office))
    grant(office, "wang", "gao")
    office.agree("gao", office.slot("gao"))
    office.agree("zhao")
    office.disagree("qian")
    office.submit(submission=document(office, doc_id, purpose="办公"), n=2)
    case = office.case("li", doc_id)
    (head,) = case["route"][0]["holders"]
    assert (head["name"], head["acted_name"], head["carried_round"]) == ("wang", "gao", 1)
    assert [one["name"] for one in case["route"][1]["holders"]] == ["zhao"], "I28: gao has decided already"


def test_the_evidence_shows_whose_agreement_of_which_round_holds(three_steps: Office) -> None:
    office = three_steps
    doc_id = returned_by_finance(office)
    office.submit(submission=document(office, doc_id, notes="已补充说明"), n=2)
    case = office.case("li", doc_id)["id"]
    evidence = json.loads(office.send("li", "GET", f"cases/{case}/evidence").content)
    assert check(evidence) == check_case_of(office.here, UUID(case)) == []
    carried_slots = [one for one in evidence["slots"] if one["carried_round"] == 1]
    assert [one["holder_name"] for one in carried_slots] == ["wang", "zhao"]
    assert {one["digest"] for one in carried_slots} == {evidence["rounds"][0]["digest"]}

    def found(change: Callable[[Any], None]) -> list[str]:
        changed = copy.deepcopy(evidence)
        change(changed)
        return [one.what for one in check_carried(changed)]

    def other_round(whole: Any) -> None:
        next(one for one in whole["slots"] if one["carried_round"])["carried_round"] = 2

    def other_words(whole: Any) -> None:
        next(one for one in whole["slots"] if one["carried_round"])["opinion"] = "随便"

    def other_name(whole: Any) -> None:
        whole["rounds"][1]["content"]["name"] = "别的"

    assert found(other_round) == ["没有可沿用的同意意见 (there is no such agreement)"]
    assert found(other_words) == ["与所沿用的意见不符 (differs from the agreement)"]
    assert found(other_name) == ["所审要素已变，不应沿用 (what it attests has changed)"]


def test_a_finished_case_leaves_nothing_to_the_next(three_steps: Office) -> None:
    office = three_steps
    doc_id = returned_by_finance(office)
    office.cancel(doc_id)
    office.submit(submission=document(office, doc_id), n=3)
    assert states(office, doc_id) == ["current", "waiting", "waiting"]
