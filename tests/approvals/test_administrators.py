"""An administrator who gives or takes the turns of a step decides nothing in it, in no way (I41)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.approvals.desk import act, holder, ids, names
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_escalation import pass_time, to
from tests.approvals.test_migration import is_whole, migrate, row
from tests.approvals.test_people import reassign
from tests.approvals.test_substitution import grant, todo


@pytest.fixture
def helped(office: Office) -> Office:
    """chen administers the school and reviews there as well."""
    office.add("xu", office.school, "reviewer")
    office.change("chen", 2, "unit_administrator", "reviewer")
    return office


def named(office: Office, *people: str) -> dict[str, Any]:
    return {"people": ids(office, *people)}


def given_away(office: Office, **more: Any) -> UUID:
    """wang was picked; chen has given his turn to zhao."""
    head = step("head", pick="submitter", **more)
    office.publish("chen", "unit", [head, step("second", selector=named(office, "chen"), on_empty="skip")])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(["wang"])
    assert reassign(office, "chen", holder(office, doc_id, "wang"), "zhao").status_code == 200
    return doc_id


def test_i41_he_does_not_decide_as_a_deputy(helped: Office) -> None:
    office = helped
    grant(office, "zhao", "chen")
    given_away(office)
    assert office.told("slot.opened")[-1].data["deputies"] == []
    (row,) = todo(office, "chen")
    reason = "您以管理员身份处理过此环节，不能审核"
    assert [one["reason"] for one in row["available_actions"][:2]] == [reason] * 2
    for verb in ("agree", "disagree", "transfer"):
        body = {"opinion": "x"} if verb != "transfer" else {"to": str(office.id("xu"))}
        refused = act(office, "chen", verb, row, **body)
        assert (refused.status_code, refused.json()["code"]) == (403, "administered_step")
    assert office.agree("zhao").status_code == 200


def test_i41_nobody_turns_it_over_to_him_or_has_him_sign(helped: Office) -> None:
    office = helped
    given_away(office)
    slot = office.slot("zhao")
    assert names(office, "zhao", slot, "transfer") == ["xu"]
    refused = [
        act(office, "zhao", "transfer", slot, to=str(office.id("chen"))),
        act(office, "zhao", "add-sign", slot, people=ids(office, "chen"), order="with"),
    ]
    assert [one.json()["errors"][0]["code"] for one in refused] == ["excluded"] * 2


def test_i41_an_overdue_turn_does_not_go_to_him(helped: Office) -> None:
    office = helped
    doc_id = given_away(office, budget_hours=8, escalation=[to(office, "chen", "xu")])
    pass_time(office, hours=25)
    assert holder(office, doc_id, "xu")["state"] == "open"


def test_i41_who_takes_a_reviewer_off_does_not_take_his_place(helped: Office) -> None:
    office = helped
    office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(["wang", "zhao"])
    taken = act(office, "chen", "reduce-sign", holder(office, doc_id, "wang"), reason="外出")
    assert taken.status_code == 200
    assert names(office, "zhao", office.slot("zhao"), "transfer") == ["wang", "xu"]


def test_he_reviews_another_step_and_the_next_round(helped: Office) -> None:
    office = helped
    doc_id = given_away(office)
    assert office.agree("zhao").json()["current_holders"] == ["chen"]
    assert office.disagree("chen").status_code == 200
    office.submit(["chen"], 2, office.submission(doc_id))
    assert office.agree("chen").status_code == 200


def test_i41_a_step_that_opens_anew_does_not_go_to_him(helped: Office) -> None:
    """In a district where reviewers who have agreed are skipped, of whom he is none."""
    office = helped
    office.add("boss", office.school, "unit_administrator")
    office.add("clerk", office.school, "handler")
    policy = {"unit_segment_optional": False, "repeat": "skip_repeated"}
    assert office.send("zhou", "PUT", "districts/140105/policy", policy, If_Match='"v0"').status_code == 200
    doc_id = given_away(office)
    office.clock.move(minutes=1)
    chain = chain_of(office)
    office.republish("boss", chain, [step("first", selector=named(office, "clerk")), step("head")])
    moved = row(migrate(office, "boss", chain, doc_id))
    assert (moved["outcome"], moved["opens"]) == ("moved", ["clerk"])
    offered = office.case("clerk", doc_id)["next_step"]["candidates"]
    assert [one["name"] for one in offered] == ["wang", "xu", "zhao"]
    refused = office.agree("clerk", picks=ids(office, "chen"))
    assert refused.json()["errors"][0]["code"] == "pick_not_candidate"
    picked = office.agree("clerk", picks=ids(office, "wang"))
    assert picked.json()["current_holders"] == ["wang"]


def test_i41_nobody_moves_a_round_to_a_version_by_which_he_reviews_it(helped: Office) -> None:
    office = helped
    office.publish("chen", "unit", [step("head", selector=named(office, "wang"))])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit()
    office.clock.move(minutes=1)
    chain = chain_of(office)
    office.republish("chen", chain, [step("head", selector=named(office, "chen"))])
    refused = row(migrate(office, "chen", chain, doc_id))
    assert (refused["code"], refused["text"]) == (
        "party_of_case",
        "您将成为该环节的审核人，不能由您改用新版",
    )
    office.republish("chen", chain, [step("head", selector=named(office, "zhao"))])
    assert row(migrate(office, "chen", chain, doc_id))["opens"] == ["zhao"]
    asked = act(office, "zhao", "add-sign", office.slot("zhao"), people=ids(office, "chen"), order="with")
    assert asked.json()["errors"][0]["code"] == "excluded"
    assert is_whole(office, doc_id)


def chain_of(office: Office) -> str:
    (found,) = (one["id"] for one in office.get("chen", "chains")["items"] if one["level"] == "unit")
    return str(found)
