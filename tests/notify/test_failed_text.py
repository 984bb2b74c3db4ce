"""An edited text that fails when it is needed: the shipped one is sent, and the administrator hears of it."""

from __future__ import annotations

from uuid import UUID

from tests.notify.office import Office, attention_raised

LOOPS = 4
ENDLESS = "{% for x in administrator_ids %}" * LOOPS + "x" + "{% endfor %}" * LOOPS
"""Good with the one name of the example; with many, its loops in loops do not end."""


def publish(office: Office, medium: str, body: str) -> None:
    path = f"templates/case.attention_raised/{medium}/zh-CN"
    tag = office.get(office.admin, path).headers["etag"]
    words = {"title": "请处理：{{ title }}", "body": body}
    headers = office.as_(office.admin, office.unit, If_Match=tag)
    tag = office.http.put(f"{path}/draft", json=words, headers=headers).headers["etag"]
    headers = office.as_(office.admin, office.unit, If_Match=tag)
    assert office.http.post(f"{path}/publish", headers=headers).status_code == 200


def many(office: Office) -> list[UUID]:
    return [office.zhao, *(office.person(f"人员{n}", office.unit) for n in range(20))]


def test_an_endless_text_costs_no_message_and_no_worker(any_office: Office) -> None:
    office = any_office
    publish(office, "inbox", ENDLESS)
    office.hear(attention_raised([office.zhao]))
    (good,) = office.messages(office.zhao)
    assert (good["title"], good["body"]) == ("请处理：办公电脑采购", "x")
    people = many(office)
    for _ in range(2):
        office.hear(attention_raised(people))
    assert [message["title"] for message in office.messages(office.zhao)] == [
        *["审核需要处理：办公电脑采购"] * 2,
        "请处理：办公电脑采购",
    ]
    office.run_jobs()
    (heard,) = office.messages(office.admin)
    assert heard["title"] == "通知文本出错：审核需要关注 · 站内信 · zh-CN"
    assert "第 1 版在生成消息时出错（第 1 行）" in heard["body"]
    assert "engine ran out of fuel" in heard["body"]
    seen = office.get(office.admin, "templates/case.attention_raised/inbox/zh-CN").json()
    assert seen["failed_at"] == "2026-11-23T01:00:00Z"
    assert "fuel" in seen["failed_text"]


def test_a_text_of_a_mail_that_fails_is_told_once_for_each_version(office: Office) -> None:
    publish(office, "email", ENDLESS)
    people = many(office)
    office.has_address(office.zhao, "zhao@example.org")
    for version in (1, 2):
        office.hear(attention_raised(people))
        office.run_jobs()
        office.hear(attention_raised(people))
        office.run_jobs()
        mine = office.messages(office.admin)
        told = [message["body"] for message in mine if message["kind"] == "template.failed"]
        assert len(told) == version
        assert f"第 {version} 版" in told[0]
        publish(office, "email", ENDLESS + " {{ reason }}")
    assert {mail["Subject"] for mail in office.mails()} == {"【采购计划】审核需要处理：办公电脑采购"}
    assert len(office.mails()) == 4


def test_a_text_without_a_title_is_not_sent(office: Office) -> None:
    path = "templates/case.attention_raised/inbox/zh-CN"
    words = {"title": "{% if number %}{{ number }}{% endif %}", "body": "{{ reason }}"}
    headers = office.as_(office.admin, office.unit, If_Match='"v0"')
    tag = office.http.put(f"{path}/draft", json=words, headers=headers).headers["etag"]
    office.http.post(f"{path}/publish", headers=office.as_(office.admin, office.unit, If_Match=tag))
    office.hear(attention_raised([office.zhao], number=""))
    assert office.messages(office.zhao)[0]["title"] == "审核需要处理：办公电脑采购"
