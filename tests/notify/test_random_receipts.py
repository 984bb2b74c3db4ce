"""Three providers that refuse, break, take and lose letters as they like: each letter comes to an end, nobody
gets it twice but for a lost answer, and no provider sends it again that has not brought it."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest
from sqlalchemy import select

from services.notify.answer import Answer, Outcome
from services.notify.asking import ask
from services.notify.channels import Channel
from services.notify.delivery import Delivery
from services.notify.jobs import post_of
from services.notify.letter import Letter
from services.notify.notice import SEND
from services.notify.post import Post
from services.notify.provider import Provider
from services.notify.receipt import ASK, Receipt, Sent
from services.notify.sending import send
from shared import jobs
from tests.notify.office import Office, status_changed
from tests.notify.test_random_kills import chance as chance

LETTERS, PROVIDERS = 60, 3
PHONE = "13800138000"


@dataclass
class World:
    """What has really happened to every letter at every provider: for each copy whether it has arrived."""

    chance: random.Random
    copies: defaultdict[UUID, defaultdict[UUID, list[bool]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )


@dataclass
class Moody:
    """A provider that does what chance wants, and tells the truth when it is asked, if it says anything."""

    id: UUID
    world: World

    provider = "moody"

    def send(self, letter: Letter) -> Answer:
        fate = self.world.chance.random()
        if fate < 0.04:
            raise SystemExit("dead before")
        if fate < 0.20:
            return Answer(Outcome.RETRY, "busy")
        if fate < 0.25:
            return Answer(Outcome.CONFIG_ERROR, "wrong_key")
        self.world.copies[letter.delivery_id][self.id].append(self.world.chance.random() < 0.5)
        if fate < 0.30:
            raise SystemExit("dead after")
        if fate < 0.45:
            return Answer(Outcome.UNKNOWN, "timeout")
        return Answer(Outcome.ACCEPTED, "ok")

    def ask(self, sent: Sent) -> Receipt | None:
        assert sent.to == PHONE
        copies = self.world.copies[sent.delivery_id][self.id]
        if not copies or self.world.chance.random() < 0.6:
            return None
        return Receipt(any(copies), "DELIVRD" if any(copies) else "UNDELIV")


def work_until_quiet(office: Office, post: Post) -> None:
    """Workers send and ask for as long as there is anything to do; one that dies leaves it to another."""
    does: dict[str, Callable[[jobs.Job], None]] = {
        SEND: lambda job: send(office.store, post, UUID(job.arguments["delivery_id"]), job.arguments["turn"]),
        ASK: lambda job: ask(
            office.store,
            post,
            UUID(job.arguments["delivery_id"]),
            job.arguments["attempt"],
            job.arguments["times"],
        ),
    }
    for _ in range(1_000):
        office.run_ticks()
        with office.store.read() as look:
            open_ = look.all(select(jobs.Job).where(jobs.Job.state.in_(("queued", "running"))))
            waiting = look.all(select(Delivery.id).where(Delivery.state.in_(("queued", "held", "sending"))))
        if not open_ and not waiting:
            return
        for job in open_:
            if job.due_at > office.clock.now():
                continue
            try:
                does[job.task](job)
            except SystemExit:
                continue  # its row is still there
            with office.store.work() as work:
                work.get(jobs.Job, job.id).state = "done"
        office.clock.move(minutes=5)
    pytest.fail("there is still something to do after days")


@pytest.mark.timeout(600)
def test_a_letter_is_brought_once_or_is_in_the_dead_list(office: Office, chance: random.Random) -> None:
    office.goes_by(Channel.SMS)
    office.has_address(office.li, "", phone=PHONE)
    for priority in range(1, PROVIDERS + 1):
        settings = {"url": "http://127.0.0.1:1/", "body": {"to": "$phone"}}
        office.provider("http_sms", settings, channel="sms", priority=priority, limits=[])
    for _ in range(LETTERS):
        office.hear(status_changed(office.li, "usable", plan_number="JH-1"))
    world = World(chance)

    def moody(provider: Provider) -> Moody:
        return Moody(provider.id, world)

    work_until_quiet(office, replace(post_of(office.here), sender_of=moody, asks=lambda _: True))
    # administrators hear of the dead list, too
    deliveries = [delivery for delivery in office.deliveries() if delivery.person_id == office.li]
    assert len(deliveries) == LETTERS
    for delivery in deliveries:
        more = min(delivery.lost, 1)
        by_provider = world.copies[delivery.id]
        arrived = Counter(copy for copies in by_provider.values() for copy in copies)[True]
        assert delivery.state in ("accepted", "delivered", "failed")
        assert delivery.sent_to == ""
        assert arrived <= 1 + more, "twice only where an answer was lost"
        assert sum(map(len, by_provider.values())) <= len(by_provider) + more, "each provider sends it once"
        if delivery.state == "delivered":
            assert arrived
        if delivery.state == "failed" and delivery.code == "UNDELIV":
            assert arrived == 0
            assert len(by_provider) == PROVIDERS, "every provider has had it"
        if delivery.state == "accepted":
            assert by_provider
    assert len({delivery.state for delivery in deliveries}) > 1, "chance was too kind to show anything"
