"""Common opinions: one's own and the unit's, in one list by use."""

from __future__ import annotations

from typing import Any

from tests.approvals.office import Office


def keep(office: Office, who: str, text: str, kind: str = "agree", **more: Any) -> Any:
    return office.post(who, "opinions", {"kind": kind, "text": text, **more})


def texts(office: Office, who: str, **query: str) -> list[str]:
    return [one["text"] for one in office.get(who, "opinions", **query)]


def test_a_reviewer_finds_his_own_and_his_units_in_one_list_by_use(office: Office) -> None:
    office.usual_chains()
    assert keep(office, "chen", "同意，按规定执行", scope="unit").status_code == 201
    assert keep(office, "chen", "同意上报", scope="unit", position=1).status_code == 201
    keep(office, "wang", "同意")
    keep(office, "zhao", "没有意见")
    for opinion in ("同意上报", "同意上报", "同意", "随手写的"):
        office.submit(["wang"])
        assert office.agree("wang", opinion=opinion).status_code == 200
    listed = office.get("wang", "opinions")
    assert [(one["text"], one["scope"], one["use_count"], one["may_edit"]) for one in listed] == [
        ("同意上报", "unit", 2, False),
        ("同意", "person", 1, True),
        ("同意，按规定执行", "unit", 0, False),
    ]
    assert texts(office, "zhao") == ["同意上报", "同意，按规定执行", "没有意见"]
    assert texts(office, "wang", scope="person") == ["同意"]
    assert texts(office, "chen", scope="unit") == ["同意上报", "同意，按规定执行"]
    assert texts(office, "qian") == []


def test_a_sentence_of_the_unit_that_one_keeps_oneself_is_listed_once(office: Office) -> None:
    keep(office, "chen", "同意", scope="unit")
    keep(office, "chen", "同意", kind="disagree", scope="unit")
    keep(office, "wang", "同意")
    listed = office.get("wang", "opinions")
    assert sorted((one["kind"], one["scope"]) for one in listed) == [
        ("agree", "person"),
        ("disagree", "unit"),
    ]
    assert len(office.get("zhao", "opinions")) == 2


def test_only_the_units_administrator_keeps_its_opinions(office: Office) -> None:
    for who in ("wang", "li", "zhou"):
        refused = keep(office, who, "同意", scope="unit")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_opinion_keeper")
    row = keep(office, "chen", "同意", scope="unit").json()
    path, body = f"opinions/{row['id']}", {"kind": "agree", "text": "同意。"}
    assert office.send("wang", "PUT", path, body, If_Match=row["etag"]).status_code == 403
    assert office.send("wang", "DELETE", path, If_Match=row["etag"]).status_code == 403
    assert office.send("qian", "PUT", path, body, If_Match=row["etag"]).status_code == 404
    edited = office.send("chen", "PUT", path, body, If_Match=row["etag"])
    assert (edited.status_code, edited.json()["scope"]) == (200, "unit")
    assert office.send("chen", "DELETE", path, If_Match=edited.headers["etag"]).status_code == 204
    assert texts(office, "wang") == []


def test_a_unit_and_a_person_keep_fifty_each(office: Office) -> None:
    for number in range(50):
        assert keep(office, "chen", f"同意{number}", scope="unit").status_code == 201
    full = keep(office, "chen", "再来一条", scope="unit")
    assert (full.status_code, full.json()["code"]) == (409, "too_many_opinions")
    assert keep(office, "chen", "自己的").status_code == 201
