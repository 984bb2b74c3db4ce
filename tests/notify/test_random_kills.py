"""Events doubled and in disorder, workers that die at random: one message and one accepted delivery each."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from sqlalchemy import func, select

from services.notify.answer import Answer, Outcome
from services.notify.attempt import Attempt
from services.notify.delivery import Delivery
from services.notify.jobs import post_of
from services.notify.letter import Letter, Sender
from services.notify.message import Message
from services.notify.post import Post
from services.notify.sending import send
from shared import jobs
from shared.database import new_id
from shared.events import Envelope, Event
from tests.notify.office import Office, status_changed

EVENTS = int(os.environ.get("CHAOS_EVENTS") or (1_000 if os.environ.get("CI") == "true" else 200))
"""`CHAOS_EVENTS=10000` for the long run."""
TOGETHER = 100


@dataclass
class Unlucky:
    """Takes letters; now and then the process is dead before or after, or the answer is lost."""

    sender: Sender
    chance: random.Random
    taken: Counter[UUID]

    @property
    def provider(self) -> str:
        return self.sender.provider

    def send(self, letter: Letter) -> Answer:
        fate = self.chance.random()
        if fate < 0.03:
            raise SystemExit("dead before")
        if fate < 0.06:
            return Answer(Outcome.RETRY, "451")
        self.taken[letter.delivery_id] += 1
        if fate < 0.09:
            raise SystemExit("dead after")
        if fate < 0.12:
            return Answer(Outcome.UNKNOWN, "timeout")
        return Answer(Outcome.ACCEPTED, "250")


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"CHAOS_SEED={seed}")  # noqa: T201
    return random.Random(seed)


def carried(office: Office, position: int, event: Event) -> Envelope:
    return Envelope(
        id=new_id(),
        source="/plans",
        type=event.type,
        subject=event.subject,
        time=office.clock.now(),
        dataschema=f"/schemas/{event.type}/{event.schema_version}",
        position=position,
        subjectversion=event.subject_version,
        data=event.model_dump(mode="json"),
    )


def hear_in_disorder(office: Office, chance: random.Random) -> None:
    """All of the events, within each hundred shuffled, a fifth of them twice."""
    people = [office.li, office.wang, office.zhao]
    for person in people:
        office.has_address(person, f"{person}@example.org")
    for first in range(1, EVENTS + 1, TOGETHER):
        envelopes = [
            carried(office, position, status_changed(chance.choice(people), "usable", plan_number="JH-1"))
            for position in range(first, min(first + TOGETHER, EVENTS + 1))
        ]
        sent = envelopes + chance.sample(envelopes, len(envelopes) // 5)
        chance.shuffle(sent)
        for envelope in sent:
            office.hear_again(envelope)


def work_until_quiet(office: Office, post: Post) -> None:
    """Workers take jobs; one that dies leaves its job to another, when the lease is over."""
    while True:
        with office.store.read() as look:
            open_ = select(jobs.Job).where(jobs.Job.state.in_(("queued", "running")))
            due = look.all(open_.order_by(jobs.Job.due_at).limit(500))
        if not due:
            return
        for job in due:
            if job.due_at > office.clock.now():
                continue
            try:
                send(office.store, post, UUID(job.arguments["delivery_id"]), job.arguments["turn"])
            except SystemExit:
                continue  # its row is still there
            with office.store.work() as work:
                work.get(jobs.Job, job.id).state = "done"
        office.clock.move(minutes=5)


@pytest.mark.timeout(900)
def test_one_message_and_one_accepted_delivery_each(office: Office, chance: random.Random) -> None:
    hear_in_disorder(office, chance)
    taken: Counter[UUID] = Counter()
    post = post_of(office.here)
    unlucky = replace(post, sender_of=lambda provider: Unlucky(post.sender_of(provider), chance, taken))
    work_until_quiet(office, unlucky)
    with office.store.read() as look:
        messages = look.session.scalar(select(func.count()).select_from(Message))
        deliveries = look.all(select(Delivery))
        accepted = select(Attempt.delivery_id).where(Attempt.outcome == Outcome.ACCEPTED)
        accepted_once = Counter(look.all(accepted))
    assert messages == EVENTS
    assert len(deliveries) == EVENTS
    lost = {delivery.id: delivery.lost for delivery in deliveries}
    assert max(accepted_once.values()) == 1
    for delivery in deliveries:
        if delivery.lost == 0:
            assert (delivery.state, taken[delivery.id]) == ("accepted", 1)
        assert taken[delivery.id] <= 1 + min(delivery.lost, 1), "at most one more for a lost answer"
        assert delivery.state == "accepted" or (delivery.code == "answer_lost" and delivery.lost == 2)
    listed = office.get(office.admin, "deliveries?answer_lost=true&limit=100").json()
    assert len(listed["items"]) == min(100, sum(1 for count in lost.values() if count))
