"""One service alone, with its real store, receiver and routes: events in, HTTP in; events out, HTTP out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from shared import doing, jobs
from shared.broker import Delivery
from shared.clock import HandClock
from shared.database import new_id
from shared.events import Envelope, Event
from shared.events.directory import (
    Appointment,
    DistrictChanged,
    OrganisationChanged,
    PersonChanged,
    ServiceAccountChanged,
)
from shared.feed import FeedPage, local_feed
from shared.inbox import InboxRow
from shared.outbox import OutboxRow, envelope
from shared.receiver import Receiver
from shared.service import Running, Service
from shared.settings import Settings
from shared.store import Store
from shared.tokens import AUDIENCE, PERSON_ISSUER, KeyRing
from shared.web import Door, service_app
from tests import fresh

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""Monday 2026-11-23, 09:00 in Shanghai."""

TEST_KEY = Ed25519PrivateKey.generate()


def jwks() -> dict[str, Any]:
    public = jwt.algorithms.OKPAlgorithm.to_jwk(TEST_KEY.public_key(), as_dict=True)
    return {"keys": [{**public, "kid": "test", "alg": "EdDSA", "use": "sig"}]}


class Lone:
    """A running service whose clock, publishers and token issuer are in the hand of the test."""

    def __init__(self, service: Service, data_dir: Path, database_url: str = "") -> None:
        self.clock = HandClock(MORNING)
        settings = Settings(data_dir=data_dir, database_url=database_url)
        store = Store(service.name, settings.database_url_of(service.name), self.clock)
        self.here = Running(service, settings, store, KeyRing(jwks), "k" * 40)
        fresh.first_start(self.here)
        self.receivers = {
            publisher: Receiver(store, service.handlers, publisher, self._no_feed)
            for publisher in service.handlers.publishers
        }
        for receiver in self.receivers.values():
            receiver.prepare()
        self._positions: dict[str, int] = defaultdict(int)
        self.app = FastAPI()
        self.app.mount(f"/api/{service.name}", service_app(self.here))
        self.http = TestClient(
            Door(self.app), base_url=f"http://testserver/api/{service.name}/", raise_server_exceptions=False
        )
        self.http.__enter__()  # one event loop for all requests, not one for each

    @property
    def store(self) -> Store:
        return self.here.store

    def _no_feed(self, after: int) -> FeedPage:
        return local_feed(self.store)(0).model_copy(update={"events": [], "next": after, "head": after})

    def hear(self, event: Event, *, knows: Mapping[str, int] | None = None, fail: bool = True) -> Envelope:
        """Delivers the next event of its publisher through the real receiver; gives its envelope.

        With `fail`, a handler that failed fails the test.
        """
        self._positions[event.publisher] += 1
        carried = Envelope(
            id=new_id(),
            source=f"/{event.publisher}",
            type=event.type,
            subject=event.subject,
            time=self.clock.now(),
            dataschema=f"/schemas/{event.type}/{event.schema_version}",
            position=self._positions[event.publisher],
            subjectversion=event.subject_version,
            knows=dict(knows or {}),
            data=event.model_dump(mode="json"),
        )
        if event.publisher in self.receivers:
            self.hear_again(carried)
            if fail:
                self.check_inbox()
        return carried

    def hear_again(self, carried: Envelope) -> None:
        """Delivers the very same envelope (again)."""
        carried_bytes = carried.model_dump_json().encode()
        self.receivers[carried.publisher].take_deliveries([Delivery(carried_bytes, lambda: None)])

    def check_inbox(self) -> None:
        with self.store.read() as look:
            row = look.first(select(InboxRow).where(InboxRow.error != ""))
            assert row is None, row.error

    def published(self, event_type: str = "") -> list[Envelope]:
        """What the service has published so far, oldest first."""
        with self.store.read() as look:
            rows = look.all(select(OutboxRow).order_by(OutboxRow.id))
        numbered = [(number, row) for number, row in enumerate(rows, 1)]
        found = []
        for number, row in numbered:
            row.position = row.position or number
            if event_type in ("", row.type):
                found.append(envelope(self.here.name, row))
        return found

    def run_jobs(self) -> int:
        """Runs every job that is due by the clock; answers how many."""
        with self.store.read() as look:
            due = look.all(
                select(jobs.Job.id)
                .where(jobs.Job.state == "queued", jobs.Job.due_at <= look.now)
                .order_by(jobs.Job.due_at)
            )
        return sum(doing.run(self.here, job_id) for job_id in due)

    def run_ticks(self) -> None:
        for tick in self.here.service.jobs.ticks.values():
            tick.run(self.here)

    def token(self, person_id: UUID, organisation_id: UUID, epoch: int = 1, **claims: Any) -> str:
        """A person token signed with the test's key."""
        now = self.clock.now()
        content = {
            "iss": PERSON_ISSUER,
            "aud": AUDIENCE,
            "sub": str(person_id),
            "org": str(organisation_id),
            "epoch": epoch,
            "iat": now,
            "exp": now + timedelta(minutes=15),
            **claims,
        }
        return jwt.encode(content, TEST_KEY, algorithm="EdDSA", headers={"kid": "test"})

    def as_(self, person_id: UUID, organisation_id: UUID, **headers: str) -> dict[str, str]:
        """Request headers of a signed-in person, with a fresh Idempotency-Key."""
        return {
            "Authorization": f"Bearer {self.token(person_id, organisation_id)}",
            "Idempotency-Key": str(new_id()),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }

    # the directory as seen by this service

    def district(self, code: str, name: str, level: str, path: str, parent: str | None = None) -> str:
        self.hear(
            DistrictChanged(code=code, version=1, name=name, level=level, parent_code=parent, path=path)
        )
        return code

    def organisation(self, name: str, district: str, kind: str = "purchaser", **more: Any) -> UUID:
        """An organisation in the service's copies; gives its id."""
        found: UUID = more.pop("organisation_id", None) or new_id()
        self.hear(
            OrganisationChanged(
                organisation_id=found,
                version=more.pop("version", 1),
                uscc="1214000000TEXT021N",
                name=name,
                kind=kind,
                district_code=district,
                **more,
            )
        )
        return found

    def person(self, name: str, organisation: UUID, *roles: str, **more: Any) -> UUID:
        """A person with these roles in one organisation; gives the id."""
        found: UUID = more.pop("person_id", None) or new_id()
        positions = more.pop("positions", [])
        self.hear(
            PersonChanged(
                person_id=found,
                version=more.pop("version", 1),
                name=name,
                active=more.pop("active", True),
                epoch=more.pop("epoch", 1),
                appointments=[
                    Appointment(organisation_id=organisation, role=role, positions=positions)
                    for role in roles
                ],
            )
        )
        return found

    def account(self, name: str, district_path: str, **more: Any) -> UUID:
        """A service account; gives its id."""
        about = {"account_id": new_id(), "version": 1, "active": True, **more}
        told = ServiceAccountChanged(name=name, district_path=district_path, **about)
        self.hear(told)
        return told.account_id

    def close(self) -> None:
        self.here.stopping.set()
        self.http.__exit__()
        self.store.close()
