"""Substitution (代理): a deputy decides for who is away, from and until a moment, and nothing moves."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from tests.approvals.office import Office
from tests.approvals.test_races import at_once, one_winner


def grant(office: Office, who: str, deputy: str, hours: float = 48, **more: Any) -> Any:
    """`who` is away for so many hours from now, or from `after` hours on; `principal` by an administrator."""
    now = office.clock.now()
    body: dict[str, Any] = {"deputy_id": str(office.id(deputy)), "ends_at": str(now + timedelta(hours=hours))}
    if after := more.pop("after", 0):
        body["starts_at"] = str(now + timedelta(hours=after))
    if principal := more.pop("principal", ""):
        body["principal_id"] = str(office.id(principal))
    return office.post(who, "substitutions", {**body, **more})


def todo(office: Office, who: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = office.get(who, "todo", doc_type=office.doc_type)["items"]
    assert office.get(who, "counts", doc_type=office.doc_type)["todo"] == len(rows)
    return rows


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [one["code"] for one in answer.json()["errors"]]


def end(office: Office, who: str, granted: Any) -> Any:
    path = f"substitutions/{granted.json()['id']}/end"
    return office.post(who, path, If_Match=granted.headers["etag"])


def test_i29_a_deputy_decides_in_the_window_and_both_are_kept(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    assert grant(office, "wang", "zhao", reason="外出培训").status_code == 201
    (row,) = todo(office, "zhao")
    assert (row["on_behalf_name"], row["on_behalf_of"]) == ("wang", str(office.id("wang")))
    assert [one["allowed"] for one in row["available_actions"]] == [True, True]
    assert office.send("zhao", "GET", f"slots/{row['id']}").headers["etag"] == row["etag"]
    assert todo(office, "wang")[0]["on_behalf_of"] is None

    assert office.agree("zhao", row, opinion="代为同意").json()["case_state"] == "reviewing"
    case = office.case("li", doc_id)
    (holder,) = case["route"][0]["holders"]
    assert (holder["name"], holder["acted_name"]) == ("wang", "zhao")
    assert (holder["acted_by"], holder["on_behalf_of"]) == (str(office.id("zhao")), str(office.id("wang")))
    entry = case["timeline"][-1]
    assert (entry["actor_name"], entry["on_behalf_name"]) == ("zhao", "wang")
    assert case["history_intact"]
    (closed,) = office.told("slot.closed")
    assert (closed.data["holder_id"], closed.data["actor_id"]) == (
        str(office.id("wang")),
        str(office.id("zhao")),
    )
    assert closed.data["on_behalf_of"] == str(office.id("wang"))
    assert [one["id"] for one in office.get("zhao", "done")["items"]] == [row["id"]]
    assert office.get("wang", "done")["items"] == []
    assert [one["id"] for one in office.get("wang", "done", by="deputy")["items"]] == [row["id"]]
    assert office.send("zhao", "GET", f"cases/{case['id']}").status_code == 200


def test_i30_the_window_is_half_open_and_nothing_is_left_of_it(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    case = office.case("li", doc_id)
    before = office.get("zhao", "todo")
    assert grant(office, "wang", "zhao", hours=2, after=1).json()["state"] == "coming"
    assert office.get("zhao", "todo") == before
    slot = office.slot("wang")
    assert office.agree("zhao", slot).json()["code"] == "not_your_turn"
    office.clock.move(hours=1)
    assert len(todo(office, "zhao")) == 1
    assert office.get("wang", "todo")["items"] == [slot]
    office.clock.move(hours=1, microseconds=-1)
    assert len(todo(office, "zhao")) == 1
    office.clock.move(microseconds=1)
    assert office.get("zhao", "todo") == before
    assert office.agree("zhao", slot).json()["code"] == "not_your_turn"
    assert office.case("li", doc_id)["timeline"] == case["timeline"]


def test_it_ends_at_once_when_it_is_ended(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    granted = grant(office, "wang", "zhao")
    assert len(todo(office, "zhao")) == 1
    assert end(office, "zhao", granted).json()["code"] == "not_your_substitution"
    assert end(office, "qian", granted).status_code == 404
    ended = end(office, "wang", granted)
    assert (ended.json()["state"], ended.json()["status_label"]) == ("ended", "已终止")
    assert todo(office, "zhao") == []
    again = end(office, "wang", ended)
    assert (again.status_code, again.json()["code"]) == (409, "substitution_over")
    assert [one.type for one in office.told("substitution.granted", "substitution.ended")] == [
        "substitution.granted",
        "substitution.ended",
    ]


def test_i30_substitution_has_depth_one(office: Office) -> None:
    office.add("xu", office.school, "reviewer")
    office.usual_chains()
    office.submit(["wang"])
    assert grant(office, "wang", "zhao").status_code == 201
    warned = grant(office, "zhao", "xu").json()
    assert [one["code"] for one in warned["warnings"]] == ["principal_is_deputy"]
    assert todo(office, "xu") == []
    assert office.agree("xu", office.slot("wang")).status_code in (403, 404)
    assert codes(grant(office, "xu", "wang")) == ["deputy_away"]
    assert codes(grant(office, "xu", "zhao")) == ["deputy_away"]


@pytest.mark.parametrize(
    ("deputy", "more", "code"),
    [
        ("wang", {}, "deputy_is_principal"),
        ("qian", {}, "deputy_not_in_unit"),
        ("zhao", {"hours": -1}, "window_empty"),
        ("zhao", {"hours": 2, "after": 3}, "window_empty"),
        ("zhao", {"hours": 24 * 400}, "window_too_long"),
    ],
)
def test_what_makes_no_sense_is_refused(office: Office, deputy: str, more: dict[str, Any], code: str) -> None:
    assert codes(grant(office, "wang", deputy, **more)) == [code]


def test_the_same_twice_is_refused_until_it_is_ended(office: Office) -> None:
    first = grant(office, "wang", "zhao", doc_types=["plan"])
    assert codes(grant(office, "wang", "zhao")) == ["already_granted"]
    assert grant(office, "wang", "zhao", doc_types=["revocation"]).status_code == 201
    end(office, "wang", first)
    assert grant(office, "wang", "zhao", doc_types=["plan"]).status_code == 201


def test_an_administrator_grants_for_people_of_his_unit_and_never_to_himself(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    assert grant(office, "zhao", "zhao", principal="wang").json()["code"] == "role_required"
    assert codes(grant(office, "chen", "chen", principal="wang")) == ["not_to_yourself"]
    assert grant(office, "chen", "zhao", principal="qian").status_code == 404
    granted = grant(office, "chen", "zhao", principal="wang")
    assert (granted.json()["granted_by_name"], granted.json()["principal_name"]) == ("chen", "wang")
    assert len(todo(office, "zhao")) == 1
    assert end(office, "wang", granted).json()["state"] == "ended"


def test_lists_of_substitutions_for_both_people_and_the_unit(office: Office) -> None:
    made = grant(office, "wang", "zhao").json()["id"]
    office.clock.move(minutes=1)
    later = grant(office, "zhao", "li", hours=200, after=100).json()["id"]

    def listed(who: str, tab: str, **query: Any) -> list[str]:
        return [row["id"] for row in office.get(who, "substitutions", tab=tab, **query)["items"]]

    assert listed("wang", "mine") == [made]
    assert listed("zhao", "for_me") == [made]
    assert listed("zhao", "mine") == [later]
    assert listed("chen", "unit") == [later, made]
    assert listed("wang", "unit") == []
    office.clock.move(hours=100)
    assert listed("chen", "unit", current=True) == [later]
    assert office.send("qian", "GET", f"substitutions/{made}").status_code == 404
    names = [one["name"] for one in office.get("wang", "substitutions/deputies")]
    assert names == ["chen", "li", "zhao"]


def test_only_the_types_and_the_unit_that_were_named_are_covered(office: Office) -> None:
    for doc_type in ("plan", "plan_b"):
        office.doc_type = doc_type
        office.usual_chains()
        office.submit(["wang"])
    assert grant(office, "wang", "zhao", doc_types=["plan_b"]).status_code == 201
    assert [row["doc_type"] for row in office.get("zhao", "todo")["items"]] == ["plan_b"]
    office.doc_type = "plan"
    other = office.slot("wang")
    assert office.agree("zhao", other).json()["code"] == "not_your_turn"


def test_a_deputy_who_left_the_unit_decides_nothing(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    grant(office, "wang", "zhao")
    slot = todo(office, "zhao")[0]
    office.people["zhao"] = (office.id("zhao"), office.finance)
    office.change("zhao", 2, "reviewer")
    assert todo(office, "zhao") == []
    assert office.agree("zhao", slot).status_code == 404


def test_a_deputy_s_lists_cost_the_same_whatever_their_length(office: Office) -> None:
    office.usual_chains()
    grant(office, "wang", "zhao")
    office.submit(["wang"])
    few = office.statements(lambda: office.get("zhao", "todo"))
    for _ in range(5):
        office.submit(["wang"])
    assert office.statements(lambda: office.get("zhao", "todo")) == few


def test_i16_deputy_and_principal_at_once(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    granted = grant(office, "wang", "zhao", doc_types=[office.doc_type])
    for _ in range(5):
        doc_id, _ = office.submit(["wang"])
        slot = office.slot("wang")
        answers = at_once([partial(office.agree, "zhao", slot), partial(office.disagree, "wang", slot)])
        won = one_winner(answers)
        case = office.case("li", doc_id)
        by_deputy = won is answers[0]
        assert case["timeline"][-1]["on_behalf_name"] == ("wang" if by_deputy else "")
        assert (case["state"], case["history_intact"]) == ("reviewing" if by_deputy else "returned", True)
    assert end(office, "wang", granted).status_code == 200


def test_i30_grants_that_would_make_a_circle_at_once(each_office: Office) -> None:
    office = each_office
    kinds: dict[str, Any] = {"doc_types": [office.doc_type]}
    for _ in range(3):
        pairs = [("wang", "zhao"), ("zhao", "wang")]
        answers = at_once([partial(grant, office, who, deputy, **kinds) for who, deputy in pairs])
        assert sorted(one.status_code for one in answers) == [201, 422]
        made = next(one for one in answers if one.status_code == 201)
        whose = next(n for n in office.people if str(office.id(n)) == made.json()["principal_id"])
        assert end(office, whose, made).status_code == 200


def test_bad_windows_and_strangers_are_refused(office: Office) -> None:
    now = office.clock.now()
    body = {"deputy_id": str(office.id("zhao")), "ends_at": "2026-11-25T00:00:00"}
    assert office.post("wang", "substitutions", body).status_code == 422
    nobody = {"deputy_id": str(UUID(int=1)), "ends_at": str(now + timedelta(days=1))}
    assert codes(office.post("wang", "substitutions", nobody)) == ["deputy_not_in_unit"]
