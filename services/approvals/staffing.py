"""Who could sit where: organisations around a unit and the people in them, from this service's copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from services.approvals.step import PeopleSelector, RoleSelector, RouteStep, Selector, Step
from shared.people import AppointmentCopy, DistrictCopy, OrganisationCopy, PersonCopy
from shared.store import Look


@dataclass(frozen=True)
class Candidate:
    """A person who may be asked to review, in the organisation that makes him one."""

    person_id: UUID
    name: str
    organisation_id: UUID
    organisation_name: str


@dataclass(frozen=True)
class Unit:
    """An organisation, with the district it belongs to."""

    id: UUID
    name: str
    kind: str
    district_code: str
    level: str = ""
    district_path: str = ""
    superior_id: UUID | None = None
    active: bool = True

    @property
    def districts(self) -> list[str]:
        """Codes from its own district up to the root."""
        return [code for code in self.district_path.split("/") if code][::-1]


@dataclass(frozen=True)
class Post:
    """A person's role in an organisation today."""

    person: Candidate
    role: str
    positions: tuple[str, ...]


@dataclass(frozen=True)
class Directory:
    """What routes are made from: the unit, the organisations around it, and who is appointed there."""

    unit: Unit
    around: Sequence[Unit] = ()
    posts: Sequence[Post] = ()

    def place_of(self, selector: RoleSelector) -> Unit | None:
        """The organisation that a selector speaks of, if there is one."""
        if selector.place == "own_unit":
            return self.unit
        if selector.place == "superior_unit":
            return next((unit for unit in self.around if unit.id == self.unit.superior_id), None)
        order = self.unit.districts
        bodies = [
            unit
            for unit in self.around
            if unit.kind == selector.kind
            and unit.district_code in order
            and selector.level in (None, unit.level)
        ]
        return min(bodies, key=lambda unit: (order.index(unit.district_code), unit.id), default=None)

    def candidates(self, selector: Selector, place: UUID | None) -> list[Candidate]:
        return select_people(self.posts, selector, place)


def select_people(posts: Iterable[Post], selector: Selector, place: UUID | None) -> list[Candidate]:
    """The people that a selector gives, each once: by name, or in the order in which a list names them."""
    found: dict[UUID, Candidate] = {}
    for post in sorted(posts, key=lambda post: (post.person.name, post.person.person_id)):
        if _selected(post, selector, place):
            found.setdefault(post.person.person_id, post.person)
    if isinstance(selector, PeopleSelector):
        return [found[person] for person in selector.people if person in found]
    return list(found.values())


def _selected(post: Post, selector: Selector, place: UUID | None) -> bool:
    if isinstance(selector, PeopleSelector):
        return post.person.person_id in selector.people
    return (
        post.person.organisation_id == place
        and post.role == selector.role
        and selector.position in (None, *post.positions)
    )


def read_unit(look: Look, organisation_id: UUID) -> Unit | None:
    """An organisation with its district, if both are known here."""
    return next(iter(units_where(look, OrganisationCopy.organisation_id == organisation_id)), None)


def units_where(look: Look, *which: ColumnElement[bool]) -> list[Unit]:
    """The organisations for which all of these hold, with their districts, in one statement."""
    rows: Any = look.execute(
        select(OrganisationCopy, DistrictCopy.level, DistrictCopy.path)
        .join(DistrictCopy, DistrictCopy.code == OrganisationCopy.district_code)
        .where(*which)
    )
    return [_unit(organisation, level, path) for organisation, level, path in rows]


def read_directory(look: Look, unit: Unit, steps: Sequence[Step]) -> Directory:
    """What the steps need to know, in at most two statements."""
    around = _read_around(look, unit, [selector for step in steps for selector in step.selectors])
    directory = Directory(unit, around)
    places = {
        place.id
        for step in steps
        if isinstance(step.selector, RoleSelector)
        and (place := directory.place_of(step.selector)) is not None
    }
    if unit.superior_id and any(step.self_review == "superior" for step in steps):
        places.add(unit.superior_id)
    return Directory(unit, around, read_posts(look, [step.selector for step in steps], places))


def _read_around(look: Look, unit: Unit, selectors: Sequence[Selector]) -> list[Unit]:
    elsewhere = [s for s in selectors if isinstance(s, RoleSelector) and s.place != "own_unit"]
    if not elsewhere:
        return []
    kinds = {selector.kind for selector in elsewhere if selector.kind}
    bodies = and_(OrganisationCopy.district_code.in_(unit.districts), OrganisationCopy.kind.in_(kinds))
    superior = OrganisationCopy.organisation_id == unit.superior_id
    return units_where(look, OrganisationCopy.active.is_(True), or_(superior, bodies))


def read_posts(look: Look, selectors: Sequence[Selector], places: Iterable[UUID]) -> list[Post]:
    """Active people appointed today whom one of the selectors could mean."""
    roles = {selector.role for selector in selectors if isinstance(selector, RoleSelector)}
    named = {person for s in selectors if isinstance(s, PeopleSelector) for person in s.people}
    wanted = [and_(AppointmentCopy.organisation_id.in_(set(places)), AppointmentCopy.role.in_(roles))]
    if named:
        wanted.append(AppointmentCopy.person_id.in_(named))
    return posts_where(look, or_(*wanted))


def candidates_today(look: Look, step: RouteStep) -> list[Candidate]:
    """Who may review a step of a frozen route today: in one statement where there is anybody, else also by
    what has taken the place of a body that was closed."""
    found = _people_of(look, step.selector, step.organisation_id)
    if not found and (place := place_today(look, step)) != step.organisation_id:
        return _people_of(look, step.selector, place)
    return found


def place_today(look: Look, step: RouteStep) -> UUID | None:
    """The organisation of a step of a frozen route. Where it was the body of a district and has been closed
    since, that is the one which its selector means now, from the district of the closed one upwards."""
    selector = step.selector
    if step.organisation_id is None or not isinstance(selector, RoleSelector):
        return step.organisation_id
    was = read_unit(look, step.organisation_id) if selector.place == "district_body" else None
    if was is None or was.active:
        return step.organisation_id
    now = Directory(was, _read_around(look, was, [selector])).place_of(selector)
    return now.id if now else was.id


def _people_of(look: Look, selector: Selector, place: UUID | None) -> list[Candidate]:
    return select_people(read_posts(look, [selector], [place] if place else []), selector, place)


def posts_where(look: Look, which: ColumnElement[bool]) -> list[Post]:
    """Active people appointed today in active organisations, where this holds of the appointment."""
    rows: Any = look.execute(
        select(
            PersonCopy.person_id,
            PersonCopy.name,
            OrganisationCopy.organisation_id,
            OrganisationCopy.name,
            AppointmentCopy.role,
            AppointmentCopy.positions,
        )
        .join(AppointmentCopy, AppointmentCopy.person_id == PersonCopy.person_id)
        .join(OrganisationCopy, OrganisationCopy.organisation_id == AppointmentCopy.organisation_id)
        .where(which, PersonCopy.active, OrganisationCopy.active, AppointmentCopy.on(look.today))
        .order_by(AppointmentCopy.id)
    )
    return [Post(Candidate(*row[:4]), row[4], tuple(row[5])) for row in rows]


def _unit(row: OrganisationCopy, level: str, path: str) -> Unit:
    return Unit(
        id=row.organisation_id,
        name=row.name,
        kind=row.kind,
        district_code=row.district_code,
        level=level,
        district_path=path,
        superior_id=row.superior_id,
        active=row.active,
    )
