"""Which channels are served, and which of them lead to a person."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from services.notify.channels import ROBOTS, Channel
from services.notify.contact import Account, Contact
from services.notify.provider import KEPT, Provider
from services.notify.wishes import units_of
from shared.store import Look


def served(look: Look, units: Collection[UUID] | Select[UUID]) -> frozenset[Channel]:
    """The channels that some provider takes letters of, for the people of these units."""
    return frozenset(map(Channel, look.all(_serving(units))))


def reaching(look: Look, person_id: UUID) -> list[Channel]:
    """The channels on which a person can be reached now, in the usual order: somebody sends there, and he has
    an address, or a robot speaks to his unit or to everybody. Who only keeps letters reaches nobody."""
    sent = _serving(units_of(person_id, look.today)).where(Provider.kind != KEPT, _leads_to(person_id))
    found = frozenset(look.all(sent))
    return [channel for channel in Channel if channel in found]


def _serving(units: Collection[UUID] | Select[UUID]) -> Select[Channel]:
    of_everybody = Provider.organisation_id.is_(None)
    wanted = select(Provider.channel).where(Provider.active)
    return wanted.where(or_(of_everybody, Provider.organisation_id.in_(units))).distinct()


def _leads_to(person_id: UUID) -> ColumnElement[bool]:
    contact = Contact.person_id == person_id
    return or_(
        Provider.channel.in_(ROBOTS),
        and_(Provider.channel == Channel.EMAIL, exists().where(contact, Contact.email != "")),
        and_(Provider.channel == Channel.SMS, exists().where(contact, Contact.phone != "")),
        exists().where(Account.person_id == person_id, Account.channel == Provider.channel),
    )
