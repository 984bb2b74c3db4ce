"""The unread number is the length of the unread list, whatever people and events do at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
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
from services.notify.queries import Numbers, Tab, archive_read, inbox, inbox_counts, read_all
from services.notify.slot import SlotCopy
from services.notify.snoozing import snooze, wake
from shared.database import new_id
from shared.errors import Conflict
from shared.store import Work
from tests.notify.office import Office

SLOTS = 6
SOON = timedelta(minutes=1)
Act = tuple[str, int]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("tell", "turn", "done", "read", "read_all", "digest"),
                *("unread", "archive", "unarchive", "archive_read", "snooze", "unsnooze", "wake"),
            ]
        ),
        st.integers(0, SLOTS - 1),
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
            "unread": lambda work, _: self._newest(work, Tab.ALL, Message.unread_again),
            "archive": lambda work, _: self._newest(work, Tab.ALL, lambda one: one.archive(work.now)),
            "unarchive": lambda work, _: self._newest(work, Tab.ARCHIVED, Message.unarchive),
            "archive_read": lambda work, _: archive_read(work, self.person_id),
            "snooze": lambda work, _: self._newest(
                work, Tab.ALL, lambda one: snooze(work, one, work.now + SOON)
            ),
            "unsnooze": lambda work, _: self._newest(work, Tab.SNOOZED, Message.unsnooze),
        }
        if name == "wake":
            self._wake()
            return
        with self.office.store.work() as work:
            acts[name](work, self.slots[number])

    def _tell(self, work: Work, _: UUID) -> None:
        tell(work, self.person_id, notice(work, "plan.usable"))

    def _turn(self, work: Work, slot_id: UUID) -> None:
        row = {"slot_id": slot_id, "holder_id": self.person_id, "case_version": 1, "is_open": True}
        work.execute(work.insert(SlotCopy).values(**row).on_conflict_do_nothing())
        tell(work, self.person_id, notice(work, "slot.opened", slot_id))

    def _done(self, work: Work, slot_id: UUID) -> None:
        mine = select(Message).where(Message.slot_id == slot_id, Message.done_at.is_(None))
        for message in work.lock_all(mine.order_by(Message.id)):
            message.finish(work.now)

    def _read(self, work: Work, _: UUID) -> None:
        newest = work.first(inbox(self.person_id, Tab.UNREAD).order_by(Message.id.desc()))
        if newest is not None:
            work.get(Message, newest.id).read(work.now)

    def _newest(self, work: Work, tab: Tab, change: Callable[[Message], Any]) -> None:
        """Does something to the newest message of a list, as it is once it is locked."""
        newest = work.first(inbox(self.person_id, tab).order_by(Message.id.desc()))
        if newest is not None:
            with suppress(Conflict):
                change(work.get(Message, newest.id))

    def _wake(self) -> None:
        """The time of everything that is put off has come."""
        self.office.clock.move(minutes=2)
        with self.office.store.read() as look:
            asleep = look.all(inbox(self.person_id, Tab.SNOOZED).order_by(Message.id))
        for message in asleep:
            wake(self.office.store, message.id)

    def _digest(self, work: Work, _: UUID) -> None:
        window = Window(work.now, Moment(work.now, work.now))
        digest_id = begin(work, self.person_id, "*", Key.TODO, window)
        if digest_id is not None:
            close_digest(work, digest_id)

    def numbers(self) -> Numbers:
        with self.office.store.read() as look:
            return inbox_counts(look, self.person_id)

    def lengths(self) -> dict[Tab, int]:
        with self.office.store.read() as look:
            return {tab: len(look.all(inbox(self.person_id, tab))) for tab in Tab}


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
    counts, lengths = desk.numbers(), desk.lengths()
    assert counts == (lengths[Tab.UNREAD], lengths[Tab.TODO], lengths[Tab.SNOOZED])
    with any_office.store.read() as look:
        rows = look.all(select(Message).where(Message.person_id == desk.person_id))
    shown = [row for row in rows if row.kind not in ("todo.digest", "digest.collected")]
    asleep = [row for row in shown if row.snoozed_until is not None]
    away = [row for row in shown if row.archived_at is not None]
    at_hand = [row for row in shown if row.snoozed_until is None and row.archived_at is None]
    unread = [row for row in at_hand if row.read_at is None and row.done_at is None]
    todo = [row for row in shown if row.kind == "slot.opened" and row.done_at is None]
    assert counts == (len(unread), len(todo), len(asleep))
    assert (lengths[Tab.ALL], lengths[Tab.ARCHIVED]) == (len(at_hand), len(away))
    assert len(at_hand) + len(asleep) + len(away) == len(shown)
    assert not any(row.done_at for row in asleep)
    assert not any(row.is_open_todo for row in away)


def test_the_acts_of_the_property_do_what_they_say(office: Office) -> None:
    desk = Desk(office)

    def after(*acts: str) -> tuple[int, ...]:
        for act in acts:
            desk.do((act, 0))
        return (*desk.numbers(), desk.lengths()[Tab.ARCHIVED])

    assert after("turn", "digest") == (1, 1, 0, 0)
    assert after("read") == (0, 1, 0, 0)
    assert after("unread") == (1, 1, 0, 0)
    assert after("archive") == (1, 1, 0, 0)
    assert after("snooze") == (0, 1, 1, 0)
    assert after("wake") == (1, 1, 0, 0)
    assert after("snooze", "unsnooze") == (1, 1, 0, 0)
    assert after("snooze", "done", "wake") == (0, 0, 0, 0)
    assert after("archive_read") == (0, 0, 0, 1)
    assert after("tell", "archive") == (0, 0, 0, 2)
    assert after("unarchive") == (1, 0, 0, 1)
    assert after("read_all") == (0, 0, 0, 1)
