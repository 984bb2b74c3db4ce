"""Deciding from a message: a link decides one slot in one way, once, for one person, as the API would."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from services.approvals.api.decide import ASKS
from shared.decision_link import LIFETIME, DecisionLink, Verb, token_hash
from tests.approvals.desk import ids
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_races import at_once
from tests.approvals.test_substitution import end, grant

NONE = "A" * 92


def link(
    office: Office, who: str, verb: Verb = "agree", slot: dict[str, Any] | None = None, **more: Any
) -> str:
    """The token that a letter about a slot (his newest) would hold; `more` says what is otherwise."""
    opened = slot or office.slot(who)
    until = office.clock.now() + LIFETIME
    made = DecisionLink(UUID(opened["id"]), office.id(who), verb, until)
    return made.signed(
        more.get("etag", opened["etag"]), more.get("epoch", 1), more.get("key", office.here.key)
    )


def show(office: Office, token: str) -> Any:
    return office.http.get(f"decide/{token}")


def send(office: Office, token: str, **form: Any) -> Any:
    return office.http.post(f"decide/{token}", data=form)


def is_dead(office: Office, token: str) -> bool:
    """Whether a link is answered like one that never was, whatever is tried with it; nothing changes."""
    before = len(office.published())
    nothing = show(office, NONE)
    assert nothing.status_code == 404
    answers = [show(office, token), send(office, token, opinion="同意")]
    dead = (404, nothing.text, nothing.headers["content-security-policy"])
    same = all((one.status_code, one.text, one.headers["content-security-policy"]) == dead for one in answers)
    assert not same or len(office.published()) == before
    return same


def test_a_link_shows_and_decides_once(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    token = link(office, "wang")
    page = show(office, token)
    assert page.status_code == 200
    for said in ("课桌椅采购", "10000.00 元", "环节head", "li", "SQ-2026-0001", "进入“环节finance”", "wang"):
        assert said in page.text, said
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]

    done = send(office, token, opinion="同意购置")
    assert done.status_code == 200, done.text
    assert "已记录：同意" in done.text
    case = office.case("li", doc_id)
    entry = case["timeline"][-1]
    assert (entry["type"], entry["actor_name"], entry["opinion"]) == ("agreed", "wang", "同意购置")
    assert (entry["channel"], case["timeline"][0]["channel"]) == ("message", "")
    assert case["history_intact"]
    evidence = office.get("zhou", f"cases/{case['id']}/evidence")
    data = evidence["events"][-1]["data"]
    assert data["link"] == token_hash(token)
    assert token not in str(evidence)
    assert is_dead(office, token)
    assert [one["type"] for one in office.case("li", doc_id)["timeline"]] == ["submitted", "agreed"]


def test_disagreeing_by_a_link_needs_an_opinion(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    token = link(office, "wang", "disagree")
    assert "立即退回申请人" in show(office, token).text
    refused = send(office, token, opinion="  ")
    assert refused.status_code == 422
    assert "不同意时必须填写意见" in refused.text
    assert send(office, token, opinion="字" * 501).status_code == 422
    assert office.case("li", doc_id)["state"] == "reviewing"
    assert send(office, token, opinion="请补充<b>依据").status_code == 200
    case = office.case("li", doc_id)
    assert (case["state"], case["timeline"][-1]["opinion"]) == ("returned", "请补充<b>依据")


def test_what_was_filled_in_is_shown_again_and_escaped(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    opinion = "<script>" + "字" * 500
    refused = send(office, link(office, "wang", "disagree"), opinion=opinion)
    assert refused.status_code == 422
    assert "<script>" not in refused.text
    assert "&lt;script&gt;" in refused.text


def test_the_next_reviewers_are_picked_on_the_page(office: Office) -> None:
    office.publish("chen", "unit", [step("one", pick="submitter"), step("two", pick="previous_actor")])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(["wang"])
    token = link(office, "wang")
    assert str(office.id("zhao")) in show(office, token).text
    refused = send(office, token)
    assert (refused.status_code, "请选择下一环节的审核人" in refused.text) == (422, True)
    assert send(office, token, picks=["nobody"]).status_code == 422
    assert send(office, token, picks=ids(office, "sun")).status_code == 422
    assert send(office, token, picks=ids(office, "zhao")).status_code == 200
    assert office.case("li", doc_id)["route"][1]["holders"][0]["name"] == "zhao"


def test_quorum_counts_as_it_does_for_who_signs_in(office: Office) -> None:
    office.publish("chen", "unit", [step("panel", quorum="all")])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit()
    tokens = {who: link(office, who) for who in ("wang", "zhao")}
    assert "还需其他审核人同意" in show(office, tokens["wang"]).text
    assert send(office, tokens["wang"]).status_code == 200
    assert "进入“环节finance”" in show(office, tokens["zhao"]).text, "his slot has not changed"
    assert send(office, tokens["zhao"]).status_code == 200
    last = link(office, "qian")
    assert "全部审核完成" in show(office, last).text
    assert send(office, last).status_code == 200
    assert office.case("li", doc_id)["state"] == "approved"


def test_a_deputy_decides_by_his_own_link_while_he_stands_in(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    granted = grant(office, "wang", "zhao")
    token = link(office, "zhao", slot=office.slot("wang"))
    assert "代 wang 审核" in show(office, token).text
    end(office, "wang", granted)
    assert is_dead(office, token)
    grant(office, "wang", "zhao")
    assert send(office, token).status_code == 200
    entry = office.case("li", doc_id)["timeline"][-1]
    assert (entry["actor_name"], entry["on_behalf_name"], entry["channel"]) == ("zhao", "wang", "message")


def test_i27_the_applicant_decides_by_no_link(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    grant(office, "wang", "li")
    assert is_dead(office, link(office, "li", slot=office.slot("wang")))


def test_nobody_else_decides_by_a_link_that_is_signed_for_him(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    slot = office.slot("wang")
    for who in ("zhao", "chen", "zhou", "qian"):
        assert is_dead(office, link(office, who, slot=slot))


def test_a_step_that_allows_no_decision_from_a_message(office: Office) -> None:
    office.publish("chen", "unit", [step("head", pick="submitter", by_message=False)])
    office.publish("zhou", "district", [finance_step()])
    office.submit(["wang"])
    (opened,) = office.told("slot.opened")
    assert opened.data["decision_etag"] == ""
    assert is_dead(office, link(office, "wang"))
    office.agree("wang")
    assert office.told("slot.opened")[-1].data["decision_etag"] == office.slot("qian")["etag"]
    assert show(office, link(office, "qian")).status_code == 200


def test_looking_a_hundred_times_changes_nothing(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    tokens = [link(office, "wang", verb) for verb in ("agree", "disagree")]
    before, told = office.case("li", doc_id), len(office.published())
    for n in range(100):
        office.clock.move(seconds=1)
        assert show(office, tokens[n % 2]).status_code == 200
        office.http.head(f"decide/{tokens[n % 2]}")
        office.http.options(f"decide/{tokens[n % 2]}")
    after = office.case("li", doc_id)
    assert (after["timeline"], after["version"], len(office.published())) == (
        before["timeline"],
        before["version"],
        told,
    )


def test_one_address_asks_only_so_often(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    token = link(office, "wang")
    answers = [show(office, NONE) for _ in range(ASKS)]
    assert {one.status_code for one in answers} == {404}
    busy = show(office, token)
    assert (busy.status_code, int(busy.headers["retry-after"]) > 0) == (429, True)
    assert send(office, token).status_code == 429
    office.clock.move(minutes=1)
    assert send(office, token).status_code == 200


def test_i16_of_many_who_send_the_page_at_once_one_decides(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    for _ in range(3):
        doc_id, _ = office.submit(["wang"])
        office.clock.move(minutes=1)
        slot = office.slot("wang")
        agree, disagree = link(office, "wang"), link(office, "wang", "disagree")
        acts: list[Callable[[], Any]] = [
            partial(send, office, one, opinion="意见") for one in (agree, disagree)
        ]
        answers = at_once([*acts * 2, partial(office.agree, "wang", slot)])
        won = [one for one in answers if one.status_code == 200]
        assert len(won) == 1, [one.status_code for one in answers]
        assert {one.status_code for one in answers[:4]} - {200} == {404}
        case = office.case("li", doc_id)
        assert len(case["timeline"]) == 2
        assert case["history_intact"]
