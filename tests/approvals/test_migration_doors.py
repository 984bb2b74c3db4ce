"""Who moves running rounds, which ones, and what others hear of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from services.approvals.evidence.file_check import check
from services.approvals.round_time import StepTime
from tests.approvals.desk import act
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_by_message import is_dead, link, show
from tests.approvals.test_migration import (
    REASON,
    checker,
    head,
    is_whole,
    leader,
    migrate,
    preview,
    row,
    steps,
    two_steps,
)
from tests.approvals.test_races import at_once


def test_i41_only_its_administrator_who_is_no_party(office: Office) -> None:
    chain, doc_id = two_steps(office)
    office.republish("chen", chain, [head(), leader(), checker()])
    for who, status in (("li", 403), ("wang", 403), ("qian", 404), ("zhou", 403)):
        assert preview(office, who, chain).status_code == status, who
        body = {"reason": REASON, "cases": [office.case("zhou", doc_id)["id"]]}
        assert office.post(who, f"chains/{chain}/migrate", body, If_Match='"v3"').status_code == status, who
    for wrong in ({"cases": [str(office.id("li"))]}, {"reason": "  ", "cases": []}, {"reason": REASON}):
        refused = office.post("chen", f"chains/{chain}/migrate", dict(wrong), If_Match='"v3"')
        assert refused.status_code == 422, wrong


def test_i41_a_party_of_the_case_does_not_move_it(office: Office) -> None:
    office.change("chen", 2, "unit_administrator", "reviewer")
    chain = office.publish("chen", "unit", [head()])
    office.publish("zhou", "district", [finance_step()])
    mine, _ = office.submit(["chen"])
    other, _ = office.submit(["wang"])
    office.republish("chen", chain, [head(), checker(on_empty="skip")])
    found = {one["case_id"]: one["code"] for one in preview(office, "chen", chain).json()["rows"]}
    cases = [office.case("zhou", doc)["id"] for doc in (mine, other)]
    assert [found[case] for case in cases] == ["party_of_case", ""]
    moved = migrate(office, "chen", chain, mine, other).json()["rows"]
    assert [one["outcome"] for one in moved] == ["refused", "moved"], "one does not hold up the other"


def test_a_district_moves_its_own_steps_and_no_others(office: Office) -> None:
    unit = office.publish("chen", "unit", [head()])
    district = office.publish("zhou", "district", [finance_step()])
    first, _ = office.submit(["wang"])
    second, _ = office.submit(["zhao"])
    office.agree("zhao")
    office.republish("zhou", district, [finance_step(quorum="all"), finance_step("chief", on_empty="skip")])
    office.republish("chen", unit, [head(), step("more")])
    rows = preview(office, "zhou", district).json()["rows"]
    assert [one["outcome"] for one in rows] == ["moves", "moves"]
    assert {one["case_id"]: one["stays"] for one in rows} == {
        office.case("zhou", first)["id"]: True,
        office.case("zhou", second)["id"]: False,
    }
    done = migrate(office, "zhou", district, first, second).json()
    assert [one["outcome"] for one in done["rows"]] == ["moved", "moved"]
    for doc_id in (first, second):
        assert steps(office, doc_id)[0][0::2] == ("unit.head", 1)
        assert [one[0] for one in steps(office, doc_id)[1:]] == ["district.finance", "district.chief"]
        assert is_whole(office, doc_id)
    office.agree("qian")
    assert office.case("li", second)["state"] == "reviewing", "all must agree now"


def test_pages_and_what_is_left_out(office: Office) -> None:
    chain, _ = office.usual_chains()
    docs = [office.submit(["wang"])[0] for _ in range(5)]
    office.withdraw("li", docs[0])
    office.republish("chen", chain, [head(), checker(on_empty="skip")])
    office.clock.move(minutes=1)
    newer, _ = office.submit(["wang"])
    found, after = [], None
    while True:
        page = preview(office, "chen", chain, limit=2, after=after).json()
        found += [one["case_id"] for one in page["rows"]]
        after = page["next"]
        if after is None:
            break
    assert sorted(found) == sorted(office.case("zhou", doc)["id"] for doc in docs[1:])
    others = migrate(office, "chen", chain, docs[0], newer).json()["rows"]
    assert [one["code"] for one in others] == ["not_found", "not_found"]


def test_nothing_to_go_by(office: Office) -> None:
    chain, _ = office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    assert preview(office, "chen", chain).json()["rows"] == []
    office.republish("chen", chain, [head(budget_hours=8)])
    assert row(migrate(office, "chen", chain, doc_id))["outcome"] == "unaffected"
    tag = f'"v{office.get("chen", f"chains/{chain}")["version"]}"'
    assert office.post("chen", f"chains/{chain}/retire", {"reason": "停用"}, If_Match=tag).status_code == 200
    refused = preview(office, "chen", chain)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_published")


def test_a_stale_chain_moves_nothing(office: Office) -> None:
    chain, doc_id = two_steps(office)
    office.republish("chen", chain, [head(), leader(), checker()])
    body = {"reason": REASON, "cases": [office.case("zhou", doc_id)["id"]]}
    stale = office.post("chen", f"chains/{chain}/migrate", body, If_Match='"v1"')
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    assert office.told("case.migrated") == []


def test_an_agreement_is_not_taken_back_behind_a_migration(office: Office) -> None:
    chain, doc_id = two_steps(office)
    office.republish("chen", chain, [head(), checker()])
    migrate(office, "chen", chain, doc_id)
    agreed = office.case("wang", doc_id)["route"][0]["holders"][0]
    refused = act(office, "wang", "take-back", agreed)
    assert (refused.status_code, refused.json()["code"]) == (409, "route_changed")


def test_a_round_that_is_submitted_again_is_routed_anew(office: Office) -> None:
    chain, doc_id = two_steps(office)
    office.republish("chen", chain, [head(), leader(), checker()])
    migrate(office, "chen", chain, doc_id)
    office.clock.move(hours=3)
    office.disagree("xu")
    with office.store.read() as look:
        times = look.all(select(StepTime).order_by(StepTime.step_key))
    assert [(one.step_key, one.outcome, one.minutes) for one in times] == [
        ("unit.head", "agreed", 0),
        ("unit.leader", "disagreed", 180),
    ]
    office.submit(["wang"], 2, office.submission(doc_id))
    assert [version for _, _, version in steps(office, doc_id)] == [2, 2, 2, 1]
    assert is_whole(office, doc_id)


def test_links_in_mails_live_as_long_as_their_turn(office: Office) -> None:
    chain, doc_id = two_steps(office)
    token = link(office, "xu")
    office.republish("chen", chain, [head(), leader(), checker()])
    migrate(office, "chen", chain, doc_id)
    assert show(office, token).status_code == 200
    office.republish("chen", chain, [head(), checker()])
    migrate(office, "chen", chain, doc_id)
    assert is_dead(office, token)


def test_i16_a_decision_or_the_migration_comes_first(each_office: Office) -> None:
    office = each_office
    before, after = (
        [step("named", selector={"people": [str(office.id(name))]})] for name in ("wang", "zhao")
    )
    chain = office.publish("chen", "unit", before)
    office.publish("zhou", "district", [finance_step()])
    for _ in range(4):
        doc_id, _ = office.submit()
        slot = office.slot("wang")
        office.republish("chen", chain, after)
        tag = f'"v{office.get("chen", f"chains/{chain}")["version"]}"'
        body = {"reason": REASON, "cases": [office.case("zhou", doc_id)["id"]]}
        moves = partial(office.post, "chen", f"chains/{chain}/migrate", body, If_Match=tag)
        agreed, moved = at_once([partial(office.agree, "wang", slot), moves])
        first = agreed.status_code == 200
        assert agreed.status_code in (200, 409)
        assert row(moved)["outcome"] == ("unaffected" if first else "moved"), moved.text
        assert is_whole(office, doc_id)
        office.republish("chen", chain, before)


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("case", "route"), None, "case"),
        (("case", "route", 2, "name"), "别的", "case"),
        (("events", -1, "data", "route", 2, "quorum"), "all", "events/3"),
        (("events", -1, "opinion"), "别的", "events/3"),
        (("rounds", 0, "route", 1, "name"), "别的", "events/1/prev_hash"),
    ],
)
def test_i2_a_changed_route_of_a_moved_round_is_found(
    office: Office, path: tuple[Any, ...], value: Any, where: str
) -> None:
    chain, doc_id = two_steps(office)
    office.republish("chen", chain, [head(), leader(), checker()])
    migrate(office, "chen", chain, doc_id)
    evidence = office.get("zhou", f"cases/{office.case('zhou', doc_id)['id']}/evidence")
    assert check(evidence) == []
    inner = evidence
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    assert check(evidence)[0].where == where
