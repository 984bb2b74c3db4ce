"""The route of a document: applicable steps of the unit's chain, then those of the district's, with reasons.

Pure: preview and the opening of a round call the same function with the same inputs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from services.approvals.carrying import Carried, Earlier, SeatingOf, attested_digest, carry
from services.approvals.chains.chain import Chain, ChainVersion
from services.approvals.condition import facts_used, holds
from services.approvals.policy import Policy
from services.approvals.quorum import needed
from services.approvals.seating import Seating, seat
from services.approvals.staffing import Candidate, Directory, Unit
from services.approvals.step import RoleSelector, RouteStep, Segment, Selector, Step
from shared.digest import canonical, digest
from shared.errors import Problem
from shared.events.documents import Submission

CONTENT_LIMIT = 256 * 1024


@dataclass(frozen=True)
class InForce:
    """The chains that apply to a document: published versions, and the policy of the district."""

    unit: tuple[Chain, ChainVersion] | None = None
    district: tuple[Chain, ChainVersion] | None = None
    policy: Policy = field(default_factory=Policy)

    @property
    def steps(self) -> list[Step]:
        return [Step.model_validate(step) for _, version in self.chains for step in version.steps]

    @property
    def chains(self) -> list[tuple[Chain, ChainVersion]]:
        """Those that there are, the unit's first."""
        return [pair for pair in (self.unit, self.district) if pair]


@dataclass(frozen=True)
class Route:
    """`steps` is what a round freezes. `first` is the step that opens first, `seating` who may be picked or
    asked there; `skipped` are the steps before it with the rule; `carried` what stands of the round before,
    by the number of the step; `chains` the versions that it was made by, those without a step too. With
    problems there is no round."""

    steps: Sequence[RouteStep]
    problems: Sequence[Problem]
    first: int | None = None
    seating: Seating = field(default_factory=Seating)
    skipped: Mapping[str, str] = field(default_factory=dict)
    carried: Mapping[int, Carried] = field(default_factory=dict)
    chains: Sequence[tuple[UUID, int]] = ()

    @property
    def candidates(self) -> Sequence[Candidate]:
        return self.seating.people

    @property
    def asks_pick(self) -> bool:
        return self.first is not None and self.steps[self.first].pick != "none"

    def to_json(self) -> list[dict[str, Any]]:
        return [step.to_json() for step in self.steps]


def route(submission: Submission, chains: InForce, directory: Directory | None, earlier: Earlier) -> Route:
    """The route of a submission after the round `earlier`, the candidates of its first step (never the
    applicant), and its problems.

    Problems: `unknown_unit`, `unit_inactive`, `no_unit_chain`, `no_district_chain`, `empty_step`,
    `too_few_reviewers`, `empty_route`, `content_invalid`, `content_too_large`, `digest_mismatch`.
    """
    if directory is None:
        return Route((), [Problem("unknown_unit", "单位未登记", "/organisation_id", "unknown unit")])
    problems = _content_problems(submission)
    steps = _steps(submission.facts, chains, directory)
    if not problems:
        steps = [attesting(step, submission.content, submission.digest) for step in steps]
    problems += _chain_problems(directory.unit, chains)
    found = _judged(steps, problems, submission.applicant_id, directory, earlier)
    return replace(found, chains=[(chain.id, version.n) for chain, version in chains.chains])


def route_of(facts: dict[str, Any], applicant: UUID, chains: InForce, directory: Directory) -> Route:
    """The same of a first round from the facts alone; the content is not judged."""
    steps = _steps(facts, chains, directory)
    return _judged(steps, _chain_problems(directory.unit, chains), applicant, directory, Earlier())


def _judged(
    steps: Sequence[RouteStep],
    problems: list[Problem],
    applicant: UUID,
    directory: Directory,
    earlier: Earlier,
) -> Route:
    """The route of these steps, with what stands against it: steps without people, or none to decide."""

    def seating_of(step: RouteStep, agreed: Collection[UUID] = ()) -> Seating:
        return seat(
            step, lambda one: directory.candidates(one.selector, one.organisation_id), applicant, agreed
        )

    for step in steps:
        if step.applies:
            problems += people_missing(step, seating_of(step))
    begun = begin(steps, earlier, seating_of, applicant)
    if begun.first is None and not problems:
        problems.append(Problem("empty_route", "没有需要审核的环节", "", "no step of the chains applies"))
    return replace(begun, problems=problems)


def begin(steps: Sequence[RouteStep], earlier: Earlier, seating_of: SeatingOf, applicant: UUID) -> Route:
    """What stands of the round before, which step opens first and for whom, and which are passed over before
    it. Something is left to decide as long as a step applies."""
    carried = carry(steps, earlier, seating_of, applicant)
    begun = _first(steps, carried, seating_of)
    whole = [index for index, one in carried.items() if one.whole]
    while begun.first is None and whole:
        # nothing is approved without a decision on what was submitted now
        del carried[whole.pop()]
        begun = _first(steps, carried, seating_of)
    return begun


