"""Running rounds move to the version of their chain that is in force: whole, or not at all (I40, I41)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.approvals.evidence.file_check import check
from tests.approvals.desk import act, ids
from tests.approvals.office import Office, finance_step, step

REASON = "增加复核环节"


def preview(office: Office, who: str, chain: str, **body: Any) -> Any:
    return office.post(who, f"chains/{chain}/migration", body)


def migrate(office: Office, who: str, chain: str, *docs: UUID, **more: Any) -> Any:
    tag = f'"v{office.get(who, f"chains/{chain}")["version"]}"'
    body = {"reason": REASON, "cases": [office.case("zhou", doc)["id"] for doc in docs], **more}
    return office.post(who, f"chains/{chain}/migrate", body, If_Match=tag)


def row(answer: Any) -> dict[str, Any]:
    """The only row of an answer."""
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["rows"]
    return dict(found)


def steps(office: Office, doc_id: UUID) -> list[tuple[str, str, int]]:
    """The route of a case: key, state and version of each step."""
    route = office.case("zhou", doc_id)["route"]
    return [(one["key"], one["state"], one["chain_version"]) for one in route]


def is_whole(office: Office, doc_id: UUID) -> bool:
    case = office.case("zhou", doc_id)
    evidence = office.get("zhou", f"cases/{case['id']}/evidence")
    return case["history_intact"] and check(evidence) == []


def two_steps(office: Office, *more: Mapping[str, Any]) -> tuple[str, UUID]:
    """A document whose first step was decided; the second is open. Gives the chain and the document."""
    office.add("xu", office.school, "reviewer", positions=["leader"])
    office.add("he", office.school, "reviewer", positions=["checker"])
    chain = office.publish("chen", "unit", [step("head", pick="submitter"), *(more or [leader()])])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(["wang"])
    office.agree("wang", opinion="同意")
    return chain, doc_id


def leader(key: str = "leader", **more: Any) -> dict[str, Any]:
    return step(key, selector={"role": "reviewer", "position": "leader"}, **more)


def checker(key: str = "checker", **more: Any) -> dict[str, Any]:
    return step(key, selector={"role": "reviewer", "position": "checker"}, **more)


def head(**more: Any) -> dict[str, Any]:
    return step("head", pick="submitter", **more)


def test_what_is_still_to_come_follows_the_new_version(office: Office) -> None:
    chain, doc_id = two_steps(office)
    before = office.case("xu", doc_id)
    held = office.slot("xu")
    office.republish("chen", chain, [head(), leader(), checker()])
    assert steps(office, doc_id) == [
        ("unit.head", "done", 1),
        ("unit.leader", "current", 1),
        ("district.finance", "waiting", 1),
    ], "I8: publishing changes no running round"
    shown = row(preview(office, "chen", chain))
    assert (shown["outcome"], shown["stays"], shown["step_after"]) == ("moves", True, "环节leader")
    assert [(one["key"], one["change"]) for one in shown["changes"]] == [("unit.checker", "added")]
    assert office.case("xu", doc_id)["version"] == before["version"], "a preview changes nothing"

    moved = row(migrate(office, "chen", chain, doc_id))
    assert (moved["outcome"], moved["stays"]) == ("moved", True)
    assert steps(office, doc_id) == [
        ("unit.head", "done", 1),
        ("unit.leader", "current", 1),
        ("unit.checker", "waiting", 2),
        ("district.finance", "waiting", 1),
    ]
    assert office.slot("xu") == held, "the turn that is there stays as it is"
    entry = office.case("xu", doc_id)["timeline"][-1]
    assert (entry["type"], entry["actor_name"], entry["opinion"], entry["administrator"]) == (
        *("migrated", "chen", REASON),
        True,
    )
    (told,) = office.told("case.migrated")
    assert told.data["steps"] == ["环节head", "环节leader", "环节checker", "环节finance"]
    assert (told.data["reason"], told.data["people"]) == (REASON, ids(office, "li"))
    assert is_whole(office, doc_id)
    assert preview(office, "chen", chain).json()["rows"] == [], "there is nothing left to do"

    office.agree("xu", held)
    office.agree("he")
    office.agree("qian")
    assert office.case("li", doc_id)["state"] == "approved"
    assert is_whole(office, doc_id)


def test_a_present_step_that_others_decide_now_opens_anew(office: Office) -> None:
    chain, doc_id = two_steps(office)
    office.republish("chen", chain, [head(), checker("leader"), leader("last")])
    shown = row(preview(office, "chen", chain))
    assert (shown["stays"], shown["opens"]) == (False, ["he"])
    migrate(office, "chen", chain, doc_id)
    route = office.case("zhou", doc_id)["route"]
    turns = [(one["name"], one["state"]) for one in route[1]["holders"]]
    assert turns == [("xu", "cancelled"), ("he", "open")]
    closed = office.told("slot.closed")[-1]
    assert (closed.data["outcome"], closed.data["actor_name"]) == ("cancelled", "chen")
    assert office.told("slot.opened")[-1].data["holder_id"] == str(office.id("he"))
    office.agree("he")
    assert office.slot("xu")["step_key"] == "unit.last"
    assert is_whole(office, doc_id)


def test_a_present_step_that_is_gone_gives_way_to_the_next(office: Office) -> None:
    chain, doc_id = two_steps(office)
    late = office.slot("xu")
    office.republish("chen", chain, [head(), checker()])
    migrate(office, "chen", chain, doc_id)
    assert steps(office, doc_id) == [
        ("unit.head", "done", 1),
        ("unit.checker", "current", 2),
        ("district.finance", "waiting", 1),
    ]
    refused = office.agree("xu", late)
    assert (refused.status_code, refused.json()["code"]) == (409, "route_changed")
    assert office.get("xu", f"slots/{late['id']}")["state"] == "cancelled", "I7: it stays readable"
    office.agree("he")
    office.agree("qian")
    assert is_whole(office, doc_id)


def test_a_new_step_before_the_present_one_comes_first(office: Office) -> None:
    chain, doc_id = two_steps(office)
    office.republish("chen", chain, [head(), checker(), leader()])
    assert row(migrate(office, "chen", chain, doc_id))["step_after"] == "环节checker"
    assert [key for key, state, _ in steps(office, doc_id) if state == "current"] == ["unit.checker"]
    office.agree("he")
    assert office.slot("xu")["step_key"] == "unit.leader"
    assert is_whole(office, doc_id)


def test_a_turn_moves_on_with_its_step(office: Office) -> None:
    office.publish("zhou", "district", [finance_step()])
    first = step("first", condition={"op": "eq", "fact": "kind", "value": "works"})
    chain = office.publish("chen", "unit", [head()])
    doc_id, _ = office.submit(["wang"])
    held = office.slot("wang")
    act(office, "wang", "transfer", held, to=ids(office, "zhao")[0])
    held = office.slot("zhao")
    office.republish("chen", chain, [first, head(), step("last", on_empty="skip")])
    migrate(office, "chen", chain, doc_id)
    assert [key for key, state, _ in steps(office, doc_id) if state == "current"] == ["unit.head"]
    holders = office.case("zhou", doc_id)["route"][1]["holders"]
    assert [(one["name"], one["state"]) for one in holders] == [("wang", "transferred"), ("zhao", "open")]
    assert office.agree("zhao", held).status_code == 200
    assert is_whole(office, doc_id)


def test_i40_refused_as_a_whole(office: Office) -> None:
    chain, doc_id = two_steps(office)
    before = office.case("zhou", doc_id)
    refusals: list[tuple[Sequence[Mapping[str, Any]], str]] = [
        ([leader()], "decided_step_gone"),
        ([checker(), head(), leader()], "step_passed_over"),
        ([head(), leader("other", pick="previous_actor")], "pick_required"),
        ([head(), leader(), step("last", selector={"role": "finance"}, on_empty="administrator")], ""),
        ([step("leader", pick="submitter"), leader("head")], "step_key_twice"),
    ]
    for chain_steps, code in refusals:
        office.republish("chen", chain, chain_steps)
        renamed = {"head": "leader"} if code == "step_key_twice" else {}
        shown = row(preview(office, "chen", chain, renamed=renamed))
        assert shown["code"] == code, shown
        if code:
            moved = row(migrate(office, "chen", chain, doc_id, renamed=renamed))
            assert (moved["outcome"], moved["code"]) == ("refused", code)
            assert office.case("zhou", doc_id) == before
    assert office.told("case.migrated") == []


def test_i40_decided_steps_keep_their_order(office: Office) -> None:
    chain, doc_id = two_steps(office, leader(), checker())
    office.agree("xu")
    office.republish("chen", chain, [leader(), head(), checker("last")])
    assert row(preview(office, "chen", chain))["code"] == "decided_steps_reordered"
    office.republish("chen", chain, [head(), leader(), checker("last")])
    assert row(migrate(office, "chen", chain, doc_id))["outcome"] == "moved"
    assert [state for _, state, _ in steps(office, doc_id)][:3] == ["done", "done", "current"]


def test_i40_a_decided_step_goes_by_its_new_key(office: Office) -> None:
    chain, doc_id = two_steps(office)
    office.republish("chen", chain, [step("chief", pick="submitter"), checker(), leader()])
    assert row(preview(office, "chen", chain))["code"] == "decided_step_gone"
    unknown = preview(office, "chen", chain, renamed={"head": "nobody"})
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (422, "unknown_step")
    twice = preview(office, "chen", chain, renamed={"head": "chief", "leader": "chief"})
    assert twice.json()["errors"][0]["code"] == "renamed_twice"
    moved = row(migrate(office, "chen", chain, doc_id, renamed={"head": "chief"}))
    assert (moved["outcome"], moved["step_after"]) == ("moved", "环节checker")
    assert steps(office, doc_id)[0] == ("unit.head", "done", 1), "what was decided stays as it was"
    assert is_whole(office, doc_id)


def test_a_round_that_began_under_a_version_without_a_step_is_found(office: Office) -> None:
    office.publish("chen", "unit", [step("head")])
    chain = office.publish("zhou", "district", [])
    doc_id, _ = office.submit()
    office.clock.move(minutes=1)
    office.republish("zhou", chain, [finance_step()])
    assert row(preview(office, "zhou", chain))["outcome"] == "moves"
    assert row(migrate(office, "zhou", chain, doc_id))["outcome"] == "moved"
    assert steps(office, doc_id) == [("unit.head", "current", 1), ("district.finance", "waiting", 2)]
    assert preview(office, "zhou", chain).json()["rows"] == []
    assert is_whole(office, doc_id)
    office.clock.move(minutes=1)
    office.republish("zhou", chain, [])
    assert row(migrate(office, "zhou", chain, doc_id))["outcome"] == "moved"
    office.clock.move(minutes=1)
    office.republish("zhou", chain, [finance_step(), finance_step("again")])
    assert row(migrate(office, "zhou", chain, doc_id))["outcome"] == "moved"
    assert [key for key, _, _ in steps(office, doc_id)][1:] == ["district.finance", "district.again"]
    assert is_whole(office, doc_id)


def test_a_round_that_began_while_the_unit_needed_no_chain_moves_to_its_first(office: Office) -> None:
    policy = {"unit_segment_optional": True, "repeat": "never"}
    assert office.send("zhou", "PUT", "districts/140105/policy", policy, If_Match='"v0"').status_code == 200
    chain = office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit()
    office.clock.move(minutes=1)
    unit = office.publish("chen", "unit", [step("head")])
    assert preview(office, "zhou", chain).json()["rows"] == []
    moved = row(migrate(office, "chen", unit, doc_id))
    assert (moved["outcome"], moved["opens"]) == ("moved", ["wang", "zhao"])
    assert preview(office, "chen", unit).json()["rows"] == []
    assert office.agree("wang").json()["current_step"] == "环节finance"
    assert is_whole(office, doc_id)
