"""Live push: the number itself, soon, over a real connection, for as long as the token lasts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn

from services.notify.api import stream
from services.notify.api.live import close_live, live_of
from services.notify.handlers import events
from services.notify.service import service
from shared.database import new_id
from shared.service import Running
from shared.store import Store
from shared.web import Door
from tests.conftest import server_url
from tests.notify.office import Office, slot_closed, slot_opened

SOON = 1.0
"""Seconds within which a change must be seen."""


class Page:
    """An open page: what its stream has said, line by line, and the end."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.said: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self.headers: httpx.Headers = httpx.Headers()
        self.opened = threading.Event()
        self._client = httpx.Client(trust_env=False, timeout=20)
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(url, headers))
        self._thread.start()
        assert self.opened.wait(5)

    def _read(self, url: str, headers: dict[str, str]) -> None:
        try:
            with self._client.stream("GET", url, headers=headers) as answer:
                self.headers = answer.headers
                self.opened.set()
                self._take(answer.iter_lines())
        except httpx.TransportError:
            pass  # the server ended, or we left
        self.said.put(None)

    def _take(self, lines: Iterator[str]) -> None:
        event: dict[str, Any] = {}
        for line in lines:
            if self._leaving.is_set():
                return
            name, _, value = line.partition(": ")
            if line == "" and event:
                self.said.put(event)
                event = {}
            elif name == "data":
                event |= json.loads(value)
            elif name in ("id", "event"):
                event[f"_{name}"] = value

    def next(self, seconds: float = SOON) -> dict[str, Any] | None:
        """The next event; nothing when the stream has ended. Raises Empty when neither comes in time."""
        return self.said.get(timeout=seconds)

    def is_quiet(self, seconds: float = 0.3) -> bool:
        try:
            self.said.get(timeout=seconds)
        except Empty:
            return True
        return False

    def wait_for_end(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._client.close()


class Web:
    """The office behind a real web server."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.server = uvicorn.Server(
            uvicorn.Config(
                Door(office.app), port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=2
            )
        )
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        deadline = monotonic() + 10
        while not self.server.started and monotonic() < deadline:
            threading.Event().wait(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/api/notify/stream"
        self.pages: list[Page] = []

    def open(self, person_id: UUID, **headers: str) -> Page:
        page = Page(self.url, self.office.as_(person_id, self.office.unit, **headers))
        self.pages.append(page)
        return page

    def stop(self) -> float:
        """Shuts down; answers how many seconds that took."""
        began = monotonic()
        close_live(self.office.here)
        self.server.should_exit = True
        self.thread.join(10)
        assert not self.thread.is_alive()
        return monotonic() - began

    def end(self) -> None:
        self.stop()
        for page in self.pages:
            page.wait_for_end()


@contextmanager
def web_of(office: Office) -> Iterator[Web]:
    web = Web(office)
    try:
        yield web
    finally:
        web.end()


@pytest.fixture
def web(office: Office) -> Iterator[Web]:
    with web_of(office) as made:
        yield made


def test_the_number_comes_at_once_and_whenever_it_changes(web: Web, office: Office) -> None:
    office.hear(slot_opened(office.wang))
    page = web.open(office.wang)
    assert page.headers["content-type"].startswith("text/event-stream")
    assert page.headers["x-accel-buffering"] == "no"
    first = page.next()
    assert first is not None
    (message,) = office.messages(office.wang)
    assert first == {
        "_event": "counts",
        "_id": f"{message['id']}.1.1.0",
        "unread": 1,
        "todo": 1,
        "snoozed": 0,
        "newest": message["id"],
    }
    opened = slot_opened(office.wang)
    office.hear(opened)
    assert (page.next() or {})["unread"] == 2
    office.hear(slot_closed(opened))
    assert (page.next() or {})["unread"] == 1
    office.post(office.wang, "messages/read-all")
    last = page.next() or {}
    assert (last["unread"], last["todo"]) == (0, 1)


def test_nobody_else_is_told(web: Web, office: Office) -> None:
    pages = [web.open(person) for person in (office.wang, office.zhao)]
    assert [(page.next() or {})["unread"] for page in pages] == [0, 0]
    office.hear(slot_opened(office.wang))
    assert (pages[0].next() or {})["unread"] == 1
    assert pages[1].is_quiet()


def test_every_page_of_a_person_shows_the_same_number(web: Web, office: Office) -> None:
    pages = [web.open(office.wang) for _ in range(3)]
    for page in pages:
        page.next()
    office.hear(slot_opened(office.wang))
    assert [(page.next() or {})["unread"] for page in pages] == [1, 1, 1]


def test_who_comes_back_hears_only_what_he_does_not_know(web: Web, office: Office) -> None:
    office.hear(slot_opened(office.wang))
    known = (web.open(office.wang).next() or {})["_id"]
    back = web.open(office.wang, Last_Event_ID=known)
    assert back.is_quiet()
    office.hear(slot_opened(office.wang))
    assert (back.next() or {})["unread"] == 2
    late = web.open(office.wang, Last_Event_ID=known)
    assert (late.next() or {})["unread"] == 2


def test_the_stream_ends_with_the_token(web: Web, office: Office) -> None:
    page = web.open(office.wang)
    page.next()
    office.clock.move(minutes=16)
    office.hear(slot_opened(office.wang))
    assert page.next() == {"_event": "signed_out", "code": "token_expired"}
    assert page.next() is None


def test_the_stream_ends_when_the_person_is_out(web: Web, office: Office) -> None:
    page = web.open(office.wang)
    page.next()
    office.person("王芳", office.unit, "reviewer", person_id=office.wang, version=2, epoch=2, active=False)
    assert page.next() == {"_event": "signed_out", "code": "person_inactive"}


def test_a_lost_wake_up_heals(web: Web, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LOOK_AGAIN", 0.1)
    page = web.open(office.wang)
    page.next()
    office.store.on_commit.clear()
    office.hear(slot_opened(office.wang))
    assert (page.next() or {})["unread"] == 1


def test_a_page_that_was_closed_is_forgotten(web: Web, office: Office) -> None:
    with httpx.stream(
        "GET", web.url, headers=office.as_(office.wang, office.unit), trust_env=False
    ) as answer:
        lines = answer.iter_lines()
        next(lines)
        assert live_of(office.here).watched == 1
    deadline = monotonic() + 5
    while live_of(office.here).watched and monotonic() < deadline:
        threading.Event().wait(0.02)
    assert live_of(office.here).watched == 0


def test_a_server_that_shuts_down_does_not_wait_for_open_pages(office: Office) -> None:
    with web_of(office) as web:
        pages = [web.open(office.wang) for _ in range(3)]
        assert web.stop() < SOON
        for page in pages:
            page.wait_for_end()


def test_a_server_that_is_told_nothing_shuts_down_all_the_same(office: Office) -> None:
    with web_of(office) as web:
        page = web.open(office.wang)
        web.server.should_exit = True
        web.thread.join(5)
        assert not web.thread.is_alive()
        page.wait_for_end()


@pytest.mark.redis
def test_a_change_in_another_process_is_pushed_over_redis(
    office: Office, broker_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LOOK_AGAIN", 60)
    changed = {"redis_url": server_url("redis"), "broker_prefix": broker_prefix}
    office.here.settings = office.here.settings.model_copy(update=changed)
    other = Running(
        service, office.here.settings, Store("notify", office.store.url, office.clock), office.here.keys, "k"
    )
    live_of(other)
    with web_of(office) as web:
        page = web.open(office.wang)
        assert (page.next() or {})["unread"] == 0
        assert live_of(office.here).hears_others(5)
        heard = office.hear(slot_opened(office.zhao)).model_copy(update={"id": new_id()})
        opened = slot_opened(office.wang)
        with other.store.work(cause=heard) as work:
            events.apply(work, opened.type, opened.model_dump(mode="json"))
        assert (page.next() or {})["unread"] == 1
    other.stopping.set()
    close_live(other)
    other.store.close()


def test_without_its_redis_the_number_still_comes(
    office: Office, broker_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LOOK_AGAIN", 0.1)
    changed = {"redis_url": "redis://127.0.0.1:1/0", "broker_prefix": broker_prefix}
    office.here.settings = office.here.settings.model_copy(update=changed)
    with web_of(office) as web:
        page = web.open(office.wang)
        page.next()
        office.hear(slot_opened(office.wang))
        assert (page.next() or {})["unread"] == 1
