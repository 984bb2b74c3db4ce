"""Mail that has to be tried again: after a refusal, and after the death of a process."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from services.notify.answer import Answer, Outcome
from services.notify.delivery import RETRY_AFTER
from services.notify.jobs import post_of
from services.notify.letter import Letter, Sender
from services.notify.notice import SEND
from services.notify.post import Post
from services.notify.sending import claim, send
from shared import doing, jobs
from tests.notify.choosing import NIGHT, it_is, runs_until_quiet, wants
from tests.notify.office import ADDRESS, Office, slot_closed, slot_opened, status_changed
from tests.notify.post_office import (
    Replies,
    broken_office,
    post_office,
    reset,
)


def test_tries_grow_apart_then_the_delivery_has_failed_and_can_be_sent_again(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    replies = Replies(data="451 not now")
    with post_office(replies) as address:
        office.use_server(address)
        waits = []
        while office.run_jobs():
            (delivery,) = office.deliveries()
            if delivery.next_try_at is None:
                break
            waits.append((delivery.next_try_at - office.clock.now()).total_seconds())
            office.clock.move(seconds=waits[-1] - 0.5)
            assert office.run_jobs() == 0
            office.clock.move(seconds=1)
        assert len(waits) == len(RETRY_AFTER)
        assert all(0.8 * due <= wait <= 1.2 * due for wait, due in zip(waits, RETRY_AFTER, strict=True))
        assert (delivery.state, delivery.code, delivery.attempts) == ("failed", "451", 6)
        assert [event.type for event in office.outcomes()] == ["delivery.failed"]

        dead = office.get(office.admin, "deliveries?state=failed").json()["items"]
        assert [item["id"] for item in dead] == [str(delivery.id)]
        assert len(dead[0]["tries"]) == 6
        assert office.post(office.admin, f"deliveries/{delivery.id}/resend").json()["state"] == "queued"
        replies.data = "250 OK"
        office.run_jobs()
    (mail,) = replies.taken
    assert mail["Message-ID"] == f"<{delivery.id}@localhost>"
    assert [event.type for event in office.outcomes()] == ["delivery.failed", "delivery.completed"]


class Dies:
    """Hands the letter over, and then the process is no more."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.provider = sender.provider

    def send(self, letter: Letter) -> Answer:
        self.sender.send(letter)
        raise SystemExit


def dying(office: Office) -> Post:
    post = post_of(office.here)
    return replace(post, sender_of=lambda provider: Dies(post.sender_of(provider)))


def test_a_process_that_dies_after_sending_sends_the_same_message_once_more(any_office: Office) -> None:
    office, replies = any_office, Replies()
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    with office.store.read() as look:
        job = look.session.scalars(select(jobs.Job)).one()
    with post_office(replies) as address:
        office.use_server(address)
        with pytest.raises(SystemExit):
            send(office.store, dying(office), UUID(job.arguments["delivery_id"]), job.arguments["turn"])
        assert [d.state for d in office.deliveries()] == ["sending"]
        doing.run(office.here, job.id)
        doing.run(office.here, job.id)
    first, second = replies.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes().count(b"Date:") == 1
    assert first["Date"] == second["Date"]
    assert [d.state for d in office.deliveries()] == ["accepted"]
    assert [event.type for event in office.outcomes()] == ["delivery.completed"]


def test_a_kept_mail_that_is_written_twice_is_one_file(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    with office.store.read() as look:
        job = look.session.scalars(select(jobs.Job)).one()
    with pytest.raises(SystemExit):
        send(office.store, dying(office), UUID(job.arguments["delivery_id"]), 1)
    office.run_jobs()
    assert len(office.kept_mail()) == 1


def test_a_try_that_is_over_is_not_made_again(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    (delivery,) = office.deliveries()
    (file,) = office.kept_mail()
    file.unlink()
    for attempt in (1, 2):
        send(office.store, post_of(office.here), delivery.id, attempt)
    assert office.kept_mail() == []
    assert len(office.attempts()) == 1


def test_two_workers_with_a_job_each_for_the_same_try_make_one(any_office: Office) -> None:
    """Whoever changes his quiet time in the night has what waits judged anew, and held till the morning."""
    office = any_office
    office.has_address(office.li, ADDRESS)
    it_is(office, "2026-11-23 21:30")
    wants(office, office.li, **NIGHT)
    it_is(office, "2026-11-23 22:30")
    office.hear(status_changed(office.li, "usable", plan_number="JH-1"))
    for _ in range(2):
        wants(office, office.li, **NIGHT)
        runs_until_quiet(office)
    it_is(office, "2026-11-24 07:00")
    with office.store.read() as look:
        queued = look.all(select(jobs.Job).where(jobs.Job.task == SEND, jobs.Job.state == "queued"))
    assert len(queued) == 3
    claims = [
        claim(office.store, post_of(office.here), UUID(job.arguments["delivery_id"]), job.arguments["turn"])
        for job in queued
    ]
    (mine,) = (claimed for claimed in claims if claimed is not None)
    office.note(mine, Answer(Outcome.ACCEPTED, "250"))
    assert [(d.state, d.lost) for d in office.deliveries()] == [("accepted", 0)]


def test_a_todo_that_was_done_while_its_mail_waited_is_not_mailed(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    opened = slot_opened(office.wang)
    office.hear(opened)
    with broken_office(reset) as address:
        office.use_server(address)
        office.run_jobs()
    office.hear(slot_closed(opened))
    office.clock.move(minutes=1)
    office.run_jobs()
    assert [(d.state, d.code) for d in office.deliveries()] == [("suppressed", "stale")]