def _first(steps: Sequence[RouteStep], carried: Mapping[int, Carried], seating_of: SeatingOf) -> Route:
    """The route from the first step that somebody has to decide."""
    frozen = [
        step.model_copy(update={"carried": True}) if index in carried and carried[index].whole else step
        for index, step in enumerate(steps)
    ]
    agreed = {person for one in carried.values() for person in one.people}
    skipped: dict[str, str] = {}
    for index, step in enumerate(frozen):
        if not step.applies or step.carried:
            continue
        seated = seating_of(step, agreed)
        if not seated.skip:
            return Route(frozen, (), index, seated, skipped, carried)
        skipped[step.key] = seated.skip
    return Route(frozen, (), None, Seating(), skipped, carried)


def attesting(step: RouteStep, content: Mapping[str, Any], whole: str) -> RouteStep:
    """A step with the digest of what it attests of this content, of which `whole` is the digest."""
    return step.model_copy(update={"attested_digest": attested_digest(step.attested, content, whole)})


def _steps(facts: dict[str, Any], chains: InForce, directory: Directory) -> list[RouteStep]:
    return [step for part in Segment for step in segment_steps(part, chains, facts, directory)]


def segment_steps(
    segment: Segment, chains: InForce, facts: dict[str, Any], directory: Directory
) -> list[RouteStep]:
    """The steps of a unit's or a district's chain for a document with these facts."""
    chain = chains.unit if segment == Segment.UNIT else chains.district
    if chain is None:
        return []
    owner, version = chain
    about = {
        "segment": segment,
        "chain_id": owner.id,
        "chain_version": version.n,
        "owner": owner.owner,
        "owner_path": owner.district_path,
        "repeat": chains.policy.repeat,
    }
    allowed = chains.policy.by_message
    steps = [Step.model_validate(step) for step in version.steps]
    return [
        _route_step(step, {**about, "by_message": step.by_message and allowed}, facts, directory)
        for step in steps
    ]


def _route_step(step: Step, about: dict[str, Any], facts: dict[str, Any], directory: Directory) -> RouteStep:
    place = directory.place_of(step.selector) if isinstance(step.selector, RoleSelector) else None
    return RouteStep(
        **{
            **step.model_dump(),
            **about,
            "key": f"{about['segment']}.{step.key}",
            "facts": {name: facts.get(name) for name in sorted(facts_used(step.condition))},
            "applies": holds(step.condition, facts),
            "organisation_id": place.id if place else None,
            "organisation_name": place.name if place else "",
            "escalation_places": [_place(one.selector, directory) for one in step.escalation],
            "superior_id": directory.unit.superior_id if step.self_review == "superior" else None,
        }
    )


def _place(selector: Selector, directory: Directory) -> UUID | None:
    place = directory.place_of(selector) if isinstance(selector, RoleSelector) else None
    return place.id if place else None


def _content_problems(submission: Submission) -> list[Problem]:
    try:
        size = len(canonical(submission.content))
    except ValueError as error:
        return [Problem("content_invalid", f"内容无法确定摘要：{error}", "/content", str(error))]
    if size > CONTENT_LIMIT:
        return [Problem("content_too_large", "内容超过 256 KiB", "/content", "more than 256 KiB")]
    if digest(submission.content) != submission.digest:
        return [Problem("digest_mismatch", "内容与摘要不符", "/digest", "not the digest of the content")]
    return []


def _chain_problems(unit: Unit, chains: InForce) -> list[Problem]:
    problems = []
    if not unit.active:
        problems.append(Problem("unit_inactive", "单位已停用", "/organisation_id", "the unit is inactive"))
    if chains.unit is None and not chains.policy.unit_segment_optional:
        problems.append(
            Problem("no_unit_chain", "本单位尚未发布审核链", "", "the unit has not published a chain")
        )
    if chains.district is None:
        text = "本区划及上级区划尚未发布审核链"
        problems.append(
            Problem("no_district_chain", text, "", "no district at or above has published a chain")
        )
    return problems


def people_missing(step: RouteStep, seated: Seating) -> list[Problem]:
    """People that are missing from the beginning, where the step refuses to wait for them."""
    if seated.skip or step.on_empty != "refuse":
        return []
    pointer, people = f"/steps/{step.key}", len(seated.people)
    if not people:
        text_en = f"nobody can review the step {step.key}"
        return [Problem("empty_step", f"环节“{step.name}”没有可用的审核人", pointer, text_en)]
    if people < needed(step, people):
        text = f"环节“{step.name}”需要 {step.at_least} 人同意，可用的审核人只有 {people} 名"
        return [Problem("too_few_reviewers", text, pointer, f"{people} of {step.at_least} reviewers")]
    return []
