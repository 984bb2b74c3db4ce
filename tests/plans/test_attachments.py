"""Attachments: they go with their plan, and are seen by who sees it."""

from __future__ import annotations

from httpx2 import Response

from shared.events.approvals import SlotOpened
from tests.plans.town import FORM, Town

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def upload(town: Town, name: str = "采购 需求.pdf", content: bytes = PDF) -> Response:
    return town.ask(town.lin, "POST", "attachments", files={"file": (name, content, "application/pdf")})


def test_an_attachment_goes_with_its_plan(shared_town: Town) -> None:
    town = shared_town
    file = upload(town).json()
    url = f"attachments/{file['id']}"
    assert town.ask(town.wu, "GET", url).status_code == 404
    parts = [{"id": file["id"], "attachment_kind": "requirement"}]
    preview = town.do(town.lin, "POST", "submission", json={**FORM, "attachments": parts})
    plan = town.draft(attachments=parts)
    assert plan["attachments"][0]["kind"] == "requirement"
    saved = town.do(town.lin, "GET", f"plans/{plan['id']}/submission")["submission"]
    assert saved["digest"] == preview["submission"]["digest"]
    assert saved["content"]["attachments"] == [
        {"name": "采购 需求.pdf", "kind": "requirement", "size": len(PDF), "sha256": file["sha256"]}
    ]
    got = town.ask(town.wu, "GET", url)
    assert got.content == PDF
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E9%87%87")
    assert town.ask(town.he, "GET", url).status_code == 404
    town.tell(SlotOpened, town.submit(plan).json(), holder_id=town.rui)
    assert town.ask(town.rui, "GET", url).status_code == 200
    taken = town.ask(town.he, "POST", "plans", json={**FORM, "attachments": parts})
    assert taken.json()["errors"][0]["code"] == "unknown_attachment"


def test_a_file_that_is_not_what_it_says(shared_town: Town) -> None:
    town = shared_town
    assert upload(town, "a.pdf", b"MZ\x90\x00 not a document").json()["code"] == "file_type_refused"
    assert upload(town, "a.pdf", b"").json()["code"] == "file_empty"


def test_attachments_can_be_taken_off_and_put_back(shared_town: Town) -> None:
    town = shared_town
    first, second = upload(town).json(), upload(town, "b.pdf").json()
    plan = town.draft(attachments=[{"id": first["id"]}, {"id": second["id"]}])
    fewer = town.save(plan, attachments=[{"id": second["id"]}]).json()
    assert [file["id"] for file in fewer["attachments"]] == [second["id"]]
    both = town.save(fewer, attachments=[{"id": second["id"]}, {"id": first["id"]}]).json()
    assert [file["id"] for file in both["attachments"]] == [second["id"], first["id"]]
