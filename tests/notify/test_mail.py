"""Mail that goes out: composed once, kept or sent, tried again, given up, sent again."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape

import pytest

from tests.notify.office import ADDRESS, Office, slot_closed, slot_opened, status_changed
from tests.notify.post_office import (
    Replies,
    broken_office,
    hang,
    post_office,
    reset,
    take_and_vanish,
)


def test_without_a_server_the_mail_is_kept_as_a_file(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    (file,) = office.kept_mail()
    mail = message_from_bytes(file.read_bytes(), policy=default)
    (delivery,) = office.deliveries()
    assert file.name == f"20261123T010000Z-{delivery.id}.eml"
    assert mail["To"] == f"王芳 <{ADDRESS}>"
    assert mail["Subject"] == "【采购计划】轮到您审核：办公电脑采购"
    assert mail["Message-ID"] == f"<{delivery.id}@localhost>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert isinstance(mail, EmailMessage)
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert "/cases/" in unescape(part.get_content())
        assert "已到“部门负责人”环节" in part.get_content()
    assert delivery.state == "accepted"
    (event,) = office.outcomes()
    assert (event.type, event.data["delivery_id"], event.data["attempts"]) == (
        "delivery.completed",
        str(delivery.id),
        1,
    )
    assert ADDRESS not in event.model_dump_json()


def test_a_server_takes_the_mail(office: Office) -> None:
    replies = Replies()
    office.has_address(office.li, "li@example.org")
    office.hear(status_changed(office.li, "usable", plan_number="JH-2026-0007"))
    with post_office(replies) as address:
        office.use_server(address)
        office.run_jobs()
    (mail,) = replies.taken
    assert mail["Subject"] == "【采购计划】采购计划可使用：办公电脑采购"
    assert [d.state for d in office.deliveries()] == ["accepted"]
    (attempt,) = office.attempts()
    assert (attempt.provider, attempt.outcome, attempt.code, attempt.number) == ("smtp", "accepted", "250", 1)
    assert office.kept_mail() == []


@pytest.mark.parametrize(
    ("replies", "state", "outcome", "code"),
    [
        (Replies(rcpt="421 too busy"), "queued", "retry", "421"),
        (Replies(data="451 try again later"), "queued", "retry", "451"),
        (Replies(rcpt="550 no such user <wang.fang@example.org>"), "failed", "failed", "550"),
        (Replies(data="554 looks like spam"), "failed", "failed", "554"),
        (Replies(rcpt="530 sign in first"), "held", "config_error", "530"),
        (Replies(mail="553 Mail from must equal authorized user"), "held", "config_error", "553"),
        (Replies(mail="450 try later"), "queued", "retry", "450"),
        (Replies(mail="552 5.3.4 message too large"), "failed", "failed", "552"),
        (Replies(rcpt="553 5.7.1 <x>: Sender address rejected: not owned"), "held", "config_error", "553"),
        (Replies(rcpt="550 5.1.8 sender's domain not found"), "held", "config_error", "550"),
        (Replies(rcpt="550 5.1.1 unknown user of 5.1.8"), "failed", "failed", "550"),
    ],
)
def test_what_a_servers_reply_means(
    office: Office, replies: Replies, state: str, outcome: str, code: str
) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    with post_office(replies) as address:
        office.use_server(address)
        office.run_jobs()
    (delivery,) = office.deliveries()
    (attempt,) = office.attempts()
    assert (delivery.state, delivery.code) == (state, code if state != "held" else "provider_broken")
    assert (attempt.outcome, attempt.code) == (outcome, code)
    assert ADDRESS not in attempt.answer
    assert [event.type for event in office.outcomes()] == (["delivery.failed"] if state == "failed" else [])


def test_a_connection_that_breaks_or_hangs_is_tried_again(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    with broken_office(reset) as address:
        office.use_server(address)
        office.run_jobs()
    office.clock.move(minutes=1)
    with broken_office(hang) as address:
        office.use_server(address, "?timeout=0.2")
        office.run_jobs()
    office.clock.move(minutes=5)
    office.use_server(address)  # nobody listens there any more
    office.run_jobs()
    assert [(a.outcome, a.code) for a in office.attempts()] == [
        ("retry", "no_connection"),
        ("retry", "timeout"),
        ("retry", "no_connection"),
    ]
    assert [d.state for d in office.deliveries()] == ["queued"]


def test_a_server_that_vanishes_after_it_took_the_mail_has_taken_it(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    with broken_office(take_and_vanish) as address:
        office.use_server(address)
        office.run_jobs()
    assert [d.state for d in office.deliveries()] == ["accepted"]


def test_who_has_no_address_gets_no_mail(office: Office) -> None:
    office.hear(slot_opened(office.wang))
    office.has_address(office.zhao, "")
    office.hear(slot_opened(office.zhao))
    office.run_jobs()
    assert [(d.state, d.code) for d in office.deliveries()] == [("suppressed", "no_address")] * 2
    assert office.counts(office.wang)["unread"] == 1


def test_the_newest_address_counts(office: Office) -> None:
    office.has_address(office.wang, "new@example.org", version=2)
    office.has_address(office.wang, "old@example.org", version=1)
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    assert b"new@example.org" in office.kept_mail()[0].read_bytes()


@pytest.mark.parametrize(
    "address", ["nobody", "a@b@c", "a b@example.org", "@", "x" * 400 + "@example.org", "a@b\n"]
)
def test_what_is_no_address_fails_without_being_tried_again(office: Office, address: str) -> None:
    office.has_address(office.wang, address)
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    (delivery,) = office.deliveries()
    assert (delivery.state, delivery.code) in (("failed", "bad_address"), ("suppressed", "no_address"))
    assert office.kept_mail() == []


def test_a_todo_that_was_done_before_its_mail_went_out_is_not_mailed(any_office: Office) -> None:
    office = any_office
    office.has_address(office.wang, ADDRESS)
    opened = slot_opened(office.wang)
    office.hear(opened)
    office.hear(slot_closed(opened))
    office.run_jobs()
    (delivery,) = office.deliveries()
    assert (delivery.state, delivery.code) == ("suppressed", "stale")
    assert [message["status"] for message in office.messages(office.wang)] == ["done"]
    assert office.kept_mail() == []
    assert [event.type for event in office.outcomes()] == ["delivery.suppressed"]


def test_nothing_in_a_name_or_title_becomes_a_header(office: Office) -> None:
    evil = "电脑\r\nBcc: thief@example.org\r\n\r\n<script>"
    person = office.person("王\r\nBcc: thief@example.org", office.unit, "reviewer")
    office.has_address(person, ADDRESS)
    office.hear(slot_opened(person, title=evil))
    office.run_jobs()
    (file,) = office.kept_mail()
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    assert "Bcc" not in mail
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()


def test_a_sender_that_is_none_is_an_error_to_repair(office: Office) -> None:
    office.here.settings = office.here.settings.model_copy(update={"mail_from": "nobody"})
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    assert [(a.outcome, a.code) for a in office.attempts()] == [("config_error", "bad_sender")]
    assert [d.state for d in office.deliveries()] == ["held"]


def test_a_host_that_is_none_is_an_error_to_repair(office: Office) -> None:
    office.smtp("mail..example.org:25", priority=1)
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    assert [(a.outcome, a.code) for a in office.attempts()] == [("config_error", "bad_host")]


def test_a_folder_that_cannot_be_written_is_an_error_to_repair(office: Office) -> None:
    (office.here.settings.data_dir / "mail").write_text("in the way")
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    (attempt,) = office.attempts()
    assert (attempt.outcome, attempt.code) == ("config_error", "not_writable")
    assert [d.state for d in office.deliveries()] == ["held"]
