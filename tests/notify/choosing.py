"""What people of the office choose, and when it is there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2

from shared.clock import SHANGHAI
from tests.notify.office import Office

NIGHT = {"quiet_hours": {"begin": "22:00", "end": "07:00"}}


def save(
    office: Office, person_id: UUID, *choices: tuple[str, str, str], path: str = "preferences", **more: Any
) -> httpx2.Response:
    """Saves all choices of a person, or with `path` those of his unit."""
    tag = office.get(person_id, path).headers["etag"]
    body = {"choices": [{"topic": t, "channel": c, "mode": m} for t, c, m in choices], **more}
    headers = office.as_(person_id, office.unit, If_Match=tag)
    answer: httpx2.Response = office.http.put(path, json=body, headers=headers)
    return answer


def wants(office: Office, person_id: UUID, *choices: tuple[str, str, str], **timing: Any) -> None:
    """Saves choices and what a person wants about time."""
    saved = save(office, person_id, *choices, timing=timing)
    assert saved.status_code == 200, saved.text


def at(text: str) -> datetime:
    """A moment of Shanghai, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def it_is(office: Office, text: str) -> None:
    """Moves the clock to a later moment of Shanghai; nothing is run by that."""
    office.clock.move(seconds=(at(text) - office.clock.now()).total_seconds())


def runs_until_quiet(office: Office) -> None:
    """Runs what is due now, and what that has made due."""
    while office.run_jobs():
        pass


def subjects(office: Office) -> list[str]:
    """Of all mails so far, without what each begins with."""
    return sorted(str(mail["Subject"]).removeprefix("【采购计划】") for mail in office.mails())


def text_of(office: Office, subject: str) -> str:
    """The text of the one mail with this in its subject."""
    (mail,) = (mail for mail in office.mails() if subject in mail["Subject"])
    plain = mail.get_body(("plain",))
    assert plain is not None
    return str(plain.get_content()).replace("\r\n", "\n")
