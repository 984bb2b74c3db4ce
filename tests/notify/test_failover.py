"""Several providers of a channel: the next one is asked when one cannot, and nobody is told twice."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

from services.notify.answer import Answer, Outcome
from services.notify.jobs import post_of
from services.notify.provider import PROBE_AFTER, Provider, take_probe
from services.notify.sending import claim
from tests.notify.office import ADDRESS, Office, slot_opened
from tests.notify.post_office import Replies, broken_office, hang, post_office, reset, take_in_silence


def tried(office: Office) -> list[tuple[str, str]]:
    return [(attempt.outcome, attempt.code) for attempt in office.attempts()]


def test_the_next_provider_is_asked_at_once_when_one_puts_it_off(any_office: Office) -> None:
    office, busy, free = any_office, Replies(data="451 busy"), Replies()
    office.has_address(office.wang, ADDRESS)
    with post_office(busy) as first, post_office(free) as second:
        office.smtp(second, priority=20)
        office.smtp(first, priority=10)
        office.hear(slot_opened(office.wang))
        while office.run_jobs():
            pass
    assert tried(office) == [("retry", "451"), ("accepted", "250")]
    assert len(free.taken) == 1
    (delivery,) = office.deliveries()
    assert (delivery.state, delivery.tries, delivery.attempts, delivery.passed) == ("accepted", 1, 2, [])
    assert [event.data["attempts"] for event in office.published("delivery.completed")] == [2]


def test_a_round_through_all_providers_is_one_try(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    with broken_office(reset) as first, post_office(Replies(rcpt="421 busy")) as second:
        office.smtp(first, priority=10)
        office.smtp(second, priority=20)
        office.hear(slot_opened(office.wang))
        while office.run_jobs():
            pass
        (delivery,) = office.deliveries()
        assert (delivery.state, delivery.tries, delivery.attempts) == ("queued", 1, 2)
        assert delivery.next_try_at is not None
        assert delivery.next_try_at - office.clock.now() >= timedelta(seconds=24)
        office.clock.move(minutes=1)
        while office.run_jobs():
            pass
    assert [code for _, code in tried(office)] == ["no_connection", "421"] * 2


def test_a_letter_that_is_refused_for_good_goes_to_nobody_else(office: Office) -> None:
    other = Replies()
    office.has_address(office.wang, ADDRESS)
    with post_office(Replies(rcpt="550 no such user")) as first, post_office(other) as second:
        office.smtp(first, priority=10)
        office.smtp(second, priority=20)
        office.hear(slot_opened(office.wang))
        while office.run_jobs():
            pass
    assert [d.state for d in office.deliveries() if d.person_id == office.wang] == ["failed"]
    assert other.taken == []


def test_a_sender_that_one_server_refuses_goes_by_another(office: Office) -> None:
    """And the refusal is told to the administrator, once: no mail is given up for it."""
    other = Replies()
    office.has_address(office.wang, ADDRESS)
    with post_office(Replies(mail="553 not yours")) as first, post_office(other) as second:
        provider = office.smtp(first, priority=10)
        office.smtp(second, priority=20)
        for _ in range(2):
            office.hear(slot_opened(office.wang))
            while office.run_jobs():
                pass
    assert len(other.taken) == 2
    assert {delivery.state for delivery in office.deliveries()} == {"accepted"}
    assert office.get(office.admin, f"providers/{provider['id']}").json()["broken"]["code"] == "553"
    assert [message["kind"] for message in office.messages(office.admin)] == ["provider.broken"]


def test_after_a_lost_answer_there_is_one_more_try_and_no_other_provider(office: Office) -> None:
    other = Replies()
    office.has_address(office.wang, ADDRESS)
    with broken_office(take_in_silence) as first, post_office(other) as second:
        office.smtp(first, priority=10)
        office.smtp(second, priority=20)
        office.hear(slot_opened(office.wang))
        while office.run_jobs():
            pass
        (delivery,) = office.deliveries()
        assert (delivery.state, delivery.lost, other.taken) == ("queued", 1, [])
        office.clock.move(minutes=1)
        office.run_jobs()
    assert tried(office) == [("unknown", "no_connection")] * 2
    (delivery,) = office.deliveries()
    assert (delivery.state, delivery.code, delivery.lost) == ("failed", "answer_lost", 2)
    (listed,) = office.get(office.admin, "deliveries?answer_lost=true").json()["items"]
    assert (listed["id"], listed["answers_lost"]) == (str(delivery.id), 2)


def test_a_server_that_hangs_before_it_has_seen_the_mail_has_not_taken_it(office: Office) -> None:
    other = Replies()
    office.has_address(office.wang, ADDRESS)
    with broken_office(hang) as first, post_office(other) as second:
        office.smtp(first, priority=10, timeout=0.2)
        office.smtp(second, priority=20)
        office.hear(slot_opened(office.wang))
        while office.run_jobs():
            pass
    assert tried(office) == [("retry", "timeout"), ("accepted", "250")]
    assert len(other.taken) == 1


def test_a_process_that_dies_twice_while_sending_leaves_it_to_a_person(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    (delivery,) = office.deliveries()
    post = post_of(office.here)
    for _ in range(2):
        assert claim(office.store, post, delivery.id, 1) is not None
    assert claim(office.store, post, delivery.id, 1) is None
    (delivery,) = office.deliveries()
    assert (delivery.state, delivery.code) == ("failed", "answer_lost")
    assert tried(office) == [("unknown", "interrupted")] * 2
    assert office.kept_mail() == []


def test_an_answer_that_comes_late_still_counts(office: Office) -> None:
    """A process that stood still for minutes comes back with its answer after another has taken over."""
    office.has_address(office.wang, ADDRESS)
    office.hear(slot_opened(office.wang))
    (delivery,) = office.deliveries()
    post = post_of(office.here)
    late = claim(office.store, post, delivery.id, 1)
    again = claim(office.store, post, delivery.id, 1)
    assert late is not None
    assert again is not None
    office.note(again, Answer(Outcome.RETRY, "451"))
    office.note(late, Answer(Outcome.ACCEPTED, "250"))
    assert [(d.state, d.next_try_at) for d in office.deliveries()] == [("accepted", None)]
    office.clock.move(minutes=1)
    office.run_jobs()
    assert office.kept_mail() == []


def test_whoever_keeps_letters_never_stands_in_for_somebody_who_failed(office: Office) -> None:
    office.has_address(office.wang, ADDRESS)
    with broken_office(reset) as address:
        office.smtp(address, priority=500)
        office.hear(slot_opened(office.wang))
        while office.run_jobs():
            pass
    assert office.kept_mail() == []
    assert [delivery.state for delivery in office.deliveries()] == ["queued"]


def test_one_of_many_threads_gets_the_probe(any_office: Office) -> None:
    office = any_office
    provider_id = office.smtp("127.0.0.1:1", priority=1)["id"]
    with office.store.work() as work:
        provider = work.get(Provider, UUID(provider_id))
        provider.fail("535", "", work.now)
    office.clock.move(seconds=PROBE_AFTER.total_seconds() + 1)
    won: list[bool] = []

    def try_it() -> None:
        with office.store.work() as work:
            won.append(take_probe(work, provider))

    threads = [threading.Thread(target=try_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 5 + [True]
