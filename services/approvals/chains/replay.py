"""Replays a draft over real cases of the past: which routes it would change, who would be missing, how long
it would take. A pure read; every route is made by the same function as a real one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, select

from services.approvals.case import Case, CaseRound
from services.approvals.chains.chain import Chain, ChainVersion
from services.approvals.chains.diff import StepChange, diff
from services.approvals.chains.judged import following
from services.approvals.in_force import in_force_of
from services.approvals.quorum import needed
from services.approvals.round_time import StepTime
from services.approvals.route import InForce, Route, route_of
from services.approvals.scope import read_scope
from services.approvals.seating import seat
from services.approvals.staffing import Directory
from services.approvals.step import RouteStep, Segment, Step
from shared.people import Caller, DistrictCopy, OrganisationCopy
from shared.store import Look

LOOKED_BACK = timedelta(days=366)
PROVENANCE = frozenset({"chain_id", "chain_version", "owner", "owner_path", "facts", "condition"})
"""What says why a step is there; a route has not changed when nothing else has."""
Medians = Mapping[tuple[UUID, str], int]
"""Minutes that a step of a chain takes in the median, where it is known."""


@dataclass(frozen=True)
class Gap:
    """A step that applies and has fewer reviewers than it needs; `outcome` is what the step's rule makes of
    it."""

    key: str
    name: str
    people: int
    needed: int
    outcome: str


@dataclass(frozen=True)
class Expected:
    """Working minutes that a route takes by the medians of its steps; `unknown` are steps nobody has passed
    yet."""

    minutes: int
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Replayed:
    """A past case with the routes that its facts get today, by the chains in force and by the draft."""

    case: Case
    changes: Sequence[StepChange]
    gaps: Sequence[Gap]
    before: Expected
    after: Expected


def replay(look: Look, chain: Chain, steps: Sequence[Step], seen_by: Caller, limit: int) -> list[Replayed]:
    """The newest cases (at most `limit`, of the last year) that follow the chain, newest first, in a fixed
    number of statements."""
    past = _past(look, chain, seen_by, limit)
    which = OrganisationCopy.organisation_id.in_({found.organisation_id for found, _ in past})
    forces = in_force_of(look, read_scope(look, which, ()).units, chain.doc_type)
    drafted = {unit: _with_draft(force, chain, steps) for unit, force in forces.items()}
    wanted = [step for force in (*forces.values(), *drafted.values()) for step in force.steps]
    scope = read_scope(look, which, wanted)
    directories = {unit.id: scope.directory(unit) for unit in scope.units}
    medians = _medians(look, [*forces.values(), *drafted.values()])
    found = []
    for one, facts in past:
        unit = one.organisation_id
        if unit not in directories:
            continue  # a unit that was closed meanwhile
        before, after = (
            route_of(facts, one.applicant_id, chains, directories[unit])
            for chains in (forces[unit], drafted[unit])
        )
        found.append(
            Replayed(
                one,
                diff(_applying(before), _applying(after), PROVENANCE),
                list(_gaps(after, one.applicant_id, directories[unit])),
                _expected(before, medians),
                _expected(after, medians),
            )
        )
    return found


def _past(look: Look, chain: Chain, seen_by: Caller, limit: int) -> list[tuple[Case, dict[str, Any]]]:
    units = (
        select(OrganisationCopy.organisation_id)
        .join(DistrictCopy, DistrictCopy.code == OrganisationCopy.district_code)
        .where(following(look, chain))
    )
    rows: Any = look.execute(
        select(Case, CaseRound.facts)
        .join(CaseRound, and_(CaseRound.case_id == Case.id, CaseRound.n == Case.round))
        .where(Case.doc_type == chain.doc_type, Case.organisation_id.in_(units), Case.visible_to(seen_by))
        .where(Case.submitted_at >= look.now - LOOKED_BACK)
        .order_by(Case.submitted_at.desc(), Case.id.desc())
        .limit(limit)
    )
    return [(found, facts) for found, facts in rows]


def _with_draft(force: InForce, chain: Chain, steps: Sequence[Step]) -> InForce:
    draft = (chain, ChainVersion(chain_id=chain.id, n=0, steps=[step.to_json() for step in steps]))
    return replace(force, unit=draft) if chain.level == Segment.UNIT else replace(force, district=draft)


def _applying(found: Route) -> list[RouteStep]:
    return [step for step in found.steps if step.applies]


def _gaps(found: Route, applicant: UUID, directory: Directory) -> Iterable[Gap]:
    for step in _applying(found):
        seated = seat(step, lambda one: directory.candidates(one.selector, one.organisation_id), applicant)
        people = len(seated.people)
        wanted = max(1, needed(step, people))
        if people < wanted and seated.skip in ("", "nobody_to_review"):
            yield Gap(step.key, step.name, people, wanted, step.on_empty)


def _expected(found: Route, medians: Medians) -> Expected:
    steps = [(step.key, medians.get((step.chain_id, step.key))) for step in _applying(found)]
    known = [minutes for _, minutes in steps if minutes is not None]
    return Expected(sum(known), tuple(key for key, minutes in steps if minutes is None))


def _medians(look: Look, forces: Sequence[InForce]) -> Medians:
    chains = {pair[0].id for force in forces for pair in (force.unit, force.district) if pair}
    by = (StepTime.chain_id, StepTime.step_key)
    ranked = (
        select(
            *by,
            StepTime.minutes,
            func.row_number().over(partition_by=by, order_by=StepTime.minutes).label("rank"),
            func.count().over(partition_by=by).label("count"),
        )
        .where(StepTime.chain_id.in_(chains), StepTime.outcome != "ended")
        .where(StepTime.ended_at >= look.now - LOOKED_BACK)
        .subquery()
    )
    middle = case((ranked.c.rank >= (ranked.c.count + 1) // 2, ranked.c.minutes))
    rows: Any = look.execute(
        select(ranked.c.chain_id, ranked.c.step_key, func.min(middle)).group_by(
            ranked.c.chain_id, ranked.c.step_key
        )
    )
    return {(chain, key): minutes for chain, key, minutes in rows}
