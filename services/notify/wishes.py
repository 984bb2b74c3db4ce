"""What holds for a person: his own choices, else those of his units, else those of the system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from services.notify.channels import Channel
from services.notify.kinds import Kind
from services.notify.moments.timing import USUAL, Timing
from services.notify.preferences import Mode, Owner, Preferences
from services.notify.texts import CHINESE
from shared.people import AppointmentCopy
from shared.store import Look, Work

SYSTEM = "system"


class Effective(NamedTuple):
    """What holds for a kind on a channel, and where it comes from: `person`, `unit` or `system`, by a choice
    about which topic."""

    mode: Mode
    source: str
    topic: str = ""


class Way(NamedTuple):
    """A channel on which a person is told, or would have been."""

    channel: Channel
    mode: Mode


@dataclass(frozen=True)
class Wishes:
    """The choices that bear on one person. Where several units of his differ, the more insistent one holds,
    so that no unit's rule is lost. `of_units` counts also those of his units that have chosen nothing.
    """

    own: Preferences | None
    units: Sequence[Preferences]
    of_units: int

    @property
    def locale(self) -> str:
        return self.locale_from[0]

    @property
    def locale_from(self) -> tuple[str, str]:
        """The language, and where it comes from."""
        return self._nearest(lambda row: row.locale or None, CHINESE)

    @cached_property
    def timing(self) -> Timing:
        """What holds about time."""
        return Timing.of({name: self.timed(name)[0] for name in USUAL})

    def timed(self, name: str) -> tuple[Any, str]:
        """A value about time as it is kept, and where it comes from."""
        return self._nearest(lambda row: row.timing.get(name), USUAL[name])

    def _nearest(self, said: Callable[[Preferences], Any], usual: Any) -> tuple[Any, str]:
        """What he says himself, else the first of his units that says anything, else what is usual."""
        if self.own is not None and (found := said(self.own)) is not None:
            return found, Owner.PERSON
        found = next((value for unit in self.units if (value := said(unit)) is not None), None)
        return (usual, SYSTEM) if found is None else (found, Owner.UNIT)

    @property
    def inbox_suffices(self) -> bool:
        """Whether every unit of his lets people do without any channel also for what is mandatory."""
        return 0 < self.of_units == sum(bool(unit.inbox_suffices) for unit in self.units)

    def about(self, kind: Kind, channel: Channel) -> Effective:
        """What holds for a kind on a channel."""
        for source, level in ((Owner.PERSON, [self.own] if self.own else []), (Owner.UNIT, self.units)):
            found = [choice for row in level if (choice := row.about(kind, channel)) is not None]
            if found:
                most = max(found, key=lambda choice: choice.mode.insistence)
                too_late = most.mode is Mode.DIGEST and not kind.collectable
                return Effective(Mode.NOW if too_late else most.mode, source, most.topic)
        return Effective(Mode.NOW if channel in kind.channels else Mode.OFF, SYSTEM)

    def ways(self, kind: Kind) -> list[Way]:
        """On which channels a kind goes out; those that he himself has switched off are told apart. What is
        mandatory goes out as the system would have it where it would stay in the inbox."""
        chosen = self._chosen(kind)
        if not self.falls_silent(kind):
            return chosen
        others = [way for way in chosen if way.channel not in kind.channels]
        return [*others, *(Way(channel, Mode.NOW) for channel in sorted(kind.channels))]

    def _chosen(self, kind: Kind) -> list[Way]:
        effective = {channel: self.about(kind, channel) for channel in Channel}
        return [
            Way(channel, found.mode)
            for channel, found in effective.items()
            if found.mode is not Mode.OFF or (found.source == Owner.PERSON and channel in kind.channels)
        ]

    def falls_silent(self, kind: Kind) -> bool:
        """Whether a mandatory kind would stay in the inbox, although that is not enough."""
        if not kind.mandatory or self.inbox_suffices:
            return False
        return all(way.mode is Mode.OFF for way in self._chosen(kind))


def wishes_of(look: Look, person_id: UUID) -> Wishes:
    """The wishes of a person, in one statement."""
    found = look.session.execute(_rows(person_id, look.today)).all()
    rows: list[Preferences] = [row[0] for row in found]
    own = next((row for row in rows if row.owner == Owner.PERSON), None)
    return Wishes(own, [row for row in rows if row.owner == Owner.UNIT], found[0].of_units if found else 0)


def of_unit(unit: Preferences) -> Wishes:
    """What holds for the people of a unit who are of no other and have chosen nothing themselves."""
    return Wishes(None, [unit], of_units=1)


def lock_preferences(work: Work, owner_id: UUID, owner: Owner) -> Preferences:
    """The row of an owner, made at first use, that nobody else changes until this work ends."""
    row = {"owner_id": owner_id, "owner": owner, "version": 0, "choices": [], "timing": {}}
    work.execute(work.insert(Preferences).values(**row, changed_at=work.now).on_conflict_do_nothing())
    (found,) = work.lock_all(select(Preferences).where(Preferences.owner_id == owner_id))
    return found


def units_of(person_id: UUID, today: date) -> Select[UUID]:
    """The units that a person belongs to on a day."""
    of_person = AppointmentCopy.person_id == person_id
    return select(AppointmentCopy.organisation_id).where(of_person, AppointmentCopy.on(today)).distinct()


def _rows(person_id: UUID, today: date) -> Select[Preferences, int]:
    units = units_of(person_id, today)
    counted = select(func.count()).select_from(units.subquery())
    whose = or_(Preferences.owner_id == person_id, Preferences.owner_id.in_(units))
    wanted = select(Preferences, counted.scalar_subquery().label("of_units"))
    return wanted.where(whose).order_by(Preferences.owner_id)
