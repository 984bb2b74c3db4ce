"""Bad input gets a 4xx with a stable code and all its problems at once, never a 500."""

from __future__ import annotations

from typing import Any

import pytest

from shared.database import new_id
from tests.approvals.office import Office, step


def nested(levels: int) -> dict[str, Any]:
    """So many conditions in each other."""
    condition: dict[str, Any] = {"op": "eq", "fact": "kind", "value": "goods"}
    for _ in range(levels):
        condition = {"op": "not", "of": condition}
    return condition


CHAIN = {"level": "unit", "doc_type": "plan", "name": "审核链", "steps": [step("head")]}


def raw(office: Office, who: str, path: str, text: str) -> Any:
    headers = office.as_(*office.people[who]) | {"Content-Type": "application/json"}
    return office.http.post(path, content=text.encode(), headers=headers)


@pytest.mark.parametrize(
    "change",
    [
        {"level": "province"},
        {"doc_type": "Plan 1"},
        {"doc_type": "p" * 41},
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\u0000b"},
        {"unknown": 1},
        {"steps": "head"},
        {"steps": [{"key": "head"}]},
        {"steps": [step(f"s{n}") for n in range(31)]},
        {"steps": [step("head", quorum="most")]},
        {"steps": [step("head", selector={"role": "emperor"})]},
        {"steps": [step("head", selector={"role": "reviewer", "in": "moon"})]},
        {"steps": [step("head", selector={"people": []})]},
        {"steps": [step("head", selector={"people": ["x"]})]},
        {"steps": [step("head", condition={"op": "ge", "fact": "amount_fen", "value": 1.5})]},
        {"steps": [step("head", condition={"op": "ge", "fact": "amount_fen", "value": 2**60})]},
        {"steps": [step("head", condition={"op": "in", "fact": "kind", "value": ["x" * 9000] * 3})]},
        {"steps": [step("head", condition=nested(300))]},
        {"steps": [step("head", condition=nested(900))]},
    ],
)
def test_a_chain_that_makes_no_sense_is_refused(office: Office, change: dict[str, Any]) -> None:
    answer = office.post("chen", "chains", {**CHAIN, **change})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


@pytest.mark.parametrize(
    ("path", "text", "status"),
    [
        ("chains", "{", 400),
        ("chains", "[]", 422),
        ("chains", '{"steps": NaN}', 422),
        ("preview", "null", 422),
        ("preview", '{"facts": {"amount_fen": 1e400}}', 422),
        ("preview", '{"content": {"a": ' + "[" * 900 + "]" * 900 + "}}", 422),
        ("preview", '{"content": {"a": ' + "[" * 100_000 + "]" * 100_000 + "}}", 400),
        ("opinions", '{"kind": "agree", "text": "   "}', 422),
        ("opinions", '{"kind": "agree", "text": "\\ud800"}', 422),
        ("opinions", '{"kind": "agree", "text": "好", "position": 1e30}', 422),
    ],
)
def test_what_cannot_be_read_is_refused(office: Office, path: str, text: str, status: int) -> None:
    answer = raw(office, "chen", path, text)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("facts", "content"),
    [
        ({"amount_fen": 1.5}, {}),
        ({"amount_fen": 2**53}, {}),
        ({"kind": ["goods"]}, {}),
        ({"kind": "x" * 301}, {}),
        ({}, {"amount": 1.5}),
        ({}, {"amount": 2**60}),
    ],
)
def test_facts_and_content_are_exact(office: Office, facts: dict[str, Any], content: dict[str, Any]) -> None:
    body = office.submission().model_dump(mode="json") | {"facts": facts, "content": content}
    assert office.post("li", "preview", body).status_code == 422


def test_decisions_with_bad_bodies(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    slot = office.slot("wang")
    path = f"slots/{slot['id']}"
    for body in (
        {"opinion": "x" * 501},
        {"picks": ["x"]},
        {"picks": [str(new_id())] * 51},
        {"opinion": 5},
        {"a": 1},
    ):
        assert office.post("wang", f"{path}/agree", body, If_Match=slot["etag"]).status_code == 422
    assert office.post("wang", f"{path}/disagree", {}, If_Match=slot["etag"]).status_code == 422
    assert office.post("wang", "slots/nothing/agree", {}, If_Match=slot["etag"]).status_code == 422
    assert office.post("wang", f"slots/{new_id()}/agree", {}, If_Match=slot["etag"]).status_code == 404
    person, organisation = office.people["wang"]
    without_key = office.as_(person, organisation, If_Match=slot["etag"]) | {"Idempotency-Key": ""}
    assert office.http.post(f"{path}/agree", json={}, headers=without_key).status_code == 428
    assert office.slot("wang")["etag"] == slot["etag"]


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"},
        {"cursor": "W10"},
        {"limit": 0},
        {"limit": 101},
        {"limit": 10**30},
        {"q": "x" * 101},
        {"doc_type": "'; --"},
    ],
)
def test_lists_refuse_bad_queries(office: Office, query: dict[str, Any]) -> None:
    for path in ("todo", "done", "cases"):
        answer = office.http.get(path, headers=office.as_(*office.people["wang"]), params=query)
        assert answer.status_code in (400, 422), answer.text


def test_paths_of_documents_are_bounded(office: Office) -> None:
    for path in (
        f"documents/PLAN/{new_id()}/withdraw",
        "documents/plan/7/withdraw",
        f"documents/{'p' * 50}/x/withdraw",
    ):
        assert office.post("li", path).status_code == 422
    assert office.post("li", f"documents/plan/{new_id()}/withdraw?round={2**40}").status_code == 422


def test_a_condition_that_is_too_deep_to_follow_is_told_before_publishing(office: Office) -> None:
    for levels, codes in ((7, []), (8, ["condition_too_deep"]), (30, ["condition_too_deep"])):
        chain = {**CHAIN, "doc_type": f"plan_{levels}", "steps": [step("head", condition=nested(levels))]}
        made = office.post("chen", "chains", chain)
        assert made.status_code == 201, made.text
        found = office.post("chen", f"chains/{made.json()['id']}/lint").json()["problems"]
        assert [one["code"] for one in found] == codes


@pytest.mark.parametrize(
    "query",
    [
        "until=0001-01-01",
        "until=9999-12-31",
        "since=0001-01-01&until=0001-01-02",
        "since=9999-12-30&until=9999-12-31",
    ],
)
def test_statistics_of_the_ends_of_the_calendar_are_refused(office: Office, query: str) -> None:
    answer = office.send("zhou", "GET", f"statistics?{query}")
    assert answer.status_code == 422, answer.text
    assert {one["code"] for one in answer.json()["errors"]} <= {"greater_than_equal", "less_than"}


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [
        ("9999-12-31T20:00:00-10:00", "9999-12-31T23:00:00-10:00"),
        (None, "9999-12-31T23:00:00-10:00"),
        ("0001-01-01T00:00:00+14:00", "2026-12-01T00:00:00+14:00"),
    ],
)
def test_a_substitution_at_the_ends_of_the_calendar_is_refused(
    office: Office, starts_at: str | None, ends_at: str
) -> None:
    body = {"deputy_id": str(office.id("zhao")), "starts_at": starts_at, "ends_at": ends_at}
    answer = office.post("wang", "substitutions", body)
    assert answer.status_code == 422, answer.text
    assert {one["code"] for one in answer.json()["errors"]} <= {"greater_than_equal", "less_than"}
