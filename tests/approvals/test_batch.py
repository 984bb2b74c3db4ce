"""Many decisions in one request: each row is what the single request would have been (I26)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.approvals.desk import ids
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_races import at_once

NUMBERS = itertools.count(1)


def row(slot: dict[str, Any], verb: str = "agree", **more: Any) -> dict[str, Any]:
    return {"slot_id": slot["id"], "verb": verb, "etag": slot["etag"], "command_id": str(uuid4()), **more}


def decide(office: Office, who: str, *rows: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    answer = office.post(who, "slots/decisions", {"decisions": list(rows)}, **headers)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    results: list[dict[str, Any]] = body["results"]
    assert [one["slot_id"] for one in results] == [one["slot_id"] for one in rows]
    failed = [one for one in results if one["problem"] is not None]
    assert (body["succeeded"], body["failed"]) == (len(rows) - len(failed), len(failed))
    for one in results:
        assert (one["decision"] is None) == (one["problem"] is not None) == (one["status"] >= 400)
    return results


def single(office: Office, who: str, one: dict[str, Any]) -> Any:
    body = {name: one[name] for name in ("opinion", "picks", "review_anew") if name in one}
    headers = {"If_Match": one["etag"], "Idempotency_Key": one["command_id"]}
    return office.post(who, f"slots/{one['slot_id']}/{one['verb']}", body, **headers)


def waiting(office: Office, who: str, documents: int) -> list[dict[str, Any]]:
    """So many to-dos of a person, oldest first."""
    for _ in range(documents):
        office.submit(["wang"])
        office.clock.move(seconds=1)
    found: list[dict[str, Any]] = office.get(who, "todo", doc_type=office.doc_type)["items"][:documents]
    return found[::-1]


def test_one_failure_leaves_the_others_alone(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    first, second, third, fourth = waiting(office, "wang", 4)
    office.agree("wang", second)
    stale = {**third, "etag": '"v0-0"'}
    results = decide(
        office,
        "wang",
        row(first, opinion="同意"),
        row(second),
        row(stale),
        row(fourth, "disagree", opinion="请补充"),
    )
    assert [one["status"] for one in results] == [200, 409, 412, 200]
    assert results[0]["decision"]["current_step"] == "环节finance"
    assert results[0]["etag"].startswith('"v2-')
    assert (results[1]["problem"]["code"], results[1]["problem"]["winner"]["actor_name"]) == (
        "already_decided",
        "wang",
    )
    assert results[2]["problem"]["code"] == "changed_meanwhile"
    assert results[3]["decision"]["case_state"] == "returned"
    assert [one["id"] for one in office.get("wang", "todo", doc_type=office.doc_type)["items"]] == [
        third["id"]
    ]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("batch"))
    made.add("xu", made.school, "reviewer")
    yield made
    made.close()


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "slot": st.integers(0, 2),
            "verb": st.sampled_from(["agree", "agree", "disagree"]),
            "opinion": st.sampled_from(["", "  ", "同意", "长" * 501]),
            "pick": st.sampled_from(["", "", "xu", "li"]),
            "anew": st.sampled_from([None, None, True]),
            "tag": st.sampled_from(["seen", "seen", "seen", "old", ""]),
            "key": st.sampled_from(["own", "own", "own", "shared", ""]),
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.generate, Phase.shrink])
@given(wanted=ROWS)
def test_i26_a_row_ends_as_its_single_request_would(twin: Office, wanted: list[dict[str, Any]]) -> None:
    """The same rows go in one by one on one set of documents and together on another."""
    outcomes = []
    for together in (False, True):
        twin.begin_anew()
        twin.doc_type = f"batch_{next(NUMBERS)}"
        twin.publish("chen", "unit", [step("head", pick="submitter"), step("next", pick="previous_actor")])
        twin.publish("zhou", "district", [finance_step()])
        slots = waiting(twin, "wang", 3)
        shared_key = str(uuid4())
        rows = [asked(twin, one, slots, shared_key) for one in wanted]
        if together:
            results = decide(twin, "wang", *rows)
            said = [(one["status"], one["decision"] or one["problem"]) for one in results]
        else:
            answers = [single(twin, "wang", one) for one in rows]
            said = [(one.status_code, one.json()) for one in answers]
        outcomes.append([outcome(status, body, slots) for status, body in said])
    assert outcomes[0] == outcomes[1]


def asked(
    office: Office, one: dict[str, Any], slots: list[dict[str, Any]], shared_key: str
) -> dict[str, Any]:
    slot = slots[one["slot"]]
    tag = {"seen": slot["etag"], "old": '"v0-0"', "": ""}[one["tag"]]
    key = {"own": str(uuid4()), "shared": f"{shared_key}-{one['slot']}-{one['verb']}", "": ""}[one["key"]]
    made = row({**slot, "etag": tag}, one["verb"], command_id=key, opinion=one["opinion"])
    if one["anew"]:
        made["review_anew"] = True
    if one["pick"]:
        made["picks"] = ids(office, one["pick"])
    return made


def outcome(status: int, body: dict[str, Any], slots: list[dict[str, Any]]) -> dict[str, Any]:
    """What does not differ between two sets of the same documents."""
    number = {slot["id"]: n for n, slot in enumerate(slots)}
    kept = {name: body.get(name) for name in ("code", "detail", "outcome", "case_state", "current_step")}
    errors = [(one["code"], one["pointer"], one["detail"]) for one in body.get("errors", [])]
    winner = (body.get("winner") or {}).get("outcome")
    slot = number.get(body.get("slot_id", ""))
    return {**kept, "status": status, "errors": errors, "winner": winner, "slot": slot}


def test_i17_a_batch_that_is_sent_again_changes_nothing(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    first, second = waiting(office, "wang", 2)
    rows = [row(first), row(second, "disagree", opinion="请补充")]
    once = decide(office, "wang", *rows)
    told = len(office.told())
    assert decide(office, "wang", *rows) == once
    assert decide(office, "wang", *rows[::-1]) == once[::-1]
    assert len(office.told()) == told
    other = {**rows[0], "opinion": "别的"}
    (reused,) = decide(office, "wang", other)
    assert (reused["status"], reused["problem"]["code"]) == (422, "idempotency_key_reused")


def test_rows_of_others_are_as_hidden_as_alone(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    office.add("outsider", office.bureau, "reviewer")
    (slot,) = waiting(office, "wang", 1)
    for who, status, code in (
        ("outsider", 404, "not_found"),
        ("chen", 403, "not_your_turn"),
        ("li", 403, "not_your_turn"),
    ):
        (result,) = decide(office, who, row(slot))
        assert (result["status"], result["problem"]["code"]) == (status, code)
    absent = {**slot, "id": str(uuid4())}
    assert decide(office, "wang", row(absent))[0]["status"] == 404
    english = decide(office, "wang", row(absent), Accept_Language="en")[0]["problem"]
    assert english["title"] == "Not found"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"decisions": []}, "too_short"),
        ({}, "missing"),
        ({"decisions": [{"slot_id": "x"}]}, "uuid_parsing"),
        ({"decisions": "all"}, "list_type"),
        ({"decisions": [], "all": True}, "extra_forbidden"),
    ],
)
def test_what_is_no_batch_is_refused_whole(office: Office, body: Any, code: str) -> None:
    answer = office.post("wang", "slots/decisions", body)
    assert answer.status_code == 422
    assert code in [one["code"] for one in answer.json()["errors"]]


def test_a_batch_has_a_hundred_rows_at_most(office: Office) -> None:
    slot = {"id": str(uuid4()), "etag": '"v1-0"'}
    answer = office.post("wang", "slots/decisions", {"decisions": [row(slot)] * 101})
    assert [one["code"] for one in answer.json()["errors"]] == ["too_long"]
    assert office.http.post("slots/decisions", json={"decisions": [row(slot)]}).status_code == 401


def test_i16_i26_two_batches_and_a_single_decision_at_once(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    slots = waiting(office, "wang", 4)
    acts: list[Callable[[], Any]] = [
        lambda: decide(office, "wang", *(row(one) for one in slots)),
        lambda: decide(office, "wang", *(row(one, "disagree", opinion="请补充") for one in slots[::-1])),
        partial(office.agree, "wang", slots[1]),
    ]
    agreed, disagreed, alone = at_once(acts)
    by_slot: dict[str, list[int]] = {one["id"]: [] for one in slots}
    for result in [*agreed, *disagreed]:
        by_slot[result["slot_id"]].append(result["status"])
    by_slot[slots[1]["id"]].append(alone.status_code)
    assert all(sorted(one)[0] == 200 and set(sorted(one)[1:]) == {409} for one in by_slot.values())
    for result in [*agreed, *disagreed]:
        if result["problem"]:
            assert result["problem"]["winner"]["actor_name"] == "wang"
