"""The dead list: found by filter, counted by reason, sent again once each, and not all at once."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import generate_latest

from services.notify.channels import Channel
from services.notify.dead_list import PAUSE, SHARE
from services.notify.preferences import Choice, Mode, Owner
from services.notify.wishes import lock_preferences
from shared.database import new_id
from shared.metrics import registry
from tests.notify.office import ADDRESS, Office, status_changed
from tests.notify.post_office import Replies, post_office


def fails(office: Office, many: int, reply: str = "550 nobody", person: UUID | None = None) -> None:
    """So many mails to somebody (wang) are refused for good; nobody need hear of any of them otherwise."""
    person_id = person or office.wang
    office.has_address(person_id, f"{person_id}@example.org")
    for _ in range(many):
        office.hear(status_changed(person_id, "usable"))
    with post_office(Replies(rcpt=reply)) as address:
        office.use_server(address)
        office.run_jobs()


def listed(office: Office, query: str = "") -> list[dict[str, Any]]:
    found = office.get(office.admin, f"deliveries?state=failed&{query}").json()
    items: list[dict[str, Any]] = found["items"]
    return items


def resend(office: Office, **asked: Any) -> dict[str, Any]:
    done = office.post(office.admin, "deliveries/resend", asked)
    assert done.status_code == 200, done.text
    found: dict[str, Any] = done.json()
    return found


def left_at(office: Office) -> list[float]:
    """Seconds from now until each queued delivery goes out, in order."""
    now = office.clock.now()
    times = [d.next_try_at for d in office.deliveries() if d.state == "queued" and d.next_try_at]
    return sorted(round((time - now).total_seconds(), 3) for time in times)


def test_deliveries_are_found_by_what_they_are(any_office: Office) -> None:
    office = any_office
    fails(office, 2)
    office.clock.move(minutes=10)
    later = office.clock.now().isoformat().replace("+00:00", "Z")
    fails(office, 1, "553 bad name", person=office.zhao)
    provider = office.deliveries()[0].provider_id
    for query, many in (
        ("", 3),
        ("code=550", 2),
        ("code=553", 1),
        ("channel=sms", 0),
        ("kind=plan.usable", 3),
        ("kind=slot.opened", 0),
        (f"person_id={office.zhao}", 1),
        (f"person_id={office.li}", 0),
        (f"provider_id={provider}", 3),
        (f"provider_id={new_id()}", 0),
        (f"since={later}", 1),
        (f"until={later}", 2),
        (f"since={later}&until={later}", 0),
        ("answer_lost=true", 0),
        (f"code=550&person_id={office.zhao}", 0),
    ):
        assert len(listed(office, query)) == many, query
        counted = office.get(office.admin, f"deliveries/counts?{query}").json()
        assert counted["failed"] == many, query
    codes = office.get(office.admin, "deliveries/counts").json()["codes"]
    assert codes == [
        {"state": "failed", "channel": "email", "code": "550", "number": 2},
        {"state": "failed", "channel": "email", "code": "553", "number": 1},
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"cod": "550"},
        {"code": ""},
        {"kind": "no.such"},
        {"channel": "pigeon"},
        {"person_id": "wang"},
        {"since": "yesterday"},
        {"since": "2026-11-23T09:00:00"},
        {"since": "0001-01-01T00:00:00+08:00"},
        {"until": "9999-12-31T23:59:59-08:00"},
    ],
)
def test_a_filter_that_is_none_is_refused_and_sends_nothing(office: Office, wrong: dict[str, str]) -> None:
    fails(office, 1)
    headers = office.as_(office.admin, office.unit)
    for path in ("deliveries", "deliveries/counts"):
        assert office.http.get(path, params=wrong, headers=headers).status_code == 422, path
    assert office.post(office.admin, "deliveries/resend", wrong).status_code == 422
    assert [delivery.state for delivery in office.deliveries()] == ["failed"]


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": 1001}, {"state": "held"}, [], None])
def test_a_resending_has_a_bound_and_is_of_failed_ones(office: Office, wrong: Any) -> None:
    assert office.post(office.admin, "deliveries/resend", wrong).status_code == 422


def test_failed_deliveries_are_sent_again_by_filter(any_office: Office) -> None:
    office = any_office
    fails(office, 3)
    fails(office, 1, "553 bad name", person=office.zhao)
    first = resend(office, code="550", limit=2)
    assert (first["queued"], first["left"]) == (2, 1)
    assert [delivery.state for delivery in office.deliveries()] == ["queued", "queued", "failed", "failed"]
    second = resend(office, code="550")
    assert (second["queued"], second["left"]) == (1, 0)
    assert resend(office, code="550") == {"queued": 0, "left": 0, "last_at": None}
    replies = Replies()
    with post_office(replies) as address:
        office.use_server(address)
        office.clock.move(seconds=1)
        assert office.run_jobs() == 3
    assert len(replies.taken) == 3
    assert [delivery.state for delivery in office.deliveries()] == ["accepted"] * 3 + ["failed"]


def test_the_same_key_gives_the_same_answer_and_queues_nothing_more(office: Office) -> None:
    fails(office, 3)
    headers = office.as_(office.admin, office.unit)
    answers = [
        office.http.post("deliveries/resend", json={"limit": 1}, headers=headers).json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert [delivery.state for delivery in office.deliveries()] == ["queued", "failed", "failed"]


def test_only_the_platform_administrator_sends_again(office: Office) -> None:
    fails(office, 1)
    refused = office.post(office.wang, "deliveries/resend", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "role_required")
    assert office.http.post("deliveries/resend", json={}).status_code == 401
    assert [delivery.state for delivery in office.deliveries()] == ["failed"]


def test_each_is_queued_once_however_many_ask_at_once(any_office: Office) -> None:
    office = any_office
    fails(office, 9)
    together, answers = threading.Barrier(3), list[dict[str, Any]]()

    def ask() -> None:
        together.wait()
        answers.append(resend(office, limit=5))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer["queued"] for answer in answers) == 9
    replies = Replies()
    with post_office(replies) as address:
        office.use_server(address)
        office.clock.move(minutes=1)
        assert office.run_jobs() == 9
    assert len(replies.taken) == 9


def test_they_go_one_after_the_other(office: Office) -> None:
    fails(office, 4)
    pause = PAUSE.total_seconds()
    resend(office, limit=2)
    assert left_at(office) == [0, pause]
    done = resend(office)  # behind those that were asked for before
    assert left_at(office) == pytest.approx([0, pause, 2 * pause, 3 * pause])
    assert done["last_at"] == (office.clock.now() + 3 * PAUSE).isoformat().replace("+00:00", "Z")


def test_a_provider_with_a_limit_has_room_left_for_what_is_new(office: Office) -> None:
    replies = Replies(rcpt="550 nobody")
    office.has_address(office.wang, ADDRESS)
    for _ in range(3):
        office.hear(status_changed(office.wang, "usable"))
    with post_office(replies) as address:
        host, _, port = address.partition(":")
        limit = [{"count": 6, "seconds": 60, "per": "provider"}]
        office.provider("smtp", {"host": host, "port": int(port)}, channel="email", limits=limit)
        office.run_jobs()
        resend(office)
        assert left_at(office) == [0, SHARE * 10, SHARE * 20]
        replies.rcpt = "250 OK"
        assert office.run_jobs() == 1
        office.clock.move(minutes=1)
        office.hear(status_changed(office.wang, "usable"))
        office.run_jobs()
    assert len(replies.taken) == 4


def test_what_a_digest_has_collected_goes_with_its_letter(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    with office.store.work() as work:
        row = lock_preferences(work, office.wang, Owner.PERSON)
        row.choose([Choice("plan.usable", Channel.EMAIL, Mode.DIGEST)], work.now)
    for _ in range(2):
        office.hear(status_changed(office.wang, "usable"))
    office.clock.move(hours=8)
    with post_office(Replies(rcpt="550 nobody")) as address:
        office.use_server(address)
        while office.run_jobs():
            pass
    assert [item["code"] for item in listed(office)] == ["550"] * 3
    assert resend(office, kind="plan.usable")["queued"] == 0
    assert resend(office)["queued"] == 1
    replies = Replies()
    with post_office(replies) as address:
        office.use_server(address)
        office.run_jobs()
    assert len(replies.taken) == 1
    assert {delivery.state for delivery in office.deliveries()} == {"accepted"}


def test_the_numbers_for_operators_count_it_by_reason(office: Office) -> None:
    fails(office, 2)
    shown = generate_latest(registry([office.here.counted])).decode()
    assert 'plans_deliveries_failed{channel="email",code="550"} 2.0' in shown
    office.clock.move(seconds=1)
    resend(office)
    assert "plans_deliveries_failed{" not in generate_latest(registry([office.here.counted])).decode()


def test_a_later_resending_begins_at_once_when_the_first_is_over(office: Office) -> None:
    fails(office, 2)
    resend(office)
    with post_office(Replies(rcpt="550 nobody")) as address:
        office.use_server(address)
        office.clock.move(minutes=1)
        office.run_jobs()
    resend(office)
    assert left_at(office)[0] == 0
