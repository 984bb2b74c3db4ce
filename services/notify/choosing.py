"""Which provider takes a delivery: by priority, past those that are broken or have refused it already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from services.notify.channels import ROBOTS, Channel
from services.notify.delivery import Delivery
from services.notify.gates import Hold, Suppress
from services.notify.provider import Provider, take_probe
from shared.people import AppointmentCopy
from shared.store import Look, Work

BROKEN, AWAITED = "provider_broken", "provider_awaited"
"""Why a delivery is held: no provider works, or none of those that it may go to. The first are woken
together, the others look again for themselves."""
Keeps = Callable[[Provider], bool]
"""Whether a provider keeps letters instead of sending them."""


@dataclass(frozen=True)
class Others:
    """Whether another provider may be asked at once; and if every one is broken, until when."""

    at_once: bool
    broken_until: datetime | None


def chain_of(look: Look, delivery: Delivery, keeps: Keeps) -> list[Provider]:
    """The providers that a delivery may go to, the first to be asked first; empty when there is none.

    Whoever only keeps letters is asked when nobody sends them, never in place of somebody who failed to. One
    that took it and has not brought it is not asked again; after a lost answer nobody is but the one that may
    have it, for as long as it is in use.
    """
    found = look.all(_active(Channel(delivery.channel)))
    if delivery.channel in ROBOTS:
        found = _robots(look, delivery, found)
    sending = [provider for provider in found if not keeps(provider)] or found
    left = [provider for provider in sending if str(provider.id) not in delivery.not_brought]
    return [provider for provider in left if provider.id == delivery.bound_to] or left


def choose(work: Work, delivery: Delivery, keeps: Keeps) -> Provider | Hold | Suppress | None:
    """The provider of the next try, or why there is none now; nothing when there is none at all."""
    chain = chain_of(work, delivery, keeps)
    for provider in _not_passed(chain, delivery) or chain:
        if not provider.is_broken or (provider.usable(work.now) and take_probe(work, provider)):
            return provider
    if not chain:
        return Suppress("no_robot") if delivery.channel in ROBOTS else None
    delivery.provider_id = chain[0].id
    return until_repaired(delivery, _broken_until(work, chain) or work.now)


def until_repaired(delivery: Delivery, probe_at: datetime) -> Hold:
    """Waits for a provider that is broken."""
    return Hold(AWAITED if delivery.is_choosy else BROKEN, probe_at)


def others_left(look: Look, delivery: Delivery, keeps: Keeps) -> Others:
    """What may be done with a delivery that the provider of this try has not taken."""
    chain = chain_of(look, delivery, keeps)
    passed = [*delivery.passed, str(delivery.provider_id)]
    at_once = any(provider.usable(look.now) for provider in chain if str(provider.id) not in passed)
    return Others(at_once, _broken_until(look, chain))


def _broken_until(look: Look, chain: Sequence[Provider]) -> datetime | None:
    """When the first of them is probed, if every one is broken."""
    if not chain or not all(provider.is_broken for provider in chain):
        return None
    return min(provider.probe_at or look.now for provider in chain)


def _active(channel: Channel) -> Select[Provider]:
    wanted = select(Provider).where(Provider.channel == channel, Provider.active)
    return wanted.order_by(Provider.priority, Provider.id)


def _robots(look: Look, delivery: Delivery, found: Sequence[Provider]) -> list[Provider]:
    """Those of one unit that the person belongs to, else those for everybody: no other unit's group hears."""
    units = select(AppointmentCopy.organisation_id).where(
        AppointmentCopy.person_id == delivery.person_id, AppointmentCopy.on(look.today)
    )
    own = set(look.all(units))
    first = next((robot.organisation_id for robot in found if robot.organisation_id in own), None)
    return [robot for robot in found if robot.organisation_id == first]


def _not_passed(chain: Sequence[Provider], delivery: Delivery) -> list[Provider]:
    return [provider for provider in chain if str(provider.id) not in delivery.passed]
