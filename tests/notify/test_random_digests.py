"""Digests, throttle and quiet hours while workers die at random: every message goes out exactly once."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from services.notify.delivery import Delivery
from services.notify.jobs import post_of
from services.notify.kinds import COLLECTED
from services.notify.message import Message
from services.notify.moments.digest import CLOSE, Digest
from services.notify.moments.letter import close_digest
from services.notify.post import Post
from services.notify.sending import send
from shared import jobs
from shared.clock import SHANGHAI
from tests.notify.choosing import NIGHT, it_is, wants
from tests.notify.office import Office, status_changed
from tests.notify.test_random_kills import EVENTS, Unlucky, chance

__all__ = ["chance"]


def do(office: Office, post: Post, job: jobs.Job, dice: random.Random) -> None:
    """One job, by a worker that may die before it has committed, or before it has said that it is done."""
    if job.task == CLOSE:
        with office.store.work() as work:
            close_digest(work, UUID(job.arguments["digest_id"]))
            if dice.random() < 0.2:
                raise SystemExit("dead in the middle")
    else:
        send(office.store, post, UUID(job.arguments["delivery_id"]), job.arguments["turn"])
    if dice.random() < 0.1:
        raise SystemExit("dead at the end")


def work_on(office: Office, post: Post, dice: random.Random) -> bool:
    """Does what is due; false when nothing is left to do, now or later."""
    with office.store.read() as look:
        left = look.all(select(jobs.Job).where(jobs.Job.state != "done").order_by(jobs.Job.due_at))
    for job in left:
        if job.due_at > office.clock.now():
            continue
        try:
            do(office, post, job, dice)
        except SystemExit:
            continue  # its row is still there, and it is done again
        with office.store.work() as work:
            work.get(jobs.Job, job.id).state = "done"
    return bool(left)


@pytest.mark.timeout(900)
def test_every_message_goes_out_exactly_once_by_itself_or_in_a_letter(
    office: Office, chance: random.Random
) -> None:
    people = [office.li, office.wang, office.zhao]
    for person in people:
        office.has_address(person, f"{person}@example.org")
    wants(office, office.li, ("*", "email", "digest"), digest_times=["10:00", "13:00", "16:00"])
    wants(office, office.wang, hourly_limit=3)
    wants(office, office.zhao, hourly_limit=5, working_days_only=True, **NIGHT)
    it_is(office, "2026-11-27 15:00")  # a Friday
    taken: Counter[UUID] = Counter()
    usual = post_of(office.here)
    post = replace(usual, sender_of=lambda provider: Unlucky(usual.sender_of(provider), chance, taken))
    for number in range(EVENTS):
        event = status_changed(chance.choice(people), "usable", plan_number="JH-1", name=f"第 {number} 项")
        office.hear(event)
        if chance.random() < 0.3:
            office.clock.move(minutes=chance.randrange(30))
            work_on(office, post, chance)
    while work_on(office, post, chance):
        office.clock.move(minutes=20)

    with office.store.read() as look:
        messages = look.all(select(Message).where(Message.kind != COLLECTED.name))
        letters = {row.id: row for row in look.all(select(Message).where(Message.kind == COLLECTED.name))}
        digests = look.all(select(Digest).where(Digest.message_id.in_(letters)))
        deliveries = {delivery.message_id: delivery for delivery in look.all(select(Delivery))}
    assert len(messages) == EVENTS
    assert len(deliveries) == EVENTS + len(letters)
    counts = {
        digest.id: letters[digest.message_id].context["count"] for digest in digests if digest.message_id
    }
    members = Counter(delivery.digest_id for delivery in deliveries.values() if delivery.digest_id)
    assert members == counts
    listed = Counter(line["title"] for letter in letters.values() for line in letter.context["messages"])
    for message in messages:
        delivery = deliveries[message.id]
        by_itself = delivery.digest_id is None
        assert listed[message.title] <= (0 if by_itself else 1)
        if delivery.code == "answer_lost":  # workers died at it twice, perhaps before they had sent anything
            assert delivery.state == "failed"
        else:
            assert delivery.state == "accepted"
            assert (taken[delivery.id] >= 1) == by_itself
    for delivery in deliveries.values():
        assert taken[delivery.id] <= 1 + min(delivery.lost, 1), "at most one more for a lost answer"
    for delivery in deliveries.values():
        local = delivery.changed_at.astimezone(SHANGHAI)
        if delivery.person_id == office.zhao and delivery.state == "accepted":
            assert local.weekday() < 5
            assert 7 <= local.hour < 22
