"""What operators see of a service: parked items over HTTP, numbers to scrape, the feed and its doors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prometheus_client import generate_latest

from shared import doing
from shared.broker import Delivery
from shared.events.directory import PersonChanged
from shared.inbox import Handlers
from shared.jobs import Job, later
from shared.metrics import registry
from shared.parked import skip
from shared.people import Copies, Role, keep_copies
from shared.service import Service
from shared.store import Work
from shared.tokens import service_token
from tests.brokers.pair.model import MIGRATIONS, Counted, Pair, count_up
from tests.lone import Lone

events = Handlers()
keep_copies(events)


OFFICE = UUID(int=1)
PEOPLE = {Role.PLATFORM_ADMINISTRATOR: UUID(int=2), Role.AUDITOR: UUID(int=3)}
ADMIN = (PEOPLE[Role.PLATFORM_ADMINISTRATOR], OFFICE)


@events.on(Counted)
def always_fail(_work: Work, event: Counted) -> None:
    raise RuntimeError(f"cannot hear {event.name}")


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Lone]:
    service = Service("right", "right", (), (Pair.metadata, Copies.metadata), MIGRATIONS, events)
    made = Lone(service, tmp_path)
    Copies.metadata.create_all(made.store.writer)
    made.district("140000", "山西省", "province", "/140000/")
    organisation = made.organisation("平台", "140000", kind="platform", organisation_id=OFFICE)
    for role, person in PEOPLE.items():
        made.person(role, organisation, role, person_id=person)
    made.hear(Counted(name="a", value=1), fail=False)
    for _ in range(8):
        made.clock.move(minutes=10)
        made.receivers["left"].retry()
    yield made
    made.close()


def test_a_platform_administrator_lists_replays_and_skips_what_is_parked(lone: Lone) -> None:
    shown = lone.http.get("parked", headers=lone.as_(*ADMIN)).json()["items"]
    assert [(item["kind"], item["key"], item["what"]) for item in shown] == [
        ("event", "left:1", "test.counted")
    ]

    assert lone.http.post("parked/left:1/replay", headers=lone.as_(*ADMIN)).json()["items"] == []
    for _ in range(8):
        lone.clock.move(minutes=10)
        lone.receivers["left"].retry()
    admin_headers = lone.as_(*ADMIN)
    assert len(lone.http.get("parked", headers=admin_headers).json()["items"]) == 1

    assert lone.http.post("parked/left:1/skip", headers=lone.as_(*ADMIN)).json()["items"] == []
    again = lone.http.post("parked/left:1/skip", headers=lone.as_(*ADMIN))
    assert (again.status_code, again.json()["code"]) == (404, "not_parked")


def test_whatever_is_listed_can_be_cleared(lone: Lone) -> None:
    lone.receivers["left"].take_deliveries([Delivery(b"no event", lambda: None)])
    with lone.store.work() as work:
        job = later(work, "nobody.knows")
    doing.run(lone.here, job)
    shown = lone.http.get("parked", headers=lone.as_(*ADMIN)).json()["items"]
    assert [item["kind"] for item in shown] == ["event", "job", "bytes"]

    (bytes_key,) = (item["key"] for item in shown if item["kind"] == "bytes")
    refused = lone.http.post(f"parked/{bytes_key}/replay", headers=lone.as_(*ADMIN))
    assert (refused.status_code, refused.json()["code"]) == (409, "unreadable")
    for item in shown:
        skipped = lone.http.post(f"parked/{item['key']}/skip", headers=lone.as_(*ADMIN))
        assert skipped.status_code == 200, skipped.json()
        again = lone.http.post(f"parked/{item['key']}/skip", headers=lone.as_(*ADMIN))
        assert (again.status_code, again.json()["code"]) == (404, "not_parked")
    assert skipped.json()["items"] == []


def test_a_job_that_is_not_parked_cannot_be_skipped(lone: Lone) -> None:
    with lone.store.work() as work:
        job = later(work, "nobody.knows")
    refused = lone.http.post(f"parked/{job}/skip", headers=lone.as_(*ADMIN))
    assert (refused.status_code, refused.json()["code"]) == (404, "not_parked")
    with lone.store.read() as look:
        assert look.get(Job, job).state == "queued"


def test_what_is_parked_and_what_waits_behind_it_leaves_the_receiver_at_rest(lone: Lone) -> None:
    receiver = lone.receivers["left"]
    lone.hear(Counted(name="a", value=2), fail=False)
    receiver.retry()
    assert not receiver.restless

    skip(lone.store, "left:1")
    receiver.repair()  # every few seconds
    assert receiver.restless
    receiver.retry()
    assert not receiver.restless, "it has failed, and waits for its next try"
    lone.clock.move(minutes=10)
    assert receiver.restless


def test_others_may_not_touch_what_is_parked(lone: Lone) -> None:
    refused = lone.http.get("parked", headers=lone.as_(PEOPLE[Role.AUDITOR], OFFICE))
    assert (refused.status_code, refused.json()["code"]) == (403, "role_required")
    assert lone.http.get("parked").status_code == 401


def test_the_numbers_say_what_waits_and_where(lone: Lone) -> None:
    with lone.store.work() as work:
        count_up(work, "x")
    shown = generate_latest(registry([lone.here.counted])).decode()
    assert 'plans_inbox{publisher="left",service="right",state="parked"} 1.0' in shown
    assert 'plans_outbox_unpublished{service="right"} 1.0' in shown
    assert 'plans_checkpoint{publisher="left",service="right"} 1.0' in shown
    assert 'plans_database_up{service="right"} 1.0' in shown


def test_the_feed_is_read_with_a_service_token_only_and_in_order(lone: Lone) -> None:
    for _ in range(3):
        with lone.store.work() as work:
            count_up(work, "x")
    token = service_token("left", lone.here.key, lone.clock.now())
    headers = {"Authorization": f"Bearer {token}"}
    page = lone.http.get("events", params={"after": 1, "limit": 1}, headers=headers).json()
    assert [event["position"] for event in page["events"]] == [2]
    assert (page["next"], page["head"], page["oldest"]) == (2, 3, 1)

    ahead = lone.http.get("events", params={"after": 9}, headers=headers)
    assert (ahead.status_code, ahead.json()["code"]) == (409, "after_head")
    assert lone.http.get("events").status_code == 401
    assert lone.http.get("events", headers=lone.as_(*ADMIN)).status_code == 401
    lone.clock.move(minutes=6)
    assert lone.http.get("events", headers=headers).status_code == 401


def test_a_deactivated_person_is_out_within_one_event(lone: Lone) -> None:
    person, _ = ADMIN
    headers = lone.as_(*ADMIN)
    assert lone.http.get("parked", headers=headers).status_code == 200
    lone.hear(
        PersonChanged(person_id=person, version=2, name="管理员", active=False, epoch=2, appointments=[]),
        fail=False,
    )
    refused = lone.http.get("parked", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "person_inactive")
