"""The unread number is the length of the unread list, whatever people and events do at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.notify.kinds import example_of
from services.notify.message import Message
from services.notify.moments.digest import Key, begin
from services.notify.moments.letter import close_digest
from services.notify.moments.moment import Moment, Window
from services.notify.notice import Notice, Occasion, tell
from services.notify.queries import Tab, inbox, inbox_counts, read_all
from services.notify.slot import SlotCopy
from shared.database import new_id
from shared.store import Work
from tests.notify.office import Office

SLOTS = 6
Act = tuple[str, int]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["tell", "turn", "done", "read", "read_all", "digest"]), st.integers(0, SLOTS - 1)
    ),
    max_size=8,
)


class Desk:
    """A person's inbox, and what may happen to it; each act is one transaction, as routes and handlers do."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.person_id = new_id()
        self.slots = [new_id() for _ in range(SLOTS)]

    def do(self, act: Act) -> None:
        name, number = act
        acts: dict[str, Callable[[Work, UUID], Any]] = {
            "tell": self._tell,
            "turn": self._turn,
            "done": self._done,
            "read": self._read,
            "read_all": lambda work, _: read_all(work, self.person_id, None),
            "digest": self._digest,
        }
        with self.office.store.work() as work:
            acts[name](work, self.slots[number])

    def _tell(self, work: Work, _: UUID) -> None:
        tell(work, self.person_id, notice(work, "plan.usable"))

    def _turn(self, work: Work, slot_id: UUID) -> None:
        row = {"slot_id": slot_id, "holder_id": self.person_id, "case_version": 1, "is_open": True}
        work.execute(work.insert(SlotCopy).values(**row).on_conflict_do_nothing())
        tell(work, self.person_id, notice(work, "slot.opened", slot_id))

    def _done(self, work: Work, slot_id: UUID) -> None:
        mine = inbox(self.person_id, Tab.ALL).where(Message.slot_id == slot_id, Message.done_at.is_(None))
        for message in work.lock_all(mine.order_by(Message.id)):
            message.finish(work.now)

    def _read(self, work: Work, _: UUID) -> None:
        newest = work.first(inbox(self.person_id, Tab.UNREAD).order_by(Message.id.desc()))
        if newest is not None:
            work.get(Message, newest.id).read(work.now)

    def _digest(self, work: Work, _: UUID) -> None:
        window = Window(work.now, Moment(work.now, work.now))
        digest_id = begin(work, self.person_id, "*", Key.TODO, window)
        if digest_id is not None:
            close_digest(work, digest_id)

    def numbers(self) -> tuple[int, int]:
        with self.office.store.read() as look:
            return inbox_counts(look, self.person_id)

    def lengths(self) -> tuple[int, int]:
        with self.office.store.read() as look:
            unread, todo = (len(look.all(inbox(self.person_id, tab))) for tab in (Tab.UNREAD, Tab.TODO))
        return unread, todo


def notice(work: Work, kind: str, slot_id: UUID | None = None) -> Notice:
    occasion = Occasion(new_id(), kind, "x/1", work.now)
    return Notice(kind, example_of(kind), "/x", slot_id=slot_id, occasion=occasion)


def together(desk: Desk, hands: Sequence[Sequence[Act]]) -> None:
    """Each hand does its acts in order, all hands at once."""
    begin_together = threading.Barrier(len(hands))
    failed: list[BaseException] = []

    def act(acts: Sequence[Act]) -> None:
        begin_together.wait()
        try:
            for one in acts:
                desk.do(one)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=act, args=(acts,)) for acts in hands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@given(hands=st.lists(ACTS, min_size=2, max_size=4))
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_unread_and_todo_numbers_are_the_lengths_of_the_lists(
    any_office: Office, hands: list[list[Act]]
) -> None:
    desk = Desk(any_office)
    together(desk, hands)
    counts = desk.numbers()
    assert counts == desk.lengths()
    with any_office.store.read() as look:
        rows = look.all(select(Message).where(Message.person_id == desk.person_id))
    shown = [row for row in rows if row.kind not in ("todo.digest", "digest.collected")]
    unread = [row for row in shown if row.read_at is None and row.done_at is None]
    todo = [row for row in shown if row.kind == "slot.opened" and row.done_at is None]
    assert counts == (len(unread), len(todo))


def test_the_acts_of_the_property_do_what_they_say(office: Office) -> None:
    desk = Desk(office)
    desk.do(("turn", 0))
    desk.do(("digest", 0))
    assert desk.numbers() == (1, 1)
    desk.do(("read", 0))
    assert desk.numbers() == (0, 1)
    desk.do(("done", 0))
    assert desk.numbers() == (0, 0)
    desk.do(("tell", 0))
    desk.do(("read_all", 0))
    assert desk.numbers() == (0, 0)
