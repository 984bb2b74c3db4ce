"""Numbers for operators, read from the databases when somebody asks: what waits where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from shared.inbox import Checkpoint, InboxRow
from shared.jobs import Job
from shared.outbox import OutboxRow
from shared.store import Look, Store


@dataclass(frozen=True)
class Number:
    """A number of one service's own; `read` gives the values of its labels, each with how many there are."""

    name: str
    about: str
    labels: Sequence[str]
    read: Callable[[Look], Iterable[tuple[Sequence[str], float]]]


Counted = tuple[Store, Sequence[Number]]
"""A service's database, and what it counts itself."""


class Waiting:
    """Events not yet published, events kept in the inbox, positions reached, jobs not yet done, and what
    services count themselves."""

    def __init__(self, services: Iterable[Counted]) -> None:
        self.services = list(services)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        outbox = GaugeMetricFamily("plans_outbox_unpublished", "events not confirmed", labels=["service"])
        inbox = GaugeMetricFamily("plans_inbox", "events kept", labels=["service", "publisher", "state"])
        reached = GaugeMetricFamily("plans_checkpoint", "position reached", labels=["service", "publisher"])
        jobs = GaugeMetricFamily("plans_jobs", "jobs not done", labels=["service", "state"])
        up = GaugeMetricFamily("plans_database_up", "1 when it answers", labels=["service"])
        numbers = {
            number.name: GaugeMetricFamily(number.name, number.about, labels=number.labels)
            for _, own in self.services
            for number in own
        }
        for store, own in self.services:
            try:
                with store.read() as look:
                    outbox.add_metric([store.service], _unpublished(look))
                    for publisher, state, count in _kept(look):
                        inbox.add_metric([store.service, publisher, state], count)
                    for at in look.all(select(Checkpoint)):
                        reached.add_metric([store.service, at.publisher], at.position)
                    for state, count in _jobs(look):
                        jobs.add_metric([store.service, state], count)
                    for number in own:
                        for labels, value in number.read(look):
                            numbers[number.name].add_metric(labels, value)
                up.add_metric([store.service], 1)
            except SQLAlchemyError:
                up.add_metric([store.service], 0)
        return [outbox, inbox, reached, jobs, *numbers.values(), up]


def _unpublished(look: Look) -> int:
    return look.session.scalar(select(func.count()).where(OutboxRow.published_at.is_(None))) or 0


def _kept(look: Look) -> list[tuple[str, str, int]]:
    rows = select(InboxRow.publisher, InboxRow.state, func.count()).group_by(
        InboxRow.publisher, InboxRow.state
    )
    return [(publisher, state, count) for publisher, state, count in look.session.execute(rows)]


def _jobs(look: Look) -> list[tuple[str, int]]:
    rows = select(Job.state, func.count()).where(Job.state != "done").group_by(Job.state)
    return [(state, count) for state, count in look.session.execute(rows)]


def registry(services: Iterable[Counted]) -> CollectorRegistry:
    """The metrics of one process."""
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    made.register(Waiting(services))
    return made
