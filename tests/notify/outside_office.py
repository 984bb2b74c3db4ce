"""An outside system of the tests: a server that checks signatures, as its own program would."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.notify.outside.push import Push
from tests.notify.fakes import Fake, Heard, fake
from tests.notify.office import Office, status_changed


def is_genuine(heard: Heard, secret: str) -> bool:
    """Whether a request is signed by a secret, by https://www.standardwebhooks.com."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    stamp, event_id = heard.headers["webhook-timestamp"], heard.headers["webhook-id"]
    signed = f"{event_id}.{stamp}.".encode() + heard.body
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [one.removeprefix("v1,") for one in heard.headers["webhook-signature"].split(" ")]
    return right in given


@contextmanager
def trade_system() -> Iterator[Fake]:
    with fake(lambda heard: {"ok": True}) as made:
        yield made


def entered(office: Office, there: Fake, **more: Any) -> dict[str, Any]:
    """An endpoint of the whole platform that leads to this server; with its secret."""
    office.reaches_this_machine()
    by = more.pop("by", office.admin)
    unit = more.pop("unit", office.unit)
    body = {"name": "省交易系统", "url": f"{there.url}/hook"} | more
    made = office.http.post("endpoints", json=body, headers=office.as_(by, unit))
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def happened(office: Office, **more: Any) -> str:
    """A plan of the office's unit becomes usable; gives the event's id."""
    about = {"organisation_id": office.unit, "plan_number": "JH-1"} | more
    return str(office.hear(status_changed(office.li, "usable", **about)).id)


def pushes(office: Office) -> list[Push]:
    with office.store.read() as look:
        return look.all(select(Push).order_by(Push.id))


def log(office: Office, endpoint: dict[str, Any], query: str = "", by: UUID | None = None) -> Any:
    """The pushes of an endpoint as its administrator sees them, newest first."""
    return office.get(by or office.admin, f"endpoints/{endpoint['id']}/pushes?limit=100{query}").json()


def settle(office: Office) -> None:
    """Runs jobs until nothing is due."""
    while office.run_jobs():
        pass
