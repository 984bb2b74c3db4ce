"""Asks providers what became of the letters that they took."""

from __future__ import annotations

from uuid import UUID

from structlog import get_logger

from services.notify.delivery import Delivery, State
from services.notify.letter import Sender
from services.notify.post import Post
from services.notify.provider import Provider
from services.notify.receipt import Asked, Receipt, Sent, ask_later, settle
from shared.store import Store

log = get_logger(__name__)


def ask(store: Store, post: Post, delivery_id: UUID, attempt: int, times: int) -> None:
    """Asks once for the receipt of a letter; without one the next time is noted."""
    found = _sent(store, delivery_id, attempt)
    if found is None:
        return
    provider, about = found
    receipt = receipt_of(post.sender_of(provider), about)
    with store.work() as work:
        delivery = work.get(Delivery, delivery_id)
        if delivery.state != State.ACCEPTED or delivery.attempts != attempt:
            return
        if receipt is None:
            ask_later(work, delivery, times + 1)
        else:
            settle(work, delivery, receipt, post.keeps)


def receipt_of(sender: Sender, sent: Sent) -> Receipt | None:
    """The receipt that a sender has, if it can be asked and answers. Outside any transaction."""
    if not isinstance(sender, Asked):
        return None
    try:
        return sender.ask(sent)
    except Exception as error:  # a question that failed is asked again, as if there were no receipt yet
        log.warning("asking_failed", delivery=str(sent.delivery_id), error=type(error).__name__)
        return None


def sent(delivery: Delivery) -> Sent | None:
    """A delivery as its provider has it, or may have it; nothing where that cannot be asked."""
    if not delivery.sent_to or delivery.sent_at is None:
        return None
    return Sent(delivery.id, delivery.sent_to, delivery.reference, delivery.sent_at)


def _sent(store: Store, delivery_id: UUID, attempt: int) -> tuple[Provider, Sent] | None:
    with store.read() as look:
        delivery = look.find(Delivery, delivery_id)
        if delivery is None or delivery.state != State.ACCEPTED or delivery.attempts != attempt:
            return None
        provider, about = look.find(Provider, delivery.provider_id), sent(delivery)
        return None if provider is None or about is None else (provider, about)
