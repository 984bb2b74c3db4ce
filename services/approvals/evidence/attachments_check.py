"""Checks the attachments of a case against the acts that name them: each row, and the bytes of its file."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from services.approvals.attachment import Attachment
from services.approvals.case import Case
from services.approvals.case_event import CaseEvent
from services.approvals.finding import Finding
from shared.errors import NotFound
from shared.files import FileStore
from shared.store import Look


def check_attachments(look: Look, files: FileStore, case: Case) -> Iterator[Finding]:
    """Each file that an act names is there as the act says, and no other belongs to the case."""
    of_case = select(Attachment).where(Attachment.case_id == case.id).order_by(Attachment.id)
    rows = {str(row.id): row for row in look.all(of_case)}
    events = select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.seq)
    for act in look.all(events):
        for named in act.attachments:
            row = rows.pop(named["id"], None)
            where = f"attachments/{named['id']}"
            if row is None or row.seq != act.seq or row.to_json() != named:
                yield Finding(where, f"与第 {act.seq} 条记录不符 (differs from entry {act.seq})")
            if text := _damage(files, named["sha256"]):
                yield Finding(where, text)
    for one in rows:
        yield Finding(f"attachments/{one}", "没有任何记录提到此附件 (no entry names it)")


def is_as_named(look: Look, row: Attachment) -> bool:
    """Whether a file is the one that its act names; what no act names yet is as it was uploaded."""
    if row.case_id is None:
        return True
    act = look.session.get(CaseEvent, (row.case_id, row.seq))
    return act is not None and row.to_json() in act.attachments


def _damage(files: FileStore, sha256: str) -> str:
    try:
        return "" if files.is_whole(sha256) else "文件内容被改动 (the content of the file has changed)"
    except NotFound:
        return "文件缺失 (the file is missing)"
