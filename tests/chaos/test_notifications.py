"""Hundreds of events, a fifth of them twice and all in disorder, while workers are killed at random."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from services.notify.answer import Outcome
from services.notify.attempt import Attempt
from services.notify.channels import Channel
from services.notify.contact import Account
from services.notify.delivery import Delivery, State
from services.notify.handlers import events
from services.notify.message import Message
from services.notify.preferences import ALL, Choice, Mode, Owner
from services.notify.queries import DeliveriesAsked, deliveries
from services.notify.vault import Vault
from services.notify.wishes import lock_preferences
from shared import outbox
from shared.database import new_id
from shared.events import Event
from shared.events.directory import PersonChanged, PersonContactChanged
from shared.jobs import LEASE, Job
from shared.outbox import OutboxRow
from shared.people import Caller, Role
from tests.chaos.mailroom import Mailroom, mailroom
from tests.chaos.outside import UNIT, check_outside, listens, time_passes_for_pushes
from tests.notify.office import status_changed
from tests.processes.audit import Books, opened
from tests.processes.process import wait_until
from tests.processes.running import SERVICE_KEY, Product, separate_processes

EVENTS = int(os.environ.get("CHAOS_EVENTS") or 800)
"""`CHAOS_EVENTS=10000` for the long run, of five minutes on a quiet machine."""
pytestmark = [
    pytest.mark.chaos,
    pytest.mark.postgres,
    pytest.mark.amqp,
    pytest.mark.redis,
    pytest.mark.timeout(300 + EVENTS // 8),
]
TOGETHER = 100
"""Events that are shuffled with each other."""
MAILED = 10
"""One event in so many is told by e-mail too, to two people; the others to one, in the inbox."""
PEOPLE = [new_id() for _ in range(40)]
BY_WEBHOOK = PEOPLE[:4]
KILLS = 8
STILL_AT_WORK = timedelta(seconds=12)
"""A job that was taken longer ago was cut off: none lasts as long, with servers that answer at once."""
RUNNING = ("plans-web", "notify-worker", "jobs", "beat")
MORTAL = ("notify-worker", "jobs")


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"CHAOS_SEED={seed}")  # noqa: T201
    return random.Random(seed)


@pytest.fixture
def room(chance: random.Random) -> Iterator[Mailroom]:
    with mailroom(random.Random(chance.random())) as made:
        yield made


@pytest.fixture
def product(tmp_path: Path, broker_prefix: str, room: Mailroom) -> Iterator[Product]:
    with separate_processes(tmp_path / "data", "amqp", broker_prefix) as product:
        more = {"SMTP_URL": f"smtp://{room.smtp}", "PRIVATE_NETWORKS": "127.0.0.0/8"}
        for process in product.processes.values():
            process.settings = {**process.settings, **more}
        product.migrate()
        for name in RUNNING:
            product.processes[name].start()
        for name in RUNNING:
            product.processes[name].wait()
        yield product


def test_everybody_is_told_once_on_each_channel(
    product: Product, room: Mailroom, chance: random.Random
) -> None:
    killed: list[str] = []
    with opened(product.url_of) as books:
        introduce_people(books, room)
        listens(books, room)
        try:
            told = tell_in_a_storm(product, books, chance, killed)
            settle(books)
            check(books, room, told)
            check_outside(books, room)
        finally:
            print(killed, product.said(), sep="\n")  # noqa: T201


def introduce_people(books: Books, room: Mailroom) -> None:
    """Everybody has an address, some a webhook too."""
    with books.stores["notify"].work() as work:
        for person in PEOPLE:
            for event in (
                PersonChanged(
                    person_id=person, version=1, name="张三", active=True, epoch=1, appointments=[]
                ),
                PersonContactChanged(person_id=person, version=1, email=f"{person}@example.org"),
            ):
                events.apply(work, event.type, event.model_dump(mode="json"))
        for person in BY_WEBHOOK:
            sealed = Vault(SERVICE_KEY).seal({"secret": "s" * 40})
            about = {"person_id": person, "channel": Channel.WEBHOOK, "changed_at": work.now}
            work.add(Account(id=new_id(), address=f"{room.http}/hook", sealed=sealed, **about))
            choice = Choice(ALL, Channel.WEBHOOK, Mode.NOW)
            lock_preferences(work, person, Owner.PERSON).choose([choice], work.now)


def tell_in_a_storm(
    product: Product, books: Books, chance: random.Random, killed: list[str]
) -> set[tuple[UUID, UUID]]:
    """Publishes the events, doubled and shuffled, and kills workers between them; who is to be told of
    what."""
    plans, publisher = books.stores["plans"], product.broker.publisher("plans")
    told: set[tuple[UUID, UUID]] = set()
    windows, last = range(0, EVENTS, TOGETHER), 0
    strikes = sorted(chance.choices(windows, k=KILLS))
    for first in windows:
        with plans.work() as work:
            work.publish(
                *(happened(chance, number) for number in range(first, min(first + TOGETHER, EVENTS)))
            )
        with plans.autocommit() as session:
            outbox.number(session)  # unless a relay was first
        new = select(OutboxRow).where(OutboxRow.id > last).order_by(OutboxRow.id)
        rows = books.all("plans", new)
        last = rows[-1].id
        for row in rows:
            people = {row.data["applicant_id"]}
            people |= {row.data["holder_id"]} if row.data["status"] == "closed" else set()
            told |= {(row.event_id, UUID(person)) for person in people}
        sent = [outbox.envelope("plans", row) for row in rows]
        sent += chance.sample(sent, len(sent) // 5)
        chance.shuffle(sent)
        publisher.send(sent)
        for _ in range(strikes.count(first)):
            victim = product.processes[chance.choice(MORTAL)]
            killed.append(victim.name)
            victim.kill()
            victim.start()
            time.sleep(chance.uniform(0.2, 1.0))
    publisher.close()
    assert len(told) == EVENTS + EVENTS // MAILED
    return told


def happened(chance: random.Random, number: int) -> Event:
    applicant, holder = chance.sample(PEOPLE, 2)
    if number % MAILED == 0:
        about = {"plan_number": "JH-1", "organisation_id": UNIT}
        return status_changed(applicant, "closed", holder_id=holder, **about)
    return status_changed(applicant, "under_review")


def settle(books: Books) -> None:
    """Waits until all is quiet; what waits for its time, and what died in the middle, is due at once."""

    def left() -> list[str]:
        return [line for line in books.unfinished() if line.startswith("notify")]

    def quiet() -> bool:
        time.sleep(0.5)  # looking is work too, for the same two cores
        if all(line.endswith(("queued", "running")) for line in left()):
            time_passes(books)
        return left() == []

    wait_until(quiet, lambda: f"quiet: {left()}, {unfinished_jobs(books)}", patience=200 + EVENTS // 20)


def unfinished_jobs(books: Books) -> list[str]:
    rows = books.all("notify", select(Job).where(Job.state.in_(("queued", "running"))))
    return [f"{job.task} {job.state} {job.attempts} due {job.due_at} {job.error[-200:]}" for job in rows[:5]]


def time_passes(books: Books) -> None:
    """Retries are due now; a job that is still running after its process died is somebody else's."""
    with books.stores["notify"].work() as work:
        late = (Job.state == "queued") & (Job.due_at > work.now)
        work.execute(update(Job).where(late).values(due_at=work.now, wake_at=work.now))
        cut_off = (Job.state == "running") & (Job.lease_until < work.now + LEASE - STILL_AT_WORK)
        work.execute(update(Job).where(cut_off).values(lease_until=work.now, wake_at=work.now))
    time_passes_for_pushes(books, STILL_AT_WORK)


