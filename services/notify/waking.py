"""Wakes the deliveries that are held for something that is over: broken providers, quiet time."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

from services.notify.choosing import BROKEN, Keeps, chain_of
from services.notify.delivery import Delivery, State
from services.notify.moments.departure import QUIET
from services.notify.notice import SEND
from services.notify.provider import Provider
from shared.jobs import later
from shared.store import Look, Store, Work

MOST = 500
"""Deliveries woken at a time."""


_HELD = (Delivery.state == State.HELD, Delivery.code == BROKEN)
HELD_FOR_QUIET = (Delivery.state == State.HELD, Delivery.code == QUIET)


def wake_held(store: Store, keeps: Keeps) -> None:
    """One as a probe when its time has come, all of them once a provider works, is changed or is gone."""
    with store.read() as look:
        counts = {provider_id: _how_many(look, provider_id, keeps) for provider_id in _waited_for(look)}
    for provider_id, count in counts.items():
        if count:
            with store.work() as work:
                _wake(work, provider_id, count)


def wake_quiet(work: Work, person_id: UUID) -> None:
    """Has what is held for a person's quiet time judged anew: he, or his unit, wants it otherwise now."""
    _send_again(work, select(Delivery).where(*HELD_FOR_QUIET, Delivery.person_id == person_id))


def _waited_for(look: Look) -> list[UUID]:
    return look.all(
        select(Provider.id)
        .where(Provider.id.in_(select(Delivery.provider_id).where(*_HELD)))
        .order_by(Provider.id)
    )


def _how_many(look: Look, provider_id: UUID, keeps: Keeps) -> int:
    """How many of those that wait for this provider may go on now."""
    first = look.first(select(Delivery).where(*_HELD, Delivery.provider_id == provider_id))
    if first is None:
        return 0
    chain = chain_of(look, first, keeps)
    if not chain or not all(provider.is_broken for provider in chain):
        return MOST
    return 1 if any(provider.usable(look.now) for provider in chain) else 0


def _wake(work: Work, provider_id: UUID, count: int) -> None:
    _send_again(work, select(Delivery).where(*_HELD, Delivery.provider_id == provider_id).limit(count))


def _send_again(work: Work, waiting: Select[Delivery]) -> None:
    for delivery in work.lock_all(waiting.order_by(Delivery.id)):
        turn = delivery.wake(work.now)
        later(work, SEND, delivery_id=str(delivery.id), turn=turn)
