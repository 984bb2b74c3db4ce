"""`inproc://`: kombu's transport for one process: wakes at once, and gives each queue its own copy.

Kombu's own memory transport polls, shares one message between all queues, requeues through the exchange
and loses what a closed channel had not acked; this one does none of that.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import copy
import threading
from collections import deque
from queue import Empty
from time import monotonic
from typing import Any
from weakref import WeakSet

from amqp.exceptions import ConsumerCancelled
from kombu.transport import TRANSPORT_ALIASES, base, memory, virtual

_lock = threading.RLock()
_queues: dict[str, deque[dict[str, Any]]] = {}
_listeners: dict[str, set[threading.Event]] = {}
_transports: WeakSet[Transport] = WeakSet()


def register() -> None:
    """Makes `inproc://` known to kombu."""
    TRANSPORT_ALIASES["inproc"] = "shared.inproc:Transport"


def forget(prefix: str) -> None:
    """Drops all queues and exchanges whose names begin with a prefix, as a wiped broker does."""
    state = Transport.global_state
    exchanges: dict[str, Any] = state.exchanges or {}
    with _lock:
        for name in [name for name in _queues if name.startswith(prefix)]:
            del _queues[name]
            state.queue_bindings_delete(name)
        for name in [name for name in exchanges if name.startswith(prefix)]:
            del exchanges[name]


def wake_all() -> None:
    """Whoever waits for a message goes on, as if the time were up: the process is to end."""
    for transport in list(_transports):
        transport.hurried = True
        transport.wake.set()


class Channel(memory.Channel):
    """A channel whose queues are the process's, and which gives back what it has not acked."""

    do_restore = True

    def _has_queue(self, queue: str, **_: Any) -> bool:
        return queue in _queues

    def _new_queue(self, queue: str, **_: Any) -> None:
        with _lock:
            _queues.setdefault(queue, deque())

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        with _lock:
            if queue not in _queues:
                raise ConsumerCancelled(f"queue {queue} is gone")
            if not _queues[queue]:
                raise Empty
            return _queues[queue].popleft()

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        # each queue gets a message and a delivery tag of its own
        own = copy.deepcopy(message)
        own["properties"]["delivery_tag"] = self._next_delivery_tag()
        own["properties"]["delivery_info"]["queue"] = queue
        with _lock:
            _queues.setdefault(queue, deque()).append(own)
            self._wake(queue)

    def _put_fanout(self, exchange: str, message: dict[str, Any], routing_key: str = "", **_: Any) -> None:
        for queue in self._lookup(exchange, routing_key):
            self._put(queue, message)

    def _restore(self, message: Any) -> None:
        self._restore_at_beginning(message)

    def _restore_at_beginning(self, message: Any) -> None:
        """Back to the head of the queue that it came from, not through the exchange."""
        queue = message.properties["delivery_info"]["queue"]
        with _lock:
            if queue in _queues:
                _queues[queue].appendleft(message.serializable())
                self._wake(queue)

    def _size(self, queue: str) -> int:
        return len(_queues.get(queue, ()))

    def _delete(self, queue: str, *_: Any, **__: Any) -> None:
        with _lock:
            _queues.pop(queue, None)

    def _purge(self, queue: str) -> int:
        with _lock:
            size = self._size(queue)
            _queues.get(queue, deque[dict[str, Any]]()).clear()
            return size

    def _wake(self, queue: str) -> None:
        for listener in _listeners.get(queue, ()):
            listener.set()

    def basic_consume(self, queue: str, *args: Any, **kwargs: Any) -> None:
        super().basic_consume(queue, *args, **kwargs)
        with _lock:
            _listeners.setdefault(queue, set()).add(self.connection.wake)
            self.connection.wake.set()

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        tags = [delivery_tag]
        if multiple:
            delivered = list(self.qos._delivered)
            tags = delivered[: delivered.index(delivery_tag) + 1]
        for tag in tags:
            super().basic_ack(tag)
        self.connection.wake.set()  # a full prefetch window has room again

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        super().basic_reject(delivery_tag, requeue)
        self.connection.wake.set()

    def close(self) -> None:
        connection = self.connection
        if not self.closed and connection is not None:
            with _lock:
                for queue in self._active_queues:
                    _listeners.get(queue, set()).discard(connection.wake)
        virtual.Channel.close(self)


class Transport(memory.Transport):
    """Waits until there is something, instead of asking again and again."""

    Channel = Channel
    global_state = virtual.BrokerState()
    implements = base.Transport.implements
    driver_type = "inproc"
    driver_name = "inproc"

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self.wake = threading.Event()
        self.hurried = False
        _transports.add(self)

    def drain_events(self, connection: Any, timeout: float | None = None, **_: Any) -> None:
        until = None if timeout is None else monotonic() + timeout
        self.hurried = False
        while True:
            self.wake.clear()
            try:
                self.cycle.get(self._deliver, timeout=timeout)  # type: ignore[union-attr]
                return
            except Empty:
                left = None if until is None else until - monotonic()
                if self.hurried or (left is not None and left <= 0):
                    raise TimeoutError from None
                self.wake.wait(left)
