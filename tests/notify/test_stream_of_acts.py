"""What somebody does to his messages is pushed to all his pages, and so is what comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.notify.office import Office, slot_opened, status_changed
from tests.notify.test_stream import Web, web_of


@pytest.fixture
def web(office: Office) -> Iterator[Web]:
    with web_of(office) as made:
        yield made


def test_every_act_of_a_person_is_pushed_to_his_other_pages(web: Web, office: Office) -> None:
    office.hear(status_changed(office.wang, "usable"))
    (message,) = office.messages(office.wang)
    page = web.open(office.wang)
    page.next()

    def pushed(act: str, body: Any = None) -> tuple[int, int]:
        assert office.post(office.wang, f"messages/{message['id']}/{act}", body).status_code == 200
        said = page.next() or {}
        return said["unread"], said["snoozed"]

    evening = {"until": "2026-11-23T18:00:00+08:00"}
    assert pushed("read") == (0, 0)
    assert pushed("unread") == (1, 0)
    assert pushed("archive") == (0, 0)
    assert pushed("unarchive") == (1, 0)
    assert pushed("snooze", evening) == (0, 1)
    assert pushed("unsnooze") == (1, 0)
    assert pushed("snooze", evening) == (0, 1)


def test_what_was_put_off_comes_back_by_itself(web: Web, office: Office) -> None:
    office.hear(slot_opened(office.wang))
    (message,) = office.messages(office.wang)
    until = {"until": (office.clock.now() + timedelta(minutes=10)).isoformat()}
    office.post(office.wang, f"messages/{message['id']}/snooze", until)
    page = web.open(office.wang)
    assert (page.next() or {})["unread"] == 0
    office.clock.move(minutes=10)
    office.run_jobs()
    assert (page.next() or {})["unread"] == 1
