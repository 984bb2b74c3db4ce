"""What people hear of method changes and revocations, and what they do not hear twice."""

from __future__ import annotations

from tests.notify.office import Office, method_change, revocation, status_changed


def test_whoever_asked_hears_how_his_request_fares(office: Office) -> None:
    office.hear(method_change(office.li, "draft", previous_status=None))
    office.hear(method_change(office.li, "under_review"))
    office.hear(
        method_change(
            office.li,
            "returned",
            **{
                "returned_by": "reviewer",
                "opinion": "理由不足",
                "step_name": "部门负责人",
                "decided_by": "王芳",
            },
        )
    )
    returned, submitted = office.messages(office.li)
    assert submitted["title"] == "采购方式变更申请已提交：办公电脑采购"
    assert returned["title"] == "采购方式变更申请被退回：办公电脑采购"
    assert "部门负责人 王芳 的意见：理由不足" in returned["body"]
    assert [delivery.channel for delivery in office.deliveries()] == ["email"]


def test_a_refusal_by_the_system_says_why(office: Office) -> None:
    refused = {"returned_by": "system", "reason": "单位没有审核流程", "reason_code": "no_unit_chain"}
    office.hear(revocation(office.li, "returned", **refused))
    (message,) = office.messages(office.li)
    assert message["kind"] == "revocation.returned_by_system"
    assert "单位没有审核流程（no_unit_chain）" in message["body"]


def test_a_revocation_is_told_once_to_everybody_concerned(office: Office) -> None:
    event = revocation(
        office.wang, "completed", handling_label="计划作废", concerned=[office.li, office.wang]
    )
    office.hear(event)
    void = status_changed(office.li, "void", previous_status="usable", reason_code="revoked")
    office.hear(void)  # the plan's own event says nothing new
    for person in (office.li, office.wang):
        (message,) = office.messages(person)
        assert message["title"] == "采购计划撤销审核完成：办公电脑采购"
        assert "撤销后处理方式：计划作废" in message["body"]


def test_a_plan_that_a_request_locks_or_lets_go_is_not_told_as_usable_again(office: Office) -> None:
    office.hear(status_changed(office.li, "usable", previous_status="usable", status_label="变更中"))
    assert office.messages(office.li) == []
