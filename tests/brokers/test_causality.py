"""What an event's publisher knew when it published, its receiver has to know before it judges."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from shared.broker import Delivery
from shared.database import new_id
from shared.events import Envelope
from shared.events.directory import DistrictChanged, PersonChanged
from shared.feed import FeedPage, FeedReplaced
from shared.inbox import Checkpoint, Handlers, InboxRow
from shared.people import Copies, PersonCopy, keep_copies
from shared.receiver import Receiver
from shared.service import Service
from shared.store import Work
from tests.brokers.pair.model import MIGRATIONS, Counted, Pair
from tests.lone import Lone

events = Handlers()
keep_copies(events)
JUDGED: list[tuple[str, bool]] = []
PERSON = UUID(int=7)


@events.on(Counted)
def judge(work: Work, event: Counted) -> None:
    """A verdict that needs the copy of people."""
    if event.name == "broken":
        raise RuntimeError("cannot judge")
    JUDGED.append((event.name, work.find(PersonCopy, PERSON) is not None))


@pytest.fixture
def lone(tmp_path: Path, database_url: str) -> Iterator[Lone]:
    JUDGED.clear()
    service = Service("right", "right", (), (Pair.metadata, Copies.metadata), MIGRATIONS, events)
    made = Lone(service, tmp_path, database_url)
    Copies.metadata.create_all(made.store.writer)
    yield made
    made.close()


def a_person() -> PersonChanged:
    return PersonChanged(person_id=PERSON, version=1, name="王芳", active=True, epoch=1, appointments=[])


def a_district() -> DistrictChanged:
    return DistrictChanged(
        code="140000", version=1, name="山西省", level="province", parent_code=None, path="/140000/"
    )


def settle(lone: Lone) -> None:
    for receiver in lone.receivers.values():
        receiver.retry()


def test_an_event_waits_until_its_receiver_knows_what_its_publisher_knew(lone: Lone) -> None:
    lone.hear(Counted(name="a", value=1), knows={"directory": 2})
    settle(lone)
    assert JUDGED == []

    lone.hear(a_district())
    settle(lone)
    assert JUDGED == []

    lone.hear(a_person())
    settle(lone)
    assert JUDGED == [("a", True)]
    assert attempts(lone) == []


def attempts(lone: Lone) -> list[int]:
    with lone.store.read() as look:
        return look.all(select(InboxRow.attempts))


def test_later_events_of_a_waiting_subject_wait_behind_it_and_others_do_not(lone: Lone) -> None:
    lone.hear(Counted(name="a", value=1), knows={"directory": 1})
    lone.hear(Counted(name="a", value=2))
    lone.hear(Counted(name="b", value=1))
    assert JUDGED == [("b", False)]

    lone.hear(a_person())
    settle(lone)
    assert JUDGED == [("b", False), ("a", True), ("a", True)]


def test_a_parked_event_of_another_publisher_holds_nobody_up(lone: Lone) -> None:
    lone.hear(a_person())
    lone.hear(Counted(name="broken", value=1), fail=False)
    with lone.store.work() as work:
        work.get(Checkpoint, "left")
        row = work.session.get_one(InboxRow, ("left", 1))
        row.state = "parked"
    lone.hear(a_district(), knows={"left": 1}, fail=False)
    with lone.store.read() as look:
        assert look.get(Checkpoint, "directory").waiting == 0


def test_the_same_event_again_changes_nothing(lone: Lone) -> None:
    carried = lone.hear(Counted(name="a", value=1))
    for _ in range(3):
        lone.hear_again(carried)
    assert JUDGED == [("a", False)]


def test_a_replaced_feed_is_an_alarm_and_not_followed(lone: Lone) -> None:
    feed_id = new_id()

    def read(after: int) -> FeedPage:
        return FeedPage(feed_id=feed_id, events=[], next=after, head=after, oldest=1)

    receiver = Receiver(lone.store, events, "left", read)
    receiver.repair()
    feed_id = new_id()
    with pytest.raises(FeedReplaced):
        receiver.repair()


def test_another_event_at_the_checkpoint_is_an_alarm_and_nothing_behind_it_is_taken(lone: Lone) -> None:
    """As a publisher's older backup looks that has gone on before its feed was read again."""
    lone.hear(Counted(name="a", value=1))
    second = lone.hear(Counted(name="a", value=2))
    third = second.model_copy(update={"id": new_id(), "position": 3})
    other = second.model_copy(update={"id": new_id()})
    acked: list[Envelope] = []
    deliveries = [
        Delivery(event.model_dump_json().encode(), partial(acked.append, event)) for event in (other, third)
    ]
    with pytest.raises(FeedReplaced, match="position_conflict"):
        lone.receivers["left"].take_deliveries(deliveries)
    assert (JUDGED, acked) == ([("a", False)] * 2, [])
