"""Carries events between services; the only file that knows kombu. It makes things fast, never true.

One topic exchange per publisher; per consuming service and publisher one queue bound to everything.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from select import select
from time import monotonic
from typing import Any

from amqp.basic_message import Message as AmqpMessage
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.messaging import Consumer, Producer

from shared import inproc
from shared.events import Envelope

IN_FLIGHT = 100
PREFETCH = 100
PATIENCE = 5.0
DELIVERY_LIMIT = 20

inproc.register()


class BrokerAway(Exception):
    """The broker did not take the events; they stay in the outbox and are sent again."""


@dataclass(frozen=True)
class Delivery:
    """What came, and how to say that it was taken care of. Never requeued."""

    body: bytes
    ack: Callable[[], None]


class Broker:
    """Where events travel: `inproc://`, `amqp://…` (quorum queues) or `redis://…` (development)."""

    def __init__(self, url: str, prefix: str = "") -> None:
        self.url = url
        self.prefix = prefix

    @property
    def is_amqp(self) -> bool:
        return self.url.startswith("amqp")

    def connect(self) -> Connection:
        """A connection of its own: they are not shared between threads."""
        options: dict[str, Any] = {}
        if self.url.startswith("redis"):
            options = {
                "visibility_timeout": 300,
                "socket_timeout": 10,
                "socket_connect_timeout": 3,
                "socket_keepalive": True,
                "health_check_interval": 20,
                "unacked_restore_interval": 1,
                "unacked_restore_throttle": 1,
            }
        elif self.is_amqp:
            options = {"read_timeout": PATIENCE, "write_timeout": PATIENCE}
        return Connection(self.url, connect_timeout=3, heartbeat=0, transport_options=options)

    def exchange(self, publisher: str) -> Exchange:
        return Exchange(f"{self.prefix}{publisher}.events", "topic", durable=True)

    def queue(self, consumer: str, publisher: str) -> Queue:
        """The queue of a consuming service for all events of a publisher."""
        name = f"{self.prefix}{consumer}.from.{publisher}"
        arguments: dict[str, Any] = {}
        if self.is_amqp:
            arguments = {
                "x-queue-type": "quorum",
                "x-single-active-consumer": True,
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-dead-letter-exchange": f"{self.prefix}dead",
                "x-dead-letter-routing-key": name,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            }
        return Queue(name, self.exchange(publisher), routing_key="#", queue_arguments=arguments)

    def dead_letters(self, queue: Queue) -> Queue:
        """Where a broker puts what crashed its consumer too often."""
        exchange = Exchange(f"{self.prefix}dead", "direct", durable=True)
        arguments = {"x-queue-type": "quorum"}
        return Queue(f"{queue.name}.dead", exchange, routing_key=queue.name, queue_arguments=arguments)

    def publisher(self, publisher: str) -> Publisher:
        return Publisher(self, publisher)

    def subscribe(self, consumer: str, publisher: str) -> Subscription:
        return Subscription(self, consumer, publisher)

    def wake(self) -> None:
        """Nobody in this process waits any longer for a message that may come: it is to end."""
        inproc.wake_all()

    def wipe(self, services: Sequence[str]) -> None:
        """Deletes our own queues and exchanges: tests, and starting over."""
        if self.url.startswith("inproc"):
            return inproc.forget(self.prefix)
        with self.connect() as connection:
            channel = connection.channel()
            for publisher in services:
                self.exchange(publisher)(channel).declare()
                for consumer in services:
                    queue = self.queue(consumer, publisher)(channel)
                    queue.delete()
                    if self.is_amqp:
                        self.dead_letters(queue)(channel).delete()
                self.exchange(publisher)(channel).delete()
            if self.is_amqp:
                channel.exchange_delete(f"{self.prefix}dead")


class Publisher:
    """One thread's way of sending a service's events. `send` answers how many, from the front, were taken."""

    def __init__(self, broker: Broker, publisher: str) -> None:
        self.broker = broker
        self.exchange = broker.exchange(publisher)
        self._connection: Connection | None = None
        self._channel: Any = None

    def send(self, envelopes: Sequence[Envelope]) -> None:
        """Sends events in order and returns when the broker has confirmed them all.

        Raises `BrokerAway` when it did not; then some may have arrived, and all are to be sent again.
        """
        try:
            channel = self._open()
            if self.broker.is_amqp:
                self._send_confirmed(channel, envelopes)
            else:
                producer = Producer(channel, self.exchange, auto_declare=False)
                for envelope in envelopes:
                    producer.publish(
                        envelope.model_dump_json(),
                        routing_key=envelope.type,
                        content_type="application/cloudevents+json",
                        content_encoding="utf-8",
                        retry=False,
                    )
        except BrokerAway:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise BrokerAway(repr(error)) from error

    def _open(self) -> Any:
        if self._channel is None:
            self._connection = self.broker.connect()
            self._connection.ensure_connection(max_retries=1, interval_start=0)
            self._channel = self._connection.channel()
            self.exchange(self._channel).declare()
            if self.broker.is_amqp:
                self._channel.confirm_select()
        return self._channel

    def _send_confirmed(self, channel: Any, envelopes: Sequence[Envelope]) -> None:
        """Batch confirms by hand: kombu's own wait for each message alone."""
        waiting: deque[int] = deque()
        refused: list[int] = []
        first = getattr(channel, "plans_sent", 0) + 1

        def acked(tag: int, multiple: bool) -> None:
            if multiple:
                while waiting and waiting[0] <= tag:
                    waiting.popleft()
            elif tag in waiting:
                waiting.remove(tag)

        def nacked(tag: int, multiple: bool) -> None:
            refused.append(tag)
            acked(tag, multiple)

        channel.events["basic_ack"] = {acked}
        channel.events["basic_nack"] = {nacked}
        for tag, envelope in enumerate(envelopes, first):
            while len(waiting) >= IN_FLIGHT:
                self._wait()
            message = AmqpMessage(
                envelope.model_dump_json(),
                content_type="application/cloudevents+json",
                content_encoding="utf-8",
                delivery_mode=2,
                message_id=str(envelope.id),
                type=envelope.type,
            )
            channel.basic_publish(message, exchange=self.exchange.name, routing_key=envelope.type)
            channel.plans_sent = tag
            waiting.append(tag)
        while waiting:
            self._wait()
        if refused:
            raise BrokerAway(f"{len(refused)} events refused")

    def _wait(self) -> None:
        assert self._connection is not None
        try:
            self._connection.drain_events(timeout=PATIENCE)
        except TimeoutError:
            raise BrokerAway("no confirmation in time") from None

    def close(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            _quietly(connection.close)


class Subscription:
    """One thread's way of receiving: declare, consume, receive; its owner then repairs from the feed."""

    def __init__(self, broker: Broker, consumer: str, publisher: str) -> None:
        self._received: list[Delivery] = []
        self._is_amqp = broker.is_amqp
        # py-amqp must not be asked without waiting: over TLS it would lose the beginning of half a frame
        self._moment = 0.001 if broker.is_amqp else 0.0
        self._connection = broker.connect()
        try:
            self._connection.ensure_connection(max_retries=1, interval_start=0)
            channel = self._connection.channel()
            queue = broker.queue(consumer, publisher)(channel)
            if broker.is_amqp:
                broker.dead_letters(queue)(channel).declare()
            queue.declare()
            self._consumer = Consumer(
                channel, [queue], on_message=self._on_message, auto_declare=False, prefetch_count=PREFETCH
            )
            self._consumer.consume()
        except BaseException:
            self.close()
            raise

    def _on_message(self, message: Any) -> None:
        body = message.body
        self._received.append(Delivery(body.encode() if isinstance(body, str) else bytes(body), message.ack))

    def receive(self, timeout: float) -> list[Delivery]:
        """What is there, waiting so many seconds for the first. Raises when the connection is lost or the
        queue is gone; then subscribe anew."""
        until = monotonic() + timeout
        with suppress(TimeoutError):
            while not self._received:
                self._connection.drain_events(timeout=max(until - monotonic(), self._moment))
            while len(self._received) < PREFETCH and self._more_is_here():
                self._connection.drain_events(timeout=self._moment)
        received, self._received = self._received, []
        return received

    def _more_is_here(self) -> bool:
        return not self._is_amqp or bool(select([self._connection.connection.sock], [], [], 0)[0])

    def close(self) -> None:
        _quietly(self._connection.close)


def _quietly(act: Callable[[], object]) -> None:
    with suppress(Exception):  # the connection is given up anyway
        act()
