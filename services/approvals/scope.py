"""Many units with the organisations around them and the people there, in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select

from services.approvals.staffing import (
    Candidate,
    Directory,
    Post,
    Unit,
    posts_where,
    select_people,
    units_where,
)
from services.approvals.step import PeopleSelector, RoleSelector, Selector, Step
from shared.people import AppointmentCopy, DistrictCopy, OrganisationCopy, Role
from shared.store import Look


@dataclass
class Scope:
    """`units` are those that are judged; `around` everything that one of their selectors could mean."""

    units: Sequence[Unit]
    around: Mapping[UUID, Unit]
    bodies: Mapping[str, Sequence[Unit]]
    posts: Mapping[UUID, Sequence[Post]]
    named: Sequence[Post]
    _found: dict[tuple[str, UUID | None], list[Candidate]] = field(default_factory=dict)

    def directory(self, unit: Unit) -> Directory:
        """What the route of a document of this unit is made from."""
        around = self._around(unit)
        posts = [post for one in (unit, *around) for post in self.posts.get(one.id, ())]
        return Directory(unit, around, [*posts, *self.named])

    def place(self, unit: Unit, selector: RoleSelector) -> Unit | None:
        """The organisation that a selector means for a unit."""
        return Directory(unit, self._around(unit)).place_of(selector)

    def candidates(self, selector: Selector, place: UUID | None) -> list[Candidate]:
        """The people that a selector gives at a place; found once for all units that share it."""
        is_named = isinstance(selector, PeopleSelector)
        key = (selector.model_dump_json(), place)
        if key not in self._found:
            posts = self.named if is_named else self.posts.get(place, ()) if place else ()
            self._found[key] = select_people(posts, selector, place)
        return self._found[key]

    def applicants(self, unit: Unit) -> list[UUID]:
        """The handlers of a unit: those who can apply there."""
        return [post.person.person_id for post in self.posts.get(unit.id, ()) if post.role == Role.HANDLER]

    def _around(self, unit: Unit) -> list[Unit]:
        above = self.around.get(unit.superior_id) if unit.superior_id else None
        bodies = [body for code in unit.districts for body in self.bodies.get(code, ())]
        return bodies if above is None else [above, *bodies]


def read_scope(look: Look, which: ColumnElement[bool], steps: Sequence[Step]) -> Scope:
    """The active units where `which` holds (of organisation and district), with what the steps need to know
    of them: three statements, whatever the number of units."""
    units = look_up(look, OrganisationCopy.active.is_(True), which)
    selectors = [selector for step in steps for selector in step.selectors]
    around = _read_around(look, units, which, selectors)
    posts = _read_posts(look, which, around, selectors)
    at: dict[UUID, list[Post]] = defaultdict(list)
    for post in posts:
        at[post.person.organisation_id].append(post)
    named_people = {person for s in selectors if isinstance(s, PeopleSelector) for person in s.people}
    named = [post for post in posts if post.person.person_id in named_people]
    bodies: dict[str, list[Unit]] = defaultdict(list)
    for unit in around:
        bodies[unit.district_code].append(unit)
    return Scope(units, {unit.id: unit for unit in around}, bodies, at, named)


def look_up(look: Look, *which: ColumnElement[bool]) -> list[Unit]:
    """Organisations with their districts, in the order of their names."""
    return sorted(units_where(look, *which), key=lambda unit: (unit.name, unit.id))


def _read_around(
    look: Look, units: Sequence[Unit], which: ColumnElement[bool], selectors: Sequence[Selector]
) -> list[Unit]:
    """Superiors of the units, and bodies of every district at or above them."""
    elsewhere = [s for s in selectors if isinstance(s, RoleSelector) and s.place != "own_unit"]
    if not elsewhere:
        return []
    codes = {code for unit in units for code in unit.districts}
    kinds = {selector.kind for selector in elsewhere if selector.kind}
    bodies = and_(OrganisationCopy.district_code.in_(codes), OrganisationCopy.kind.in_(kinds))
    return look_up(
        look,
        OrganisationCopy.active.is_(True),
        or_(OrganisationCopy.organisation_id.in_(_ids(which, superior=True)), bodies),
    )


def _read_posts(
    look: Look, which: ColumnElement[bool], around: Iterable[Unit], selectors: Sequence[Selector]
) -> list[Post]:
    roles = {selector.role for selector in selectors if isinstance(selector, RoleSelector)}
    named = {person for s in selectors if isinstance(s, PeopleSelector) for person in s.people}
    bodies = [unit.id for unit in around if unit.kind in _kinds(selectors)]
    places = or_(
        AppointmentCopy.organisation_id.in_(_ids(which)),
        AppointmentCopy.organisation_id.in_(_ids(which, superior=True)),
        AppointmentCopy.organisation_id.in_(bodies),
    )
    there = and_(places, AppointmentCopy.role.in_({*roles, Role.HANDLER}))
    return posts_where(look, or_(there, AppointmentCopy.person_id.in_(named)))


def _kinds(selectors: Sequence[Selector]) -> set[str | None]:
    return {s.kind for s in selectors if isinstance(s, RoleSelector) and s.place == "district_body"}


def _ids(which: ColumnElement[bool], superior: bool = False) -> Select[Any]:
    column = OrganisationCopy.superior_id if superior else OrganisationCopy.organisation_id
    return (
        select(column)
        .join(DistrictCopy, DistrictCopy.code == OrganisationCopy.district_code)
        .where(which, OrganisationCopy.active, column.is_not(None))
    )
