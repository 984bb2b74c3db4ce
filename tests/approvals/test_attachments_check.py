"""A file of an opinion that is not the one its act names is found, and not given out (I2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.approvals.attachment import Attachment
from services.approvals.evidence.tables_check import check_case_of
from shared.uploads import files
from tests.approvals.office import Office
from tests.approvals.test_marks import PDF, comment, upload


@pytest.fixture
def named(office: Office) -> tuple[str, dict[str, Any]]:
    """The case and the file that a comment names."""
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    case: str = office.case("li", doc_id)["id"]
    file = upload(office, "li")
    assert comment(office, "li", case, "见附件", file["id"]).status_code == 200
    assert broken(office, case) == []
    return case, file


def broken(office: Office, case: str) -> list[tuple[str, str]]:
    return [(one.where, one.what) for one in check_case_of(office.here, UUID(case))]


def download(office: Office, file: dict[str, Any]) -> tuple[int, str]:
    answer = office.send("li", "GET", f"attachments/{file['id']}")
    return answer.status_code, "" if answer.status_code == 200 else answer.json()["code"]


def stored(office: Office, file: dict[str, Any]) -> Path:
    return files(office.here).path(file["sha256"])


@pytest.mark.parametrize(
    "change", [{"sha256": "0" * 64}, {"name": "其他.pdf"}, {"size": 1}, {"seq": 1}, {"case_id": None}]
)
def test_i2_a_changed_row_is_found(
    office: Office, named: tuple[str, dict[str, Any]], change: dict[str, Any]
) -> None:
    case, file = named
    with office.store.work() as work:
        row = work.session.get_one(Attachment, UUID(file["id"]))
        for column, value in change.items():
            setattr(row, column, value)
    assert broken(office, case) == [(f"attachments/{file['id']}", "与第 2 条记录不符 (differs from entry 2)")]
    assert download(office, file) == (200, "") if "case_id" in change else (409, "attachment_changed")


def test_i2_changed_bytes_are_found_and_not_given_out(
    office: Office, named: tuple[str, dict[str, Any]]
) -> None:
    case, file = named
    stored(office, file).write_bytes(PDF + b"\n% changed")
    assert broken(office, case)[0][1] == "文件内容被改动 (the content of the file has changed)"
    assert download(office, file) == (409, "attachment_changed")
    stored(office, file).unlink()
    assert broken(office, case)[0][1] == "文件缺失 (the file is missing)"
    assert download(office, file) == (404, "file_not_found")


def test_i2_a_file_that_no_act_names_is_found(office: Office, named: tuple[str, dict[str, Any]]) -> None:
    case, file = named
    with office.store.work() as work:
        row = work.session.get_one(Attachment, UUID(file["id"]))
        about = {name: getattr(row, name) for name in ("name", "size", "sha256", "media_type")}
        more = {"uploaded_by": row.uploaded_by, "uploaded_at": row.uploaded_at, "seq": 2}
        work.add(Attachment(id=(added := uuid4()), case_id=UUID(case), **about, **more))
    assert broken(office, case) == [(f"attachments/{added}", "没有任何记录提到此附件 (no entry names it)")]
    assert download(office, {"id": added}) == (409, "attachment_changed")
