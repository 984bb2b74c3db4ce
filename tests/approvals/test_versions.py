"""Versions of a chain: what differs, which one is in force, and a chain that is retired."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from services.approvals.chains.diff import diff
from services.approvals.step import RoleSelector, Step
from shared.people import Role
from tests.approvals.office import Office, finance_step, step


def a_step(key: str, name: str = "环节", hours: int | None = None) -> Step:
    return Step(key=key, name=name, selector=RoleSelector(role=Role.REVIEWER), budget_hours=hours)


CHAINS = st.lists(
    st.builds(a_step, st.sampled_from("abcde"), st.sampled_from(["甲", "乙"]), st.sampled_from([None, 8])),
    unique_by=lambda one: one.key,
)


@given(CHAINS, CHAINS)
def test_a_difference_says_all_that_changed_and_nothing_else(before: list[Step], after: list[Step]) -> None:
    changes = {one.key: one for one in diff(before, after)}
    was, now = ({one.key: one for one in steps} for steps in (before, after))
    assert {key for key, one in changes.items() if one.change == "added"} == now.keys() - was.keys()
    assert {key for key, one in changes.items() if one.change == "removed"} == was.keys() - now.keys()
    for key in was.keys() & now.keys():
        told = {one.field: (one.before, one.after) for one in changes[key].fields} if key in changes else {}
        assert {**was[key].to_json(), **{name: now_ for name, (_, now_) in told.items()}} == now[
            key
        ].to_json()
        assert all(before_ != after_ for before_, after_ in told.values())
    if not changes:
        assert before == after
    assert diff(before, before) == []


def test_a_step_moved_and_changed_says_both() -> None:
    found = diff([a_step("a"), a_step("b")], [a_step("b", "复审", 8), a_step("a")])
    assert [(one.key, one.change, one.position_before, one.position_after) for one in found] == [
        ("b", "moved", 2, 1),
        ("a", "moved", 1, 2),
    ]
    assert [(one.field, one.before, one.after) for one in found[0].fields] == [
        ("name", "环节", "复审"),
        ("budget_hours", None, 8),
    ]


def test_two_versions_or_the_draft_are_compared(office: Office) -> None:
    chain, _ = office.usual_chains()
    office.republish("chen", chain, [step("head", pick="submitter", budget_hours=8), step("chief")])
    found = office.get("li", f"chains/{chain}/diff", before=1, after=2)
    assert [(one["key"], one["change"]) for one in found["changes"]] == [
        ("head", "changed"),
        ("chief", "added"),
    ]
    assert found["changes"][0]["fields"] == [{"field": "budget_hours", "before": None, "after": 8}]
    assert office.get("chen", f"chains/{chain}/diff", before=2)["changes"] == []
    missing = office.send("chen", "GET", f"chains/{chain}/diff?before=3")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_such_version")
    office.add("hu", office.bureau, "unit_administrator")
    assert office.send("hu", "GET", f"chains/{chain}/diff?before=1").status_code == 404


def retire(office: Office, who: str, chain: str, tag: str, reason: str = "机构调整") -> Any:
    return office.post(who, f"chains/{chain}/retire", {"reason": reason}, If_Match=tag)


def test_a_retired_chain_is_as_if_it_were_not_there(office: Office) -> None:
    chain, _ = office.usual_chains()
    running, _ = office.submit(["wang"])
    assert retire(office, "li", chain, '"v2"').status_code == 403
    assert retire(office, "zhou", chain, '"v2"').status_code == 403
    assert retire(office, "chen", chain, '"v1"').status_code == 412
    assert retire(office, "chen", chain, '"v2"', reason=" ").status_code == 422
    done = retire(office, "chen", chain, '"v2"')
    assert (done.status_code, done.json()["status"], done.json()["published"]) == (200, "retired", 0)
    (told,) = office.told("chain.retired")
    assert (told.data["chain_id"], told.data["version"], told.data["reason"]) == (chain, 1, "机构调整")
    again = retire(office, "chen", chain, done.headers["etag"])
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_retire")

    office.submit(["wang"])
    assert [event.data["code"] for event in office.told("case.refused")] == ["no_unit_chain"]
    assert office.agree("wang").json()["current_step"] == "环节finance"
    assert office.case("li", running)["state"] == "reviewing"

    back = office.post("chen", f"chains/{chain}/publish", If_Match=done.headers["etag"])
    assert (back.json()["published"], back.json()["retired_at"]) == (2, None)
    doc_id, _ = office.submit(["wang"])
    assert office.case("li", doc_id)["route"][0]["chain_version"] == 2


def test_a_retired_district_chain_gives_way_to_the_one_above(office: Office) -> None:
    office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("wu", "district", [finance_step("province")])
    county = office.publish("zhou", "district", [finance_step("county")])
    assert retire(office, "zhou", county, '"v2"').status_code == 200
    doc_id, _ = office.submit(["wang"])
    assert [one["key"] for one in office.case("li", doc_id)["route"]] == ["unit.head", "district.province"]


class Versions(RuleBasedStateMachine):
    """A chain is edited, published and retired in any order; `in_force` is what a round must follow."""

    office: Office

    def __init__(self) -> None:
        super().__init__()
        self.office.begin_anew()
        self.office.publish("zhou", "district", [finance_step()])
        body = {"level": "unit", "doc_type": self.office.doc_type, "name": "链", "steps": [step("k0")]}
        self.chain = self.office.post("chen", "chains", body).json()["id"]
        self.drafts, self.newest, self.in_force = 0, 0, ""

    def send(self, method: str, path: str, body: Any = None) -> int:
        tag = self.office.send("chen", "GET", f"chains/{self.chain}").headers["etag"]
        url = f"chains/{self.chain}/{path}"
        return int(self.office.send("chen", method, url, body, If_Match=tag).status_code)

    @rule()
    def edit(self) -> None:
        self.drafts += 1
        draft = {"name": "链", "steps": [step(f"k{self.drafts}")]}
        assert self.send("PUT", "draft", draft) == 200

    @rule()
    def publish(self) -> None:
        done = self.send("POST", "publish")
        assert done == (409 if self.in_force == f"unit.k{self.drafts}" else 200)
        if done == 200:
            self.newest, self.in_force = self.newest + 1, f"unit.k{self.drafts}"

    @rule()
    def retire(self) -> None:
        assert self.send("POST", "retire", {"reason": "停用"}) == (200 if self.in_force else 409)
        self.in_force = ""

    @invariant()
    def a_round_follows_the_one_in_force(self) -> None:
        seen = self.office.post("li", "preview", self.office.submission().model_dump(mode="json")).json()
        unit = [(one["key"], one["chain_version"]) for one in seen["route"] if one["segment"] == "unit"]
        assert unit == ([(self.in_force, self.newest)] if self.in_force else [])
        assert [one["code"] for one in seen["problems"]] == ([] if self.in_force else ["no_unit_chain"])
        numbers = [one["n"] for one in self.office.get("chen", f"chains/{self.chain}")["versions"]]
        assert numbers == list(range(self.newest, 0, -1))


def test_i14_one_version_is_in_force_whatever_was_done(office: Office) -> None:
    Versions.office = office
    few = settings(max_examples=6, stateful_step_count=8, deadline=None)
    run_state_machine_as_test(Versions, settings=few)


def test_i14_one_version_of_an_owner_is_in_force(office: Office) -> None:
    chain, _ = office.usual_chains()
    for number in range(2, 5):
        office.republish("chen", chain, [step(f"head{number}")])
        doc_id, _ = office.submit()
        unit = [one for one in office.case("li", doc_id)["route"] if one["segment"] == "unit"]
        assert [(one["key"], one["chain_version"]) for one in unit] == [(f"unit.head{number}", number)]
    body = {"level": "unit", "doc_type": "plan", "name": "第二条", "steps": [step("other")]}
    second = office.post("chen", "chains", body)
    assert (second.status_code, second.json()["chain_id"]) == (409, chain)
