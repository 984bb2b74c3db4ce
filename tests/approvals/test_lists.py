"""To-do, done and case lists: each shows what it counts (I31), to those who may see it (I34)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.approvals.office import Office, finance_step, step


def pages(office: Office, who: str, path: str, **query: Any) -> list[dict[str, Any]]:
    """All rows, page by page."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = office.get(who, path, cursor=cursor, **query)
        rows += page["items"]
        assert page["next"] != cursor
        if not (cursor := page["next"] or ""):
            return rows


def test_i31_lists_counts_and_events_agree(office: Office) -> None:
    office.usual_chains()
    docs = []
    for number in range(7):
        office.clock.move(seconds=1)
        docs.append(office.submit(["wang"] if number % 2 else ["wang", "zhao"])[0])
    for decide in (office.agree, office.disagree):
        office.clock.move(seconds=1)
        decide("wang")
    office.agree("zhao")
    for who in ("wang", "zhao", "qian", "sun", "li"):
        open_slots = {
            e.data["slot_id"]
            for e in office.told("slot.opened")
            if e.data["holder_id"] == str(office.id(who))
        }
        open_slots -= {e.data["slot_id"] for e in office.told("slot.closed")}
        rows = pages(office, who, "todo", limit=2)
        assert {row["id"] for row in rows} == open_slots
        assert [row["opened_at"] for row in rows] == sorted((row["opened_at"] for row in rows), reverse=True)
        counted = office.get(who, "counts")
        assert counted["todo"] == len(rows)
        assert counted["done"] == len(pages(office, who, "done", limit=1))
    done = pages(office, "wang", "done")
    assert [row["state"] for row in done] == ["disagreed", "agreed"]
    assert len(pages(office, "li", "cases", limit=3)) == len(docs)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 2),
        ({"q": "课桌"}, 2),
        ({"q": "0001"}, 2),
        ({"q": "第一小学"}, 2),
        ({"q": "%"}, 0),
        ({"q": "_"}, 0),
        ({"doc_type": "plan"}, 1),
        ({"doc_type": "revocation"}, 1),
        ({"doc_type": "plan", "q": "LI"}, 1),
        ({"doc_type": "other"}, 0),
    ],
)
def test_filters_narrow_list_and_count_alike(office: Office, query: dict[str, str], found: int) -> None:
    for doc_type in ("plan", "revocation"):
        office.doc_type = doc_type
        office.usual_chains()
        office.submit(["wang"])
    assert len(office.get("wang", "todo", **query)["items"]) == found
    assert office.get("wang", "counts", **query)["todo"] == found
    assert len(office.get("li", "cases", **query)["items"]) == found


def test_i34_cases_are_listed_for_those_who_may_read_them(office: Office) -> None:
    office.add("hu", office.bureau, "unit_administrator", "reviewer")
    office.add("aud", office.province, "auditor")
    office.add("root", office.province, "platform_administrator")
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    case = office.case("li", doc_id)["id"]
    seen = {who: [row["id"] for row in office.get(who, "cases")["items"]] for who in office.people}
    assert {who for who, rows in seen.items() if rows == [case]} == {
        "li",
        "wang",
        "zhao",
        "chen",
        "zhou",
        "wu",
        "aud",
    }
    for who, rows in seen.items():
        assert office.send(who, "GET", f"cases/{case}").status_code == (200 if rows else 404)


def test_a_row_says_what_its_holder_can_do(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    row = office.slot("wang")
    assert (row["amount"], row["organisation_name"], row["applicant_name"]) == (
        "10000.00",
        "示例区第一小学",
        "li",
    )
    assert [(one["action"], one["allowed"], one["url"]) for one in row["available_actions"]] == [
        ("agree", True, f"/api/approvals/slots/{row['id']}/agree"),
        ("disagree", True, f"/api/approvals/slots/{row['id']}/disagree"),
        ("seen", True, f"/api/approvals/slots/{row['id']}/seen"),
    ]
    one = office.send("wang", "GET", f"slots/{row['id']}")
    assert one.headers["etag"] == row["etag"]
    office.agree("wang")
    (done,) = office.get("wang", "done")["items"]
    assert [one["allowed"] for one in done["available_actions"]] == [False, False, False]


def test_the_case_shows_current_and_next_executors(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    case = office.case("li", doc_id)
    (holder,) = case["route"][0]["holders"]
    assert (holder["name"], holder["unit"], holder["state"]) == ("wang", "示例区第一小学", "open")
    named = [(one["name"], one["organisation_name"]) for one in case["next_step"]["candidates"]]
    assert named == [("qian", "示例区财政局"), ("sun", "示例区财政局")]
    allowed = {one["action"]: one["allowed"] for one in case["available_actions"]}
    assert allowed == {"withdraw": True, "terminate": False, "cc": True, "comment": True}
    assert {one["action"]: one["allowed"] for one in office.case("chen", doc_id)["available_actions"]} == {
        "withdraw": False,
        "terminate": True,
        "cc": True,
        "comment": True,
    }


def test_reading_costs_the_same_number_of_statements_whatever_the_length(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    few = office.statements(lambda: office.get("wang", "todo"))
    for _ in range(10):
        office.submit(["wang", "zhao"])
    assert office.statements(lambda: office.get("wang", "todo")) == few
    cases = office.statements(lambda: office.get("chen", "cases", limit=2))
    assert office.statements(lambda: office.get("chen", "cases", limit=10)) == cases


def test_the_list_of_cases_says_who_has_each_and_until_when(office: Office) -> None:
    office.publish("chen", "unit", [step("panel", quorum="all", budget_hours=8)])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit()

    def row() -> tuple[Any, ...]:
        (found,) = office.get("zhou", "cases")["items"]
        return tuple(found[name] for name in ("step_name", "holders", "due_at", "time_state", "time_label"))

    due = office.slot("wang")["due_at"]
    assert row() == ("环节panel", ["wang", "zhao"], due, "on_time", "办理中")
    office.clock.move(days=2)
    assert row() == ("环节panel", ["wang", "zhao"], due, "overdue", "已超期")
    office.agree("wang")
    office.agree("zhao")
    assert row() == ("环节finance", ["qian", "sun"], None, "", "")
    office.agree("qian")
    assert office.case("li", doc_id)["state"] == "approved"
    assert row() == ("", [], None, "", "")
