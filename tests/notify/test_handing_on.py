"""Who is told when a turn is handed on: escalation, attention, substitution."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.notify.message import Message
from shared.database import new_id
from shared.events.approvals import CaseAttentionCleared, SlotEscalated
from shared.events.substitutions import SubstitutionEnded, SubstitutionGranted
from tests.notify.office import Office, attention_raised, slot_closed, slot_opened


def escalated(office: Office, **more: Any) -> SlotEscalated:
    """王芳's to-do of the office's own document has gone on to 赵强."""
    opened = slot_opened(office.wang, organisation_id=office.unit, holder_name="王芳")
    new = {"level": 1, "new_slot_id": new_id(), "new_holder_id": office.zhao}
    return SlotEscalated.model_validate(opened.model_dump() | new | more)


def titles(office: Office, person_id: UUID) -> list[str]:
    """Of all messages of a person, newest first."""
    with office.store.read() as look:
        mine = select(Message.title).where(Message.person_id == person_id)
        return look.all(mine.order_by(Message.id.desc()))


def test_an_escalation_is_told_to_who_had_it_and_to_those_in_charge_of_him(any_office: Office) -> None:
    office = any_office
    chief = office.person("安管理", office.unit, "unit_administrator")
    leader = office.person("孙校长", office.unit, "reviewer", positions=["分管领导"])
    gone = office.person("前领导", office.unit, "reviewer", positions=["分管领导"], active=False)
    other = office.organisation("小店区第二中学", "140105")
    foreign = office.person("陈管理", other, "unit_administrator")
    office.hear(escalated(office))
    for person in (office.wang, chief, leader):
        (message,) = office.messages(person)
        assert message["title"] == "待办超期转办：办公电脑采购"
        assert "超期未办（王芳），已转交赵强办理" in message["body"]
        assert not message["is_todo"]
    for person in (office.zhao, office.li, foreign, gone):
        assert titles(office, person) == []


def test_one_of_a_districts_body_is_told_there_and_not_to_the_unit_that_applied(office: Office) -> None:
    finance = office.organisation("小店区财政局", "140105", kind="finance")
    wu = office.person("吴敏", finance, "reviewer")
    theirs = office.person("财政管理", finance, "unit_administrator")
    ours = office.person("安管理", office.unit, "unit_administrator")
    office.hear(escalated(office, holder_id=wu))
    assert [titles(office, person) for person in (wu, theirs)] == [["待办超期转办：办公电脑采购"]] * 2
    assert titles(office, ours) == []


def test_where_nobody_is_in_charge_any_more_the_platform_is_told(any_office: Office) -> None:
    """Of the reviewer's unit; he himself was deactivated, and belongs to no unit any more."""
    office = any_office
    finance = office.organisation("小店区财政局", "140105", kind="finance")
    wu = office.person("吴敏", finance, "reviewer")
    office.person("吴敏", finance, person_id=wu, version=2, epoch=2, active=False)
    office.hear(escalated(office, holder_id=wu, holder_unit_id=finance))
    assert titles(office, office.admin) == ["待办超期转办：办公电脑采购"]
    theirs = office.person("财政管理", finance, "unit_administrator")
    ours = office.person("安管理", office.unit, "unit_administrator")
    office.hear(escalated(office, holder_id=wu, holder_unit_id=finance))
    assert titles(office, theirs) == ["待办超期转办：办公电脑采购"]
    office.hear(escalated(office, holder_id=wu))
    assert len(titles(office, office.admin)) == 2, "an event of before does not say where he reviewed"
    assert titles(office, ours) == []


def test_attention_that_nobody_is_named_for_is_told_to_the_platform(office: Office) -> None:
    office.hear(attention_raised([]))
    assert titles(office, office.admin) == ["审核需要处理：办公电脑采购"]


