"""A delivery's own rules, without a database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.notify.answer import Answer, Outcome
from services.notify.delivery import LABELS, MOVES, RETRY_AFTER, Delivery, State
from services.notify.message import Message
from shared.database import new_id
from shared.errors import Conflict
from tests.lone import MORNING

PROVIDER = new_id()
TAKEN = Answer(Outcome.ACCEPTED, "250")
LATER = Answer(Outcome.RETRY, "451")


def a_delivery(state: State = State.QUEUED, tries: int = 0) -> Delivery:
    message = Message(
        id=new_id(), person_id=new_id(), kind="slot.opened", title="轮到您审核", person_name="王芳"
    )
    message.doc_type, message.doc_id = "plan", new_id()
    return Delivery(
        id=new_id(),
        message=message,
        person_id=new_id(),
        event_type="slot.opened",
        channel="email",
        state=state,
        code="",
        turn=1 + tries,
        tries=tries,
        attempts=tries,
        lost=0,
        passed=[],
        not_brought=[],
        created_at=MORNING,
        changed_at=MORNING,
    )


def test_a_try_that_was_cut_off_begins_again_without_being_counted() -> None:
    delivery = a_delivery()
    assert (delivery.is_due(1), delivery.is_due(2)) == (True, False)
    delivery.start(PROVIDER, MORNING)
    assert (delivery.state, delivery.attempts, delivery.is_due(1)) == ("sending", 1, True)
    delivery.start(PROVIDER, MORNING)
    assert delivery.attempts == 1


def test_a_held_delivery_waits_without_a_try() -> None:
    delivery, evening = a_delivery(), MORNING + timedelta(hours=8)
    assert delivery.hold("quiet", evening, MORNING) == 2
    assert (delivery.state, delivery.code, delivery.next_try_at) == ("held", "quiet", evening)
    assert (delivery.tries, delivery.attempts) == (0, 0)
    assert (delivery.is_due(1), delivery.is_due(2)) == (False, True), "the job of before has nothing to do"
    delivery.start(PROVIDER, evening)
    assert (delivery.state, delivery.code, delivery.attempts) == ("sending", "", 1)


def test_the_tries_of_a_delivery_end() -> None:
    delivery = a_delivery()
    for number, seconds in enumerate(RETRY_AFTER, 1):
        assert delivery.is_due(number)
        delivery.start(PROVIDER, MORNING)
        again = delivery.put_off(LATER, MORNING)
        assert again is not None
        assert timedelta(seconds=0.8 * seconds) <= again - MORNING <= timedelta(seconds=1.2 * seconds)
    delivery.start(PROVIDER, MORNING)
    assert delivery.put_off(LATER, MORNING) is None
    event = delivery.fail("451", "later", MORNING)
    assert (event.attempts, event.code, delivery.state) == (6, "451", "failed")
    assert (event.about, event.person_name) == (f"plan/{event.doc_id}", "王芳")
    assert delivery.resend(MORNING) == 7
    delivery.start(PROVIDER, MORNING)
    assert (delivery.tries, delivery.attempts) == (1, 7)


@pytest.mark.parametrize("state", list(State))
def test_only_the_moves_of_the_table_are_possible(state: State) -> None:
    acts: dict[str, Callable[[Delivery], object]] = {
        "start": lambda found: found.start(PROVIDER, MORNING),
        "hold": lambda found: found.hold("quiet", MORNING, MORNING),
        "wake": lambda found: found.wake(MORNING),
        "pass_on": lambda found: found.pass_on(LATER, MORNING),
        "come_back": lambda found: found.come_back(LATER, MORNING),
        "accept": lambda found: found.accept(TAKEN, MORNING),
        "confirm": lambda found: found.confirm(MORNING),
        "put_off": lambda found: found.put_off(LATER, MORNING),
        "fail": lambda found: found.fail("550", "", MORNING),
        "suppress": lambda found: found.suppress("stale", MORNING),
        "resend": lambda found: found.resend(MORNING),
    }
    assert acts.keys() == MOVES.keys()
    for verb, act in acts.items():
        delivery = a_delivery(state, tries=1)
        sources, target = MOVES[verb]
        if state in sources:
            act(delivery)
            assert delivery.state == target
        else:
            with pytest.raises(Conflict):
                act(delivery)
            assert delivery.state == state


def test_every_state_has_a_label() -> None:
    assert LABELS.keys() == set(State)
