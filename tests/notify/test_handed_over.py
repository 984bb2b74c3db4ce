"""A document of somebody who has left: whoever takes it over is told."""

from __future__ import annotations

import pytest

from shared.database import new_id
from shared.events.documents import DocumentHandedOver
from tests.notify.office import Office


@pytest.mark.parametrize(
    ("doc_type", "title", "page"),
    [
        ("plan", "采购计划已移交给您：办公电脑采购", "plans"),
        ("revocation", "采购计划撤销已移交给您：办公电脑采购", "requests"),
        ("import_approval", "进口产品申请已移交给您：办公电脑采购", "import-approvals"),
    ],
)
def test_whoever_takes_a_document_over_is_told(office: Office, doc_type: str, title: str, page: str) -> None:
    event = DocumentHandedOver(
        doc_type=doc_type,
        doc_id=new_id(),
        revision=4,
        title="办公电脑采购",
        status_label="已退回",
        organisation_id=new_id(),
        applicant_id=office.wang,
        applicant_name="王芳",
        previous_id=office.zhao,
        previous_name="赵强",
        actor_id=new_id(),
        actor_name="安管理",
        reason="申请人账号已停用",
    )
    office.hear(event)
    (message,) = office.messages(office.wang)
    assert message["title"] == title
    assert "安管理将赵强的" in message["body"]
    assert message["body"].endswith("当前状态：已退回。\n原因：申请人账号已停用")
    assert message["link"].endswith(f"/{page}/{event.doc_id}")
    assert office.messages(office.zhao) == []
