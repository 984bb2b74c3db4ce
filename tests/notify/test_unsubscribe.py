"""The link in optional mail: one click, without signing in, and nothing more than it says."""

from __future__ import annotations

import re
from email.message import EmailMessage
from html import unescape

from services.notify.channels import Channel
from services.notify.kinds import KINDS
from services.notify.unsubscribe import Subscription, signed
from tests.notify.choosing import runs_until_quiet, wants
from tests.notify.office import ADDRESS, Office, slot_opened, status_changed


def mail_of(office: Office, status: str) -> EmailMessage:
    office.has_address(office.li, "li@example.org")
    office.hear(status_changed(office.li, status))
    office.run_jobs()
    return office.mails()[-1]


def link_in(mail: EmailMessage) -> str:
    """The path of the link."""
    found = re.fullmatch(r"<http://[^/]+/api/notify/(.+)>", mail["List-Unsubscribe"])
    assert found is not None
    return found[1]


def test_one_click_switches_that_kind_off_on_that_channel(any_office: Office) -> None:
    office = any_office
    mail = mail_of(office, "usable")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = link_in(mail)
    for part in ("plain", "html"):
        body = mail.get_body((part,))
        assert body is not None
        assert link in unescape(body.get_content())
    raw = office.kept_mail()[-1].read_bytes()
    assert f"List-Unsubscribe: <http://127.0.0.1:8000/api/notify/{link}>\r\n".encode() in raw
    asked = office.http.get(link)
    assert (asked.status_code, "不再通过电子邮件接收“采购计划可使用”" in asked.text) == (200, True)
    assert office.get(office.li, "preferences").json()["version"] == 0
    for _ in range(2):
        done = office.http.post(link, data={"List-Unsubscribe": "One-Click"})
        assert (done.status_code, "已退订" in done.text) == (200, True)
    assert office.get(office.li, "preferences").json()["choices"] == [
        {"topic": "plan.usable", "channel": "email", "mode": "off"}
    ]
    office.hear(status_changed(office.li, "usable"))
    office.hear(status_changed(office.li, "void"))
    office.run_jobs()
    assert len(office.mails()) == 2
    assert len(office.messages(office.li)) == 3


def test_what_is_mandatory_has_no_link(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    (mail,) = office.mails()
    assert mail["List-Unsubscribe"] is None
    body = mail.get_body(("html",))
    assert body is not None
    assert "退订" not in body.get_content()


def test_a_click_keeps_what_else_was_chosen(office: Office) -> None:
    link = link_in(mail_of(office, "usable"))
    body = {
        "choices": [
            {"topic": "plan.usable", "channel": "email", "mode": "now"},
            {"topic": "plan.usable", "channel": "sms", "mode": "now"},
        ]
    }
    office.http.put("preferences", json=body, headers=office.as_(office.li, office.unit, If_Match='"v0"'))
    office.http.post(link)
    assert office.get(office.li, "preferences").json()["choices"] == [
        {"topic": "plan.usable", "channel": "sms", "mode": "now"},
        {"topic": "plan.usable", "channel": "email", "mode": "off"},
    ]


def collected(office: Office, *statuses: str) -> EmailMessage:
    """The letter that lists what has become of some plans."""
    for status in statuses:
        office.hear(status_changed(office.li, status))
    office.clock.move(days=1)
    runs_until_quiet(office)
    return office.mails()[-1]


def test_the_link_of_collected_mail_switches_off_what_it_lists(any_office: Office) -> None:
    office = any_office
    office.has_address(office.li, "li@example.org")
    wants(office, office.li, ("outcome", "email", "digest"))
    link = link_in(collected(office, "usable", "void", "usable", "returned"))
    assert "“采购计划可使用”、“采购计划已作废”" in office.http.get(link).text
    for _ in range(2):
        assert "已退订" in office.http.post(link, data={"List-Unsubscribe": "One-Click"}).text
    own = office.get(office.li, "preferences").json()
    assert {(one["topic"], one["mode"]) for one in own["choices"]} == {
        ("outcome", "digest"),
        ("plan.usable", "off"),
        ("plan.void", "off"),
    }
    assert own["version"] == 2
    mail = collected(office, "usable", "returned", "closed")
    assert "消息汇总：2 条" in mail["Subject"]
    only_mandatory = collected(office, "returned")
    assert "消息汇总：1 条" in only_mandatory["Subject"]
    assert only_mandatory["List-Unsubscribe"] is None


def test_a_link_that_is_not_ours_is_not_found(office: Office) -> None:
    token = link_in(mail_of(office, "usable")).removeprefix("unsubscribe/")
    other = signed(Subscription(office.wang, KINDS["plan.usable"], Channel.EMAIL), "another key")
    for spoilt in (token[:-2], "x" + token, token.replace(".", ""), token + ".x", "é", "x.y", other):
        for method in ("GET", "POST"):
            answer = office.http.request(method, f"unsubscribe/{spoilt}")
            assert (answer.status_code, answer.json()["code"]) == (404, "no_such_link")
    assert office.http.post("unsubscribe/" + "x" * 301).status_code == 422
