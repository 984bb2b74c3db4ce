"""Links that decide a to-do stand in the e-mail about it, and nowhere else."""

from __future__ import annotations

import re
from email.message import EmailMessage
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from services.notify.channels import Channel
from shared.database import new_id
from shared.decision_link import LIFETIME, PATH, DecisionLink, Verb, read_unchecked
from shared.events.approvals import SlotOpened, SlotUrged
from tests.notify import fakes
from tests.notify.fakes import fake
from tests.notify.office import ADDRESS, Office, slot_closed, slot_opened
from tests.notify.test_robots import PATHS, registered
from tests.notify.test_webhooks import taken

ETAG = '"v1-' + "0" * 64 + '"'


def links(mail: EmailMessage, kind: str = "plain") -> list[str]:
    """The tokens of the links in a mail."""
    part = mail.get_body((kind,))
    assert part is not None
    return re.findall(re.escape(PATH) + r"([\w-]+)", unescape(part.get_content()))


def asked(person: UUID, **more: Any) -> SlotOpened:
    return slot_opened(person, **{"decision_etag": ETAG, **more})


def expected(office: Office, opened: SlotOpened, person: UUID, verb: Verb, etag: str = ETAG) -> str:
    link = DecisionLink(opened.slot_id, person, verb, office.clock.now() + LIFETIME)
    return link.signed(etag, 1, office.here.key)


def test_a_mail_about_a_turn_holds_a_link_for_each_verb(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    opened = asked(office.wang)
    office.hear(opened)
    office.run_jobs()
    (mail,) = office.mails()
    wanted = [expected(office, opened, office.wang, verb) for verb in ("agree", "disagree")]
    assert links(mail) == links(mail, "html") == wanted
    text = mail.get_body(("plain",))
    assert text is not None
    assert "同意：http://127.0.0.1:8000/api/approvals/decide/" in text.get_content()
    assert "请勿转发" in text.get_content()


def test_nothing_of_a_link_is_published_or_kept(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(asked(office.wang))
    office.run_jobs()
    (mail,) = office.mails()
    (message,) = office.messages(office.wang)
    kept = office.get(office.admin, "deliveries/kept").text
    for token in links(mail):
        assert token not in str([one.model_dump_json() for one in office.published()])
        assert token not in str(message) + kept


def test_none_without_leave_and_none_when_the_turn_is_over(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    assert links(office.mails()[-1]) == []
    opened = asked(office.wang)
    office.hear(opened)
    office.hear(slot_closed(opened))
    office.run_jobs()
    assert len(office.mails()) == 1


def test_a_turn_that_opens_again_has_other_links(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    opened = asked(office.wang)
    office.hear(opened)
    office.hear(slot_closed(opened))
    again = ETAG.replace("v1", "v3")
    office.hear(opened.model_copy(update={"case_version": 5, "decision_etag": again}))
    office.run_jobs()
    assert links(office.mails()[-1])[0] == expected(office, opened, office.wang, "agree", again)


def test_a_reminder_brings_links_and_a_deputy_gets_his_own(office: Office) -> None:
    for person in (office.wang, office.zhao):
        office.has_address(person, f"{person}@example.org")
    opened = asked(office.wang, deputies=[office.zhao])
    office.hear(opened)
    office.clock.move(days=6)
    shared = opened.model_dump(include=set(SlotUrged.model_fields))
    office.hear(SlotUrged(**shared | {"deputies": []}))
    office.run_jobs()
    said = [read_unchecked(links(mail)[0]) for mail in office.mails()]
    assert all(one is not None and one.slot_id == opened.slot_id for one in said)
    assert sorted(str(one.person_id) for one in said if one) == sorted(
        map(str, (office.wang, office.wang, office.zhao))
    )
    assert len({one.expires_at for one in said if one}) == 2, "a reminder lasts longer"


def test_the_same_links_at_every_try(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(asked(office.wang))
    office.use_server("127.0.0.1:1")
    office.run_jobs()
    (failed,) = office.deliveries()
    assert failed.state == "queued"
    office.here.settings = office.here.settings.model_copy(update={"smtp_url": ""})
    office.clock.move(minutes=2)
    office.run_jobs()
    (mail,) = office.mails()
    link = read_unchecked(links(mail)[0])
    (message,) = office.messages(office.wang)
    assert link is not None
    assert (office.clock.now() - link.expires_at).total_seconds() == 120 - LIFETIME.total_seconds()
    assert message["kind"] == "slot.opened"


@pytest.mark.parametrize("name", PATHS)
def test_a_robot_in_a_group_is_told_no_link_that_decides(office: Office, name: str) -> None:
    office.goes_by(Channel(name))
    office.reaches_this_machine()
    with fake(getattr(fakes, name)) as group:
        registered(office, group, name)
        office.hear(asked(office.wang))
        office.run_jobs()
    assert len(group.texts) == 1
    assert PATH not in str([heard.body for heard in group.heard])


def test_a_webhook_is_told_none_either(office: Office) -> None:
    office.goes_by(Channel.WEBHOOK)
    office.reaches_this_machine()
    with fake(taken) as receiver:
        office.put(office.wang, "contacts/webhook", {"address": f"{receiver.url}/hook"})
        office.hear(asked(office.wang, slot_id=new_id()))
        office.run_jobs()
    (heard,) = receiver.heard
    assert PATH.encode() not in heard.body
