"""People with an inbox: known to notify, with tokens that the system's own key has signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from bench.product import Product
from services.directory.signing_key import current_key, issue_token
from services.notify.handlers import events
from shared.clock import Clock
from shared.database import new_id
from shared.events.directory import Appointment, PersonChanged
from shared.store import Store


@dataclass(frozen=True)
class Reader:
    """Somebody who looks at his messages."""

    id: UUID
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def readers(made: Product, unit: UUID, count: int) -> list[Reader]:
    """So many people of a unit that the sample has built."""
    ids = [new_id() for _ in range(count)]
    notify, directory = (Store(name, made.here.database(name), Clock()) for name in ("notify", "directory"))
    with notify.work() as work:
        for person in ids:
            posts = [Appointment(organisation_id=unit, role="handler", positions=[])]
            about = PersonChanged(
                person_id=person, version=1, name="张三", active=True, epoch=1, appointments=posts
            )
            events.apply(work, about.type, about.model_dump(mode="json"))
    with directory.read() as look:
        key = current_key(look)
        found = [Reader(person, issue_token(key, person, unit, 1, look.now)) for person in ids]
    notify.close()
    directory.close()
    return found


def ids_of(found: Sequence[Reader]) -> str:
    """Their ids as an SQL array, first to last."""
    return f"ARRAY[{','.join(repr(str(reader.id)) for reader in found)}]::uuid[]"
