"""Nobody is written to whose account was deactivated, whatever waits for him."""

from __future__ import annotations

from uuid import UUID

from services.notify.channels import Channel
from tests.notify.choosing import NIGHT, it_is, runs_until_quiet, subjects, wants
from tests.notify.fakes import fake
from tests.notify.office import ADDRESS, Office, slot_opened, status_changed


def leaves(office: Office, person_id: UUID) -> None:
    office.person("王芳", office.unit, person_id=person_id, version=2, epoch=2, active=False)


def states(office: Office) -> list[tuple[str, str]]:
    return [(str(delivery.state), delivery.code) for delivery in office.deliveries()]


def test_what_happens_after_he_has_left_is_mailed_to_nobody(any_office: Office) -> None:
    office = any_office
    office.has_address(office.wang, ADDRESS)
    leaves(office, office.wang)
    office.hear(status_changed(office.wang, "usable", plan_number="JH-1"))
    office.hear(slot_opened(office.wang))
    runs_until_quiet(office)
    assert office.mails() == []
    assert states(office) == [("suppressed", "left")] * 2
    assert {event.data["label"] for event in office.outcomes()} == {"电子邮件未发送（账号已停用）"}


def test_what_was_held_for_the_morning_is_not_sent_to_who_has_left_over_night(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.has_address(office.zhao, "zhao@example.org")
    for person in (office.wang, office.zhao):
        wants(office, person, **NIGHT)
    it_is(office, "2026-11-23 22:30")
    for person in (office.wang, office.zhao):
        office.hear(slot_opened(person))
    leaves(office, office.wang)
    it_is(office, "2026-11-24 07:00")
    runs_until_quiet(office)
    assert [mail["To"] for mail in office.mails()] == ["赵强 <zhao@example.org>"]
    assert sorted(states(office)) == [("accepted", ""), ("suppressed", "left")]


def test_what_was_collected_for_who_has_left_makes_no_letter(any_office: Office) -> None:
    office = any_office
    office.has_address(office.wang, ADDRESS)
    wants(office, office.wang, ("outcome", "email", "digest"))
    for _ in range(2):
        office.hear(status_changed(office.wang, "usable", plan_number="JH-1"))
    leaves(office, office.wang)
    it_is(office, "2026-11-23 17:00")
    runs_until_quiet(office)
    assert subjects(office) == []
    assert states(office) == [("suppressed", "left")] * 2, "nor a delivery of one"


def test_a_webhook_of_who_has_left_hears_nothing(office: Office) -> None:
    office.goes_by(Channel.WEBHOOK)
    office.reaches_this_machine()
    with fake(lambda heard: {}) as there:
        office.put(office.wang, "contacts/webhook", {"address": there.url})
        leaves(office, office.wang)
        office.hear(slot_opened(office.wang))
        runs_until_quiet(office)
        assert there.heard == []
