"""What changes nobody's turn: urging, comments, copies with their read marks, files of opinions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.approvals.desk import act, ids
from tests.approvals.office import Office
from tests.approvals.test_decisions import code

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def upload(office: Office, who: str, name: str = "意见.pdf") -> dict[str, Any]:
    headers = office.as_(*office.people[who])
    answer = office.http.post("attachments", headers=headers, files={"file": (name, PDF, "application/pdf")})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def comment(office: Office, who: str, case_id: str, text: str = "请说明数量", *files: str) -> Any:
    return office.post(who, f"cases/{case_id}/comment", {"text": text, "attachments": list(files)})


def cc(office: Office, who: str, case_id: str, *names: str, note: str = "") -> Any:
    return office.post(who, f"cases/{case_id}/cc", {"people": ids(office, *names), "note": note})


def actions(case: dict[str, Any]) -> dict[str, tuple[bool, str]]:
    return {one["action"]: (one["allowed"], one["reason"]) for one in case["available_actions"]}


def test_the_applicant_urges_once_in_four_working_hours(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    slot = office.case("li", doc_id)["route"][0]["holders"][0]
    may = {one["action"]: one["allowed"] for one in slot["available_actions"]}
    assert (may["urge"], may["agree"]) == (True, False)
    assert code(act(office, "zhao", "urge", slot)) == (403, "applicant_only")
    assert act(office, "li", "urge", slot, note="本月须完成").status_code == 200
    (urged,) = office.told("slot.urged")
    assert (urged.data["holder_id"], urged.data["note"], urged.data["title"]) == (
        str(office.id("wang")),
        "本月须完成",
        "课桌椅采购",
    )
    again = act(office, "li", "urge", slot)
    assert code(again) == (429, "urged_lately")
    assert again.json()["again_at"] == "2026-11-23T07:00:00Z", (
        "four hours of work from 09:00, without the break at noon"
    )
    assert int(again.headers["retry-after"]) == 6 * 3600
    office.clock.move(hours=6)
    assert act(office, "li", "urge", slot).status_code == 200
    assert office.agree("wang", office.slot("wang")).status_code == 200, "urging made no new version"
    assert code(act(office, "li", "urge", slot)) == (409, "already_decided")
    assert [one["type"] for one in office.case("li", doc_id)["timeline"]].count("urged") == 2


def test_a_comment_decides_nothing_and_is_told_to_whom_it_concerns(staffed: Office) -> None:
    office = staffed
    office.add("aud", office.finance, "auditor")
    doc_id, _ = office.submit(["wang"])
    case = office.case("wang", doc_id)
    assert code(comment(office, "zhao", case["id"])) == (403, "not_involved")
    assert code(comment(office, "aud", case["id"])) == (403, "not_involved")
    assert comment(office, "qian", case["id"]).status_code == 404
    assert comment(office, "wang", case["id"]).status_code == 200
    (said,) = office.told("case.commented")
    assert (said.data["text"], said.data["people"], said.data["actor_name"]) == (
        "请说明数量",
        ids(office, "li"),
        "wang",
    )
    assert comment(office, "li", case["id"], "见附件").status_code == 200
    assert office.told("case.commented")[-1].data["people"] == ids(office, "wang")
    assert office.slot("wang")["state"] == "open"
    assert [one["opinion"] for one in office.case("li", doc_id)["timeline"]][1:] == ["请说明数量", "见附件"]


def test_i6_a_closed_case_takes_comments_and_nothing_else(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    office.agree("wang")
    office.agree("qian")
    case = office.case("li", doc_id)
    assert case["state"] == "approved"
    assert {name for name, (may, _) in actions(case).items() if may} == {"comment"}
    assert comment(office, "wang", case["id"], "已归档").status_code == 200
    assert code(cc(office, "li", case["id"], "zhao")) == (409, "already_decided")
    assert office.withdraw("li", doc_id).status_code == 409
    after = office.case("li", doc_id)
    assert (after["state"], after["history_intact"]) == ("approved", True)
    assert [one["holders"] for one in after["route"]] == [one["holders"] for one in case["route"]]


def test_who_gets_a_copy_may_read_the_case_and_marks_it_read(staffed: Office) -> None:
    office = staffed
    office.add("hu", office.bureau, "handler")
    office.add("far", office.province, "reviewer")
    doc_id, _ = office.submit(["wang"])
    case = office.case("li", doc_id)
    found = office.get("li", f"cases/{case['id']}/readers")["people"]
    names = [one["name"] for one in found]
    assert "hu" in names
    assert "qian" in names
    assert "far" not in names
    assert office.send("hu", "GET", f"cases/{case['id']}").status_code == 404
    assert code(cc(office, "zhao", case["id"], "hu")) == (403, "cc_not_allowed")
    refused = cc(office, "wang", case["id"], "hu", "far")
    assert [(one["code"], one["pointer"]) for one in refused.json()["errors"]] == [
        ("not_a_reader", "/people/1")
    ]
    assert cc(office, "wang", case["id"], "hu", "sun", note="请阅知").status_code == 200
    (told,) = office.told("case.cc_added")
    assert (told.data["people"], told.data["note"]) == (ids(office, "hu", "sun"), "请阅知")

    assert office.get("hu", f"cases/{case['id']}")["title"] == "课桌椅采购"
    counts = office.get("hu", "counts")
    assert (counts["cc"], counts["cc_unread"], counts["todo"]) == (1, 1, 0)
    (row,) = office.get("hu", "cc", unread=True)["items"]
    assert (row["by_name"], row["note"], row["title"], row["read_at"]) == (
        "wang",
        "请阅知",
        "课桌椅采购",
        None,
    )
    assert office.post("sun", f"cc/{row['id']}/read").status_code == 404
    read = office.post("hu", f"cc/{row['id']}/read").json()["read_at"]
    office.clock.move(minutes=5)
    assert office.post("hu", f"cc/{row['id']}/read").json()["read_at"] == read
    assert office.get("hu", "cc", unread=True)["items"] == []
    assert office.get("hu", "counts")["cc_unread"] == 0
    copies = office.case("li", doc_id)["copies"]
    assert [(one["person_name"], one["read_at"] is not None) for one in copies] == [
        ("hu", True),
        ("sun", False),
    ]
    assert cc(office, "li", case["id"], "hu", "chen").status_code == 200
    assert office.told("case.cc_added")[-1].data["people"] == ids(office, "chen")
    assert comment(office, "hu", case["id"]).status_code == 200
    assert code(office.withdraw("hu", doc_id)) == (403, "applicant_only")


def test_an_opinion_has_files_that_its_event_vouches_for(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    file = upload(office, "wang")
    url = f"attachments/{file['id']}"
    assert office.send("li", "GET", url).status_code == 404
    slot = office.slot("wang")
    stolen = office.post(
        "wang", f"slots/{slot['id']}/agree", {"attachments": [file["id"]] * 2}, If_Match=slot["etag"]
    )
    assert [one["pointer"] for one in stolen.json()["errors"]] == ["/attachments/1"]
    assert office.agree("wang", slot, opinion="见附件", attachments=[file["id"]]).status_code == 200
    case = office.case("li", doc_id)
    entry = case["timeline"][-1]
    assert [(one["name"], one["sha256"]) for one in entry["attachments"]] == [("意见.pdf", file["sha256"])]
    assert case["history_intact"]
    for who in ("li", "qian"):
        got = office.send(who, "GET", url)
        assert (got.status_code, got.content) == (200, PDF)
    assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    office.add("hu", office.bureau, "handler")
    assert office.send("hu", "GET", url).status_code == 404
    again = comment(office, "wang", case["id"], "再用一次", file["id"])
    assert again.json()["errors"][0]["code"] == "unknown_attachment"
    other = upload(office, "qian")
    answer = office.post(
        "qian",
        f"slots/{office.slot('qian')['id']}/disagree",
        {"opinion": "见附件", "attachments": [other["id"]]},
        If_Match=office.slot("qian")["etag"],
    )
    assert answer.json()["case_state"] == "returned"


def test_i38_every_act_publishes_something_next_to_its_case(staffed: Office) -> None:
    office = staffed
    doc_id, _ = office.submit(["wang"])
    case = office.case("wang", doc_id)
    acts: tuple[Callable[[], Any], ...] = (
        lambda: act(office, "li", "urge", case["route"][0]["holders"][0]),
        lambda: act(office, "wang", "seen", office.slot("wang")),
        lambda: comment(office, "wang", case["id"]),
        lambda: cc(office, "wang", case["id"], "sun"),
        lambda: act(
            office, "wang", "add-sign", office.slot("wang"), people=ids(office, "clerk"), order="with"
        ),
        lambda: act(office, "wang", "transfer", office.slot("wang"), to=str(office.id("zhao"))),
        lambda: office.agree("clerk"),
        lambda: office.agree("zhao"),
        lambda: act(office, "zhao", "take-back", office.get("zhao", "done")["items"][0]),
        lambda: office.disagree("zhao"),
    )
    for one in acts:
        before = office.published()
        answer = one()
        assert answer.status_code == 200, answer.text
        told = office.published()[len(before) :]
        version = office.case("li", doc_id)["version"]
        assert told
        assert {(event.subject, event.subjectversion) for event in told} == {(f"case/{case['id']}", version)}
