"""The smallest outbox path in bare psycopg and py-amqp: relay woken by NOTIFY, consumer with inbox rows."""

from __future__ import annotations

import json
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from typing import Any

import amqp
import psycopg

from bench.servers import amqp_connection

BATCH = 100
SCHEMA = """
DROP TABLE IF EXISTS f_plan, f_outbox, f_inbox;
CREATE TABLE f_plan (id bigint PRIMARY KEY, version int, status text);
INSERT INTO f_plan SELECT g, 1, 'draft' FROM generate_series(0, 999) g;
CREATE TABLE f_outbox (
  id bigserial PRIMARY KEY, topic text, payload jsonb, created_at timestamptz DEFAULT now());
CREATE TABLE f_inbox (event_id bigint PRIMARY KEY);
"""
INSERT = "INSERT INTO f_outbox (topic, payload) VALUES ('plan.submitted', %s)"
CLAIM = "SELECT id, payload FROM f_outbox ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"


def declare(queue: str) -> None:
    """A fresh durable queue, bound to an exchange of the same name."""
    with amqp_connection() as connection:
        channel = connection.channel()
        channel.queue_delete(queue)
        channel.exchange_declare(queue, "topic", durable=True, auto_delete=False)
        channel.queue_declare(queue, durable=True, auto_delete=False)
        channel.queue_bind(queue, queue, "#")


class BareRelay:
    """Claims up to 100 rows, publishes them with confirms in flight, deletes them, commits."""

    def __init__(self, dsn: str, queue: str) -> None:
        self.database = psycopg.connect(dsn, autocommit=True)
        self.queue = queue
        self.connection = amqp_connection()
        self.channel = self.connection.channel()
        self.channel.confirm_select()
        self.channel.events["basic_ack"] = {self._acked}
        self.sent, self.in_flight = 0, set[int]()

    def _acked(self, tag: int, multiple: bool) -> None:
        self.in_flight -= {known for known in self.in_flight if known <= tag} if multiple else {tag}

    def drain(self) -> int:
        """Sends what is there; answers how much."""
        total = 0
        while True:
            with self.database.transaction():
                rows = self.database.execute(CLAIM, (BATCH,)).fetchall()
                for number, payload in rows:
                    self._send({**payload, "id": number})
                while self.in_flight:
                    self.connection.drain_events(timeout=10)
                if rows:
                    self.database.execute(
                        "DELETE FROM f_outbox WHERE id = ANY(%s)", ([row[0] for row in rows],)
                    )
            total += len(rows)
            if len(rows) < BATCH:
                return total

    def _send(self, payload: dict[str, Any]) -> None:
        self.sent += 1
        self.in_flight.add(self.sent)
        message = amqp.Message(json.dumps(payload), content_type="application/json", delivery_mode=2)
        self.channel.basic_publish(message, exchange=self.queue, routing_key="plan.submitted")

    def close(self) -> None:
        self.connection.close()
        self.database.close()


def relay_until(dsn: str, queue: str, ready: Event, stop: Event) -> None:
    """A process: relays whenever it is notified."""
    relay = BareRelay(dsn, queue)
    relay.database.execute("LISTEN f_outbox")
    ready.set()
    while not stop.is_set():
        relay.drain()
        for _ in relay.database.notifies(timeout=0.2, stop_after=1):
            pass
    relay.close()


def consume(dsn: str, queue: str, count: int, ready: Event, delays: Queue[list[float]]) -> None:
    """A process: commits an inbox row for each message, then acknowledges it; gives the delays in ms."""
    found: list[float] = []
    database = psycopg.connect(dsn, autocommit=True)
    with amqp_connection() as connection:
        channel = connection.channel()

        def take(message: Any) -> None:
            event = json.loads(message.body)
            database.execute("INSERT INTO f_inbox VALUES (%s) ON CONFLICT DO NOTHING", (event["id"],))
            found.append((time.time() - event["sent_at"]) * 1000)
            channel.basic_ack(message.delivery_tag)

        channel.basic_qos(0, 100, False)
        channel.basic_consume(queue, callback=take)
        ready.set()
        while len(found) < count:
            connection.drain_events(timeout=30)
    delays.put(found)


def submit(database: psycopg.Connection[Any], number: int, text: str) -> None:
    """One change with its event, and the wake-up of the relay."""
    event = {"number": number, "sent_at": time.time(), "text": text}
    with database.transaction():
        database.execute(
            "UPDATE f_plan SET status = 'submitted', version = version + 1 WHERE id = %s", (number % 1000,)
        )
        database.execute(INSERT, (json.dumps(event),))
        database.execute("NOTIFY f_outbox")