def check(books: Books, room: Mailroom, told: set[tuple[UUID, UUID]]) -> None:
    messages = books.all("notify", select(Message))
    assert Counter((message.event_id, message.person_id) for message in messages) == Counter(told)
    found = books.all("notify", select(Delivery))
    wanted = Counter({Channel.EMAIL: 2 * (EVENTS // MAILED)})
    wanted[Channel.WEBHOOK] = sum(message.person_id in BY_WEBHOOK for message in messages)
    assert Counter(Channel(one.channel) for one in found) == wanted
    accepted = Counter(
        books.all("notify", select(Attempt.delivery_id).where(Attempt.outcome == Outcome.ACCEPTED))
    )
    for one in found:
        copies, by_mail = room.taken[str(one.id)], one.channel == Channel.EMAIL
        assert accepted[one.id] <= 1
        if one.state == State.FAILED:
            assert (one.code, one.lost) == ("answer_lost", 2)
        else:
            assert (one.state, accepted[one.id]) == (State.ACCEPTED, 1)
        if by_mail:
            assert copies <= 1 + min(one.lost, 1), "one more for a lost answer, and none otherwise"
        assert copies >= (one.state == State.ACCEPTED)
    doubled = {one.id for one in found if one.lost}
    with books.stores["notify"].read() as look:
        listed = {one.id for one in look.all(deliveries(ADMINISTRATOR, DeliveriesAsked(answer_lost=True)))}
    assert listed == doubled
    print(f"{len(found)} deliveries, {len(doubled)} with a lost answer")  # noqa: T201


ADMINISTRATOR = Caller(
    person_id=new_id(),
    name="系统管理员",
    organisation_id=new_id(),
    organisation_name="平台",
    district_code="",
    district_path="",
    roles=frozenset({Role.PLATFORM_ADMINISTRATOR}),
)
