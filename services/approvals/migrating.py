"""Which running rounds go by an older version of a chain, and what the one in force would make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select

from services.approvals.actor import Actor
from services.approvals.case import Case, CaseRound, CaseState
from services.approvals.case_event import CaseEvent
from services.approvals.case_file import CaseFile
from services.approvals.chains.chain import Chain, ChainVersion
from services.approvals.filing import former_holders, keep, take
from services.approvals.in_force import policy_at
from services.approvals.rerouting import Rerouted, migrate, reroute
from services.approvals.route import InForce, attesting, segment_steps
from services.approvals.staffing import candidates_today, read_directory, read_unit
from services.approvals.step import RouteStep, Segment, Step
from shared.errors import Conflict, Forbidden, Problem, Refusal, invalid
from shared.people import Caller
from shared.store import Look, Work


@dataclass(frozen=True)
class Target:
    """The version in force of a chain, and the keys that steps of older versions have in it."""

    chain: Chain
    version: ChainVersion
    renamed: Mapping[str, str]


@dataclass(frozen=True)
class Prospect:
    """A running round with what the version would make of it, or why it cannot be; `before` and `step_before`
    are its route and present step until then."""

    file: CaseFile
    before: Sequence[RouteStep]
    step_before: str
    new: Rerouted | None
    refused: Refusal | None


def target_of(look: Look, chain: Chain, renamed: Mapping[str, str]) -> Target:
    """Raises `Conflict` (`nothing_published`), `Invalid` (`unknown_step`, `renamed_twice`)."""
    version = look.session.get(ChainVersion, (chain.id, chain.published))
    if version is None:
        raise Conflict("nothing_published", "该审核链没有生效的版本", "no version is in force")
    keys = {Step.model_validate(step).key for step in version.steps}
    problems = [
        Problem("unknown_step", f"新版没有环节 {new}", f"/renamed/{old}", "not a step of the version")
        for old, new in renamed.items()
        if new not in keys
    ]
    if len(set(renamed.values())) < len(renamed):
        problems.append(
            Problem("renamed_twice", "两个环节不能对应同一个新环节", "/renamed", "twice the same")
        )
    if problems:
        raise invalid(problems)
    prefixed = {f"{chain.level}.{old}": f"{chain.level}.{new}" for old, new in renamed.items()}
    return Target(chain, version, prefixed)


def older_rounds(
    look: Look, target: Target, after: UUID | None, limit: int
) -> tuple[list[Case], UUID | None]:
    """Cases under review by an older version, in the order of their ids, and where the next page begins."""
    asked = _older(target).order_by(Case.id).limit(limit)
    if after is not None:
        asked = asked.where(Case.id > after)
    rows: Any = look.execute(asked).all()
    return _by_older(look, target, rows), rows[-1][0].id if len(rows) == limit else None


def chosen_rounds(work: Work, target: Target, cases: Sequence[UUID]) -> list[Case]:
    """Those of these cases that are under review by an older version, locked in the order of their ids."""
    asked = _older(target).where(Case.id.in_(cases)).order_by(Case.id)
    locked = asked.with_for_update(of=Case).execution_options(populate_existing=True)
    rows: Any = work.execute(locked).all()
    return _by_older(work, target, rows)


def prospect(look: Look, target: Target, case: Case, caller: Caller) -> Prospect:
    """What would become of a round; a pure read."""
    file = take(look, case)
    before, at = list(file.route), file.step.name
    try:
        if caller.person_id in {case.applicant_id, *former_holders(look, case)}:
            text = "申请人和审核人不能以管理员身份处理该事项"
            raise Forbidden("party_of_case", text, "a party of the case does not administer it")
        new = reroute(
            file, _fresh(look, file, target), target.renamed, lambda step: candidates_today(look, step)
        )
        if not new.stays and caller.person_id in {person.person_id for person in new.next.holders}:
            text, text_en = "您将成为该环节的审核人，不能由您改用新版", "you would review the step yourself"
            raise Forbidden("party_of_case", text, text_en)
    except Refusal as refusal:
        return Prospect(file, before, at, None, refusal)
    return Prospect(file, before, at, new, None)


def move(work: Work, target: Target, case: Case, caller: Caller, reason: str) -> Prospect:
    """Moves a round whole, or leaves it as it is."""
    found = prospect(work, target, case, caller)
    if found.new is not None:
        about = {
            "chain": str(target.chain.id),
            "from": _versions(target, found.before) or _noted(work, target, [case.id])[case.id],
            "version": target.version.n,
            "renamed": dict(target.renamed),
        }
        migrate(found.file, found.new, Actor(caller.person_id, caller.name), reason, **about)
        keep(work, found.file)
    return found


def _older(target: Target) -> Select[Any]:
    """Running rounds that began before the version was published, where the chain could be in them."""
    chain = target.chain
    follows = Case.district_path.startswith(chain.district_path, autoescape=True)
    if chain.level == Segment.UNIT:
        follows = Case.organisation_id == chain.organisation_id
    return (
        select(Case, CaseRound.route)
        .join(CaseRound, and_(CaseRound.case_id == Case.id, CaseRound.n == Case.round))
        .where(Case.state == CaseState.REVIEWING, Case.doc_type == chain.doc_type, follows)
        .where(CaseRound.submitted_at <= target.version.published_at)
    )


def _by_older(look: Look, target: Target, rows: Sequence[Any]) -> list[Case]:
    """Those of these cases, given with what their rounds froze, that go by an older version: by the steps of
    their routes; one whose route has no step of the chain, by what its events say."""
    routes = {
        case: [RouteStep.model_validate(step) for step in case.route or frozen] for case, frozen in rows
    }
    chain = target.chain.id
    without = [case.id for case, route in routes.items() if all(step.chain_id != chain for step in route)]
    noted = _noted(look, target, without)
    return [case for case, route in routes.items() if noted.get(case.id) or _versions(target, route)]


def _noted(look: Look, target: Target, cases: Sequence[UUID]) -> dict[UUID, list[int]]:
    """The older version of the chain by which each of these rounds goes without having a step of it; 0 for a
    round that began while its unit had no chain."""
    found: dict[UUID, int | None] = dict.fromkeys(cases, 0 if target.chain.level == Segment.UNIT else None)
    acts = (
        select(CaseEvent)
        .join(Case, and_(Case.id == CaseEvent.case_id, Case.round == CaseEvent.round))
        .where(CaseEvent.case_id.in_(cases), CaseEvent.type.in_(("submitted", "migrated")))
        .order_by(CaseEvent.case_id, CaseEvent.seq)
    )
    for act in look.all(acts) if cases else ():
        # a submission names all its chains, a migration the one that it is about
        for one in act.data.get("chains", [act.data]):
            if one.get("chain") == str(target.chain.id):
                found[act.case_id] = one["version"]
    return {case: [n] if n not in (None, target.version.n) else [] for case, n in found.items()}


def _versions(target: Target, route: Sequence[RouteStep]) -> list[int]:
    """The older versions of the chain by which a route has steps."""
    found = {step.chain_version for step in route if step.chain_id == target.chain.id}
    return sorted(found - {target.version.n})


def _fresh(look: Look, file: CaseFile, target: Target) -> list[RouteStep]:
    """The route with the version's steps in the place of those of its segment. Raises `Conflict`."""
    unit = read_unit(look, file.case.organisation_id)
    if unit is None:
        raise Conflict("unknown_unit", "单位未登记", "unknown unit")
    pair, policy = (target.chain, target.version), policy_at(look, file.case.district_path)
    of_unit = target.chain.level == Segment.UNIT
    force = InForce(unit=pair, policy=policy) if of_unit else InForce(district=pair, policy=policy)
    segment = Segment(target.chain.level)
    own = segment_steps(segment, force, file.round.facts, read_directory(look, unit, force.steps))
    own = [attesting(step, file.round.content, file.round.digest) for step in own]
    others = [step for step in file.route if step.segment != segment]
    return [*own, *others] if of_unit else [*others, *own]
