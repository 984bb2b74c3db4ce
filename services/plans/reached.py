"""What became of the messages about documents outside the inbox, as notify tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import String, Uuid, select
from sqlalchemy.orm import Mapped, mapped_column

from services.plans.tables import Base
from shared.database import UtcDateTime
from shared.events.notify import DeliveryCompleted, DeliveryConfirmed, DeliveryFailed, DeliverySuppressed
from shared.inbox import Handlers
from shared.store import Look, Work

DeliveryEvent = DeliveryCompleted | DeliveryConfirmed | DeliveryFailed | DeliverySuppressed
STATES: dict[str, str] = {
    DeliveryCompleted.type: "accepted",
    DeliveryConfirmed.type: "delivered",
    DeliveryFailed.type: "failed",
    DeliverySuppressed.type: "suppressed",
}


class Reached(Base):
    """A message on one channel: taken by its provider, arrived, failed, or not sent. `label` is what people
    read (短信已送达), `at` since when."""

    __tablename__ = "reached"

    delivery_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    channel: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def follow_deliveries(events: Handlers) -> None:
    """Registers the handlers."""
    events.on(DeliveryCompleted, in_runs=True)(keep_outcome)
    events.on(DeliveryConfirmed, in_runs=True)(keep_outcome)
    events.on(DeliveryFailed, in_runs=True)(keep_outcome)
    events.on(DeliverySuppressed, in_runs=True)(keep_outcome)


def keep_outcome(work: Work, event: DeliveryEvent) -> None:
    """The latest outcome of a delivery counts; messages about no document are nothing to us."""
    if event.doc_id is None:
        return
    row = {
        "delivery_id": event.delivery_id,
        "message_id": event.message_id,
        "channel": event.channel,
        "state": STATES[event.type],
        "label": event.label,
        "code": getattr(event, "code", ""),
        "at": event.at or work.now,
    }
    put = work.insert(Reached).values(**row)
    known = ("delivery_id", "message_id", "channel")
    work.execute(
        put.on_conflict_do_update(
            index_elements=[Reached.delivery_id],
            set_={name: put.excluded[name] for name in row if name not in known},
            where=Reached.at <= put.excluded.at,
        )
    )


def outcomes_of(look: Look, message_ids: Iterable[UUID]) -> dict[UUID, Sequence[Reached]]:
    """What became of some messages, by message and in the order of their deliveries."""
    ids = list(message_ids)
    found: defaultdict[UUID, list[Reached]] = defaultdict(list)
    if ids:
        for row in look.all(select(Reached).where(Reached.message_id.in_(ids)).order_by(Reached.delivery_id)):
            found[row.message_id].append(row)
    return dict(found)
