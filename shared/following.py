"""The thread around a receiver: follows the broker, and repairs from the feed what that did not bring."""

from __future__ import annotations

import random
import threading
from time import monotonic

from structlog import get_logger

from shared.broker import Broker
from shared.feed import FeedAway, FeedReplaced
from shared.receiver import Receiver

log = get_logger(__name__)
REPAIR_EVERY = 5.0
HOLE_PATIENCE = 0.2
LOOK_AGAIN = 30.0
"""Seconds after which it is looked whether a feed is again the one that was followed."""


def follow(receiver: Receiver, broker: Broker, stop: threading.Event) -> None:
    """Receives until told to stop; from a feed that was replaced nothing is taken. Raises when neither broker
    nor feed can be reached: then it is to be called again."""
    receiver.stop = stop
    while not stop.is_set():
        receiver.prepare()
        try:
            _receive_or_repair(receiver, broker, stop)
        except FeedReplaced as found:
            log.error(found.why, service=receiver.store.service, publisher=receiver.publisher)
            stop.wait(LOOK_AGAIN)


def _receive_or_repair(receiver: Receiver, broker: Broker, stop: threading.Event) -> None:
    """While the broker is away, the feed carries the events."""
    try:
        _receive(receiver, broker, stop)
    except FeedReplaced:
        raise
    except Exception as error:
        about = {"service": receiver.store.service, "publisher": receiver.publisher}
        log.warning("receiver_waits", error=repr(error)[:300], **about)
        receiver.repair()
        receiver.retry()
        stop.wait(random.uniform(0.5, 1.5))


def _receive(receiver: Receiver, broker: Broker, stop: threading.Event) -> None:
    subscription = broker.subscribe(receiver.store.service, receiver.publisher)
    try:
        repaired_at, delivered = 0.0, 1
        while not stop.is_set():
            if monotonic() - repaired_at > REPAIR_EVERY or _hole_is_old(receiver):
                if _repair(receiver) and not delivered:
                    return  # the broker brings nothing although there is something: declare anew
                repaired_at, delivered = monotonic(), 0
            hurried = receiver.restless or receiver.ahead_since
            deliveries = subscription.receive(0.03 if hurried else 0.5)
            receiver.take_deliveries(deliveries)
            delivered += len(deliveries)
            if receiver.restless:
                receiver.retry()
    finally:
        subscription.close()


def _hole_is_old(receiver: Receiver) -> bool:
    return receiver.ahead_since is not None and monotonic() - receiver.ahead_since > HOLE_PATIENCE


def _repair(receiver: Receiver) -> int:
    brought = 0
    try:
        brought = receiver.repair()
    except FeedAway as error:
        log.warning("feed_away", publisher=receiver.publisher, error=repr(error)[:300])
    receiver.look_behind_the_hole()
    return brought