def test_who_takes_over_an_escalated_todo_is_told_once_that_it_is_his_turn_and_why(office: Office) -> None:
    old = slot_opened(office.wang, organisation_id=office.unit)
    office.hear(old)
    office.hear(slot_closed(old, outcome="transferred"))
    office.hear(slot_opened(office.zhao, case_id=old.case_id, origin="escalation"))
    office.hear(escalated(office))
    (message,) = office.messages(office.zhao)
    assert message["title"] == "轮到您审核：办公电脑采购"
    assert message["body"].endswith("该待办因超期未办转交给您。")
    assert titles(office, office.wang) == ["待办超期转办：办公电脑采购", "轮到您审核：办公电脑采购"]


@pytest.mark.parametrize(
    ("reason", "said", "said_in_english"),
    [
        ("holder_left", "审核人已离任或停用", "the reviewer has left"),
        ("nobody_to_review", "没有可以审核的人员", "nobody who may review"),
        ("too_few_reviewers", "可以审核的人员不足", "too few people"),
        ("overdue", "待办超期，无人接手", "nobody has taken it over"),
    ],
)
def test_why_a_case_needs_attention_is_said_in_words(
    office: Office, reason: str, said: str, said_in_english: str
) -> None:
    office.hear(attention_raised([office.admin], reason=reason))
    (message,) = office.messages(office.admin)
    assert f"需要您处理：{said}。" in message["body"]
    english = office.get(office.admin, f"messages/{message['id']}", Accept_Language="en").json()
    assert said_in_english in english["body"]
    assert reason not in message["body"] + english["body"].replace("overdue and", "")


def test_attention_that_is_not_needed_any_more_is_done_and_told_to_nobody(any_office: Office) -> None:
    office = any_office
    office.has_address(office.admin, "admin@example.org")
    raised, other = (attention_raised([office.admin], reason="holder_left") for _ in range(2))
    office.hear(raised)
    office.hear(other)
    assert office.counts(office.admin)["unread"] == 2
    office.hear(CaseAttentionCleared.model_validate(raised.model_dump() | {"case_version": 5}))
    assert office.counts(office.admin) == {"unread": 1, "todo": 0}
    assert [message["status"] for message in office.messages(office.admin)] == ["unread", "done"]
    office.run_jobs()
    assert sorted((d.state, d.code) for d in office.deliveries()) == [
        ("accepted", ""),
        ("suppressed", "stale"),
    ]
    again = {"case_id": raised.case_id, "doc_id": raised.doc_id, "case_version": 6}
    office.hear(attention_raised([office.admin], **again))
    assert office.counts(office.admin)["unread"] == 2, "needed again"


def substitution(office: Office, by: UUID) -> SubstitutionGranted:
    return SubstitutionGranted.model_validate(
        {
            "substitution_id": new_id(),
            "version": 1,
            "principal_id": office.wang,
            "principal_name": "王芳",
            "deputy_id": office.zhao,
            "deputy_name": "赵强",
            "organisation_id": office.unit,
            "organisation_name": "小店区第一中学",
            "doc_types": ["plan", "revocation"],
            "starts_at": "2026-11-24T00:30:00Z",
            "ends_at": "2026-11-26T10:00:00Z",
            "reason": "外出培训",
            "granted_by": by,
        }
    )


def test_principal_and_deputy_are_told_of_a_substitution_and_of_its_end(any_office: Office) -> None:
    office = any_office
    granted = substitution(office, office.wang)
    office.hear(granted)
    for person in (office.wang, office.zhao):
        (message,) = office.messages(person)
        assert message["title"] == "代理审核：赵强代理王芳"
        assert message["body"] == (
            "2026-11-24 08:30 至 2026-11-26 18:00，赵强代理小店区第一中学的王芳审核：采购计划、采购计划撤销。"
            "\n原因：外出培训"
        )
    assert [d.person_id for d in office.deliveries()] == [office.zhao], "who did it himself is not mailed"
    ended = granted.model_dump(include={"substitution_id", "principal_id", "deputy_id"})
    office.hear(SubstitutionEnded.model_validate(ended | {"version": 2, "ended_by": office.admin}))
    for person in (office.wang, office.zhao):
        newest = office.messages(person)[0]
        assert newest["title"] == "代理已提前结束"
        assert newest["body"].startswith("赵强不再代理王芳审核")
    assert len(office.deliveries()) == 3
