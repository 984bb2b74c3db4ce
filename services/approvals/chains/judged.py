"""The units that a draft is judged for, with the steps of their whole routes and the people around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, not_, select

from services.approvals.chains.chain import Chain, ChainVersion
from services.approvals.chains.floor import Floors, floors_on
from services.approvals.in_force import in_force, nearest_policy
from services.approvals.policy import DistrictPolicy
from services.approvals.scope import Scope, read_scope
from services.approvals.segregation import Seats
from services.approvals.staffing import Unit, units_where
from services.approvals.step import RoleSelector, Segment, Step
from shared.people import DistrictCopy, OrganisationCopy
from shared.store import Look


@dataclass(frozen=True)
class Judged:
    """`others` are the steps of the other segment: of each unit for a district's draft, for a unit's draft
    those of its district under the unit's own id. `floors` are those of a unit's draft, `homes` where people
    who are named are appointed."""

    level: str
    steps: Sequence[Step]
    units: Sequence[Unit]
    scope: Scope
    others: Mapping[UUID, Sequence[Step]]
    policies: Sequence[DistrictPolicy]
    floors: Floors
    homes: Mapping[UUID, Unit]

    @property
    def names(self) -> dict[str, str]:
        """The names of all steps by their keys in a route."""
        return {key: step.name for unit in self.units for key, step in self.route_of(unit)}

    def route_of(self, unit: Unit) -> list[tuple[str, Step]]:
        """All steps of a unit's route with the draft, by their keys in it."""
        other = self.others.get(unit.id, ())
        segments = (other, self.steps) if self.level == Segment.DISTRICT else (self.steps, other)
        return [
            (f"{segment}.{step.key}", step)
            for segment, steps in zip(Segment, segments, strict=True)
            for step in steps
        ]

    def may_repeat(self, unit: Unit) -> bool:
        """Whether a step is skipped where the people who have agreed already would decide it again."""
        return nearest_policy(self.policies, unit).repeat != "never"

    def has_place(self, unit: Unit, step: Step) -> bool:
        """Whether the organisation that a step speaks of is there; people who are named need none."""
        selector = step.selector
        return not isinstance(selector, RoleSelector) or self.scope.place(unit, selector) is not None

    def people(self, unit: Unit, step: Step) -> list[UUID]:
        """Who could review a step for a unit."""
        selector = step.selector
        place = self.scope.place(unit, selector) if isinstance(selector, RoleSelector) else None
        return [person.person_id for person in self.scope.candidates(selector, place.id if place else None)]

    def seats(self, unit: Unit, key: str, step: Step) -> Seats:
        """What a step needs for a unit, and whom it could have."""
        above = step.self_review == "superior" and unit.superior_id is not None
        superiors = self.scope.candidates(step.selector, unit.superior_id) if above else []
        return Seats(
            key,
            step.needed,
            frozenset(self.people(unit, step)),
            step.self_review,
            frozenset(person.person_id for person in superiors),
        )


def read_judged(look: Look, chain: Chain) -> Judged | None:
    """What the draft of a chain is judged by; nothing when its owner is not known here."""
    if chain.level == Segment.UNIT:
        return _of_unit(look, chain)
    if look.session.get(DistrictCopy, chain.owner) is None:
        return None
    which = following(look, chain)
    others = unit_steps(look, chain.doc_type, which)
    scope = read_scope(look, which, [*chain.steps, *(step for one in others.values() for step in one)])
    units = [unit for unit in scope.units if scope.applicants(unit)]
    return _judged(look, chain, units, scope, others)


def _of_unit(look: Look, chain: Chain) -> Judged | None:
    which = OrganisationCopy.organisation_id == chain.organisation_id
    units = units_where(look, which, OrganisationCopy.active.is_(True))
    if not units:
        return None
    district = in_force(look, units[0], chain.doc_type).district
    above = [Step.model_validate(step) for step in district[1].steps] if district else []
    scope = read_scope(look, which, [*chain.steps, *above])
    return _judged(look, chain, units, scope, {units[0].id: above})


def _judged(
    look: Look, chain: Chain, units: Sequence[Unit], scope: Scope, others: Mapping[UUID, Sequence[Step]]
) -> Judged:
    homes = {post.person.organisation_id for post in scope.named}
    floors: Floors = {}
    if chain.level == Segment.UNIT:
        floors = floors_on(look, units[0].district_path, chain.doc_type, look.today)
    return Judged(
        level=chain.level,
        steps=chain.steps,
        units=units,
        scope=scope,
        others=others,
        policies=look.all(select(DistrictPolicy)),
        floors=floors,
        homes={unit.id: unit for unit in units_where(look, OrganisationCopy.organisation_id.in_(homes))},
    )


def following(look: Look, chain: Chain) -> ColumnElement[bool]:
    """Which organisations follow a chain, of organisation and district: for a district's chain all at or
    below it but those for which a district further down has published one of its own."""
    if chain.organisation_id is not None:
        return OrganisationCopy.organisation_id == chain.organisation_id
    below: ColumnElement[bool] = DistrictCopy.path.startswith(chain.district_path, autoescape=True)
    own = look.all(
        select(Chain.district_path).where(
            Chain.level == Segment.DISTRICT,
            Chain.doc_type == chain.doc_type,
            Chain.published > 0,
            Chain.owner != chain.owner,
            Chain.district_path.startswith(chain.district_path, autoescape=True),
        )
    )
    return and_(below, *(not_(DistrictCopy.path.startswith(path, autoescape=True)) for path in own))


def unit_steps(look: Look, doc_type: str, which: ColumnElement[bool]) -> dict[UUID, list[Step]]:
    """The published steps of units, by organisation."""
    units = (
        select(OrganisationCopy.organisation_id)
        .join(DistrictCopy, DistrictCopy.code == OrganisationCopy.district_code)
        .where(which, OrganisationCopy.active)
    )
    rows: Any = look.execute(
        select(Chain.organisation_id, ChainVersion.steps)
        .join(ChainVersion, and_(ChainVersion.chain_id == Chain.id, ChainVersion.n == Chain.published))
        .where(Chain.level == Segment.UNIT, Chain.doc_type == doc_type, Chain.organisation_id.in_(units))
    )
    return {unit: [Step.model_validate(step) for step in steps] for unit, steps in rows}
