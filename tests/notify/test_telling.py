"""Who is told what: events in, messages out."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from services.notify.message import Message
from shared.database import new_id
from tests.notify.office import (
    ADDRESS,
    Office,
    assigned,
    attention_raised,
    recalled,
    slot_closed,
    slot_opened,
    status_changed,
)


def test_a_reviewer_is_told_that_it_is_his_turn(any_office: Office) -> None:
    opened = slot_opened(any_office.wang)
    any_office.hear(opened)
    (message,) = any_office.messages(any_office.wang)
    assert message["event_type"] == "slot.opened"
    assert message["title"] == "轮到您审核：办公电脑采购"
    assert (
        "小店区第一中学的李明提交的采购计划“办公电脑采购”（SQ-2026-0001）已到“部门负责人”环节"
        in message["body"]
    )
    assert message["link"].endswith(f"/cases/{opened.case_id}")
    assert (message["is_todo"], message["status"], message["status_label"]) == (True, "unread", "未读")
    assert any_office.counts(any_office.wang) == {"unread": 1, "todo": 1}


def test_a_todo_that_vanished_is_done_and_nobody_is_told(office: Office) -> None:
    mine, theirs = slot_opened(office.wang), slot_opened(office.zhao)
    office.hear(mine)
    office.hear(theirs)
    office.hear(slot_closed(mine))
    (message,) = office.messages(office.wang)
    assert (message["status"], message["status_label"]) == ("done", "已办")
    assert office.messages(office.wang, "done") == [message]
    assert office.counts(office.wang) == {"unread": 0, "todo": 0}
    assert office.counts(office.zhao) == {"unread": 1, "todo": 1}


def test_a_deputy_is_told_too_and_both_messages_end_with_the_todo(office: Office) -> None:
    opened = slot_opened(office.wang, holder_name="王芳", deputies=[office.zhao])
    office.hear(opened)
    (message,) = office.messages(office.zhao)
    assert (message["title"], message["is_todo"]) == ("轮到您审核：办公电脑采购", True)
    assert message["body"].endswith("您正在代理王芳审核。")
    assert "代理" not in office.messages(office.wang)[0]["body"]
    office.hear(slot_closed(opened))
    assert office.counts(office.zhao) == office.counts(office.wang) == {"unread": 0, "todo": 0}


@pytest.mark.parametrize(
    ("status", "more", "title", "said"),
    [
        ("under_review", {}, "采购计划已提交：办公电脑采购", ["SQ-2026-0001", "1,234,567.00 元"]),
        ("withdrawn", {}, "采购计划已撤回：办公电脑采购", ["可以修改后重新提交"]),
        ("usable", {"plan_number": "JH-2026-0007"}, "采购计划可使用：办公电脑采购", ["JH-2026-0007"]),
        (
            "returned",
            {
                "opinion": "单价过高",
                "step_name": "部门负责人",
                "decided_by": "王芳",
                "returned_by": "reviewer",
            },
            "采购计划被退回：办公电脑采购",
            ["在“部门负责人”环节", "审核人：王芳", "审核意见：单价过高"],
        ),
        (
            "returned",
            {"reason_code": "no_unit_chain", "reason": "本单位没有审核流程", "returned_by": "system"},
            "采购计划未能进入审核：办公电脑采购",
            ["本单位没有审核流程", "no_unit_chain"],
        ),
        ("void", {"reason": "不再需要"}, "采购计划已作废：办公电脑采购", ["不再需要"]),
    ],
)
def test_an_applicant_is_told_the_outcome(
    office: Office, status: str, more: dict[str, Any], title: str, said: list[str]
) -> None:
    event = status_changed(office.li, status, **more)
    office.hear(event)
    (message,) = office.messages(office.li)
    assert message["title"] == title
    assert [text for text in said if text not in message["body"]] == []
    assert message["link"].endswith(f"/plans/{event.plan_id}")
    assert not message["is_todo"]
    assert office.messages(office.wang) == []


def test_what_the_applicant_did_himself_is_not_mailed(office: Office) -> None:
    for status in ("under_review", "withdrawn", "returned", "usable", "void", "draft", "in_use"):
        office.hear(status_changed(office.li, status))
    mailed = {delivery.message_id for delivery in office.deliveries()}
    kinds = {message["kind"]: message["id"] in map(str, mailed) for message in office.messages(office.li)}
    assert kinds == {
        "plan.under_review": False,
        "plan.withdrawn": False,
        "plan.returned": True,
        "plan.usable": True,
        "plan.void": True,
    }


def test_both_hands_are_told_of_an_assignment_and_a_recall_also_by_mail(any_office: Office) -> None:
    office = any_office
    office.hear(assigned(office.wang, office.li, reason="出差"))
    back = {"holder_name": "李明", "previous_holder_name": "周平"}
    office.hear(recalled(office.li, office.wang, **back))
    taken, given = office.messages(office.wang)
    assert (given["kind"], given["title"]) == ("plan.assigned", "采购计划已分派给您：办公电脑采购")
    assert "李明将采购计划“办公电脑采购”（计划编号 JH-2026-0007）分派给您" in given["body"]
    assert given["body"].endswith("原因：出差")
    assert (taken["kind"], taken["title"]) == ("plan.recalled", "采购计划已被收回：办公电脑采购")
    again, away = office.messages(office.li)
    assert (away["kind"], "分派给周平" in away["body"]) == ("plan.assigned_away", True)
    assert (again["kind"], "从周平收回" in again["body"]) == ("plan.recalled_back", True)
    assert len(office.deliveries()) == 4
    assert office.messages(office.zhao) == []


def test_a_closed_plan_is_told_to_its_applicant_and_its_holder(office: Office) -> None:
    event = status_changed(office.li, "closed", reason="2026 年度终了")
    office.hear(event.model_copy(update={"holder_id": office.wang}))
    for person in (office.li, office.wang):
        (message,) = office.messages(person)
        assert message["title"] == "采购计划已结束：办公电脑采购"
        assert message["body"].endswith("原因：2026 年度终了")
    office.hear(status_changed(office.li, "closed"))
    assert len(office.messages(office.li)) == 2


def test_every_administrator_is_told_once_that_a_case_needs_attention(office: Office) -> None:
    office.hear(attention_raised([office.wang, office.zhao, office.wang]))
    for person in (office.wang, office.zhao):
        (message,) = office.messages(person)
        assert "审核人已停用" in message["body"]


def test_a_document_of_an_unknown_type_is_told_in_general_words(office: Office) -> None:
    office.hear(slot_opened(office.wang, doc_type="something_new"))
    (message,) = office.messages(office.wang)
    assert "提交的单据“办公电脑采购”" in message["body"]


def test_a_reassigned_todo_is_told_to_its_new_holder(office: Office) -> None:
    opened = slot_opened(office.wang)
    office.hear(opened)
    office.hear(slot_closed(opened, outcome="reassigned"))
    office.hear(slot_opened(office.zhao, opened.slot_id, case_version=opened.case_version + 1))
    assert office.counts(office.wang) == {"unread": 0, "todo": 0}
    assert office.counts(office.zhao) == {"unread": 1, "todo": 1}


def test_a_todo_of_an_older_version_is_told_to_nobody(office: Office) -> None:
    opened = slot_opened(office.wang)
    office.hear(slot_closed(opened))
    office.hear(opened)
    assert office.messages(office.wang) == []


def test_whoever_follows_a_document_hears_who_was_told_of_what_and_what_became_of_it(
    any_office: Office,
) -> None:
    office = any_office
    opened, plan = slot_opened(office.wang), status_changed(office.li, "under_review")
    office.has_address(office.wang, ADDRESS)
    office.hear(opened)
    office.hear(plan)
    office.run_jobs()
    told, silent = (event.data for event in office.published("message.created"))
    about = {"about": f"plan/{opened.doc_id}", "doc_type": "plan", "doc_id": str(opened.doc_id)}
    said = {"kind": "slot.opened", "title": "轮到您审核：办公电脑采购", "person_name": "王芳"}
    assert (
        told.items() >= (about | said | {"person_id": str(office.wang), "event_type": "slot.opened"}).items()
    )
    assert (told["channels"], told["title_en"]) == (["email"], "Your turn to review: 办公电脑采购")
    assert (silent["about"], silent["person_name"], silent["channels"]) == (plan.subject, "李明", [])
    (sent,) = (event.data for event in office.published("delivery.completed"))
    assert sent.items() >= (about | said | {"message_id": told["message_id"], "channel": "email"}).items()
    assert ADDRESS not in str(office.published())


def test_a_message_belongs_to_the_unit_of_its_document_also_where_its_event_does_not_name_it(
    office: Office,
) -> None:
    opened = slot_opened(office.wang)
    office.hear(opened)
    office.hear(attention_raised([office.admin], doc_id=opened.doc_id))
    office.hear(attention_raised([office.admin]))
    with office.store.read() as look:
        units = look.all(select(Message.organisation_id).order_by(Message.id))
    assert units == [opened.organisation_id, opened.organisation_id, None]


def test_the_same_event_again_tells_nobody_again(office: Office) -> None:
    heard = [office.hear(slot_opened(office.wang)), office.hear(attention_raised([office.wang, office.zhao]))]
    for envelope in heard * 2:
        office.hear_again(envelope)
    assert _messages(office) == 3
    assert len(office.deliveries()) == 3


def test_many_threads_with_one_event_make_one_message(any_office: Office) -> None:
    office = any_office
    envelope = office.hear(slot_opened(office.wang))
    more = envelope.model_copy(update={"id": new_id(), "position": envelope.position + 1})
    threads = [threading.Thread(target=office.hear_again, args=(more,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    office.check_inbox()
    assert _messages(office) == 2
    assert len(office.deliveries()) == 2


def test_handlers_may_run_twice_for_one_event(any_office: Office) -> None:
    """Also without a checkpoint that drops duplicates: the unique key alone is enough."""
    office = any_office
    event = slot_opened(office.wang)
    envelope = office.hear(event)

    def apply() -> None:
        with office.store.work(cause=envelope) as work:
            office.here.service.handlers.apply(work, event.type, envelope.data)

    threads = [threading.Thread(target=apply) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _messages(office) == 1
    assert len(office.deliveries()) == 1


def _messages(office: Office) -> int:
    with office.store.read() as look:
        return look.session.scalars(select(func.count()).select_from(Message)).one()
