"""The route of a document: applicable steps of the unit's chain, then those of the district's, with reasons.

Pure: preview and the opening of a round call the same function with the same inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.approvals.chain import Chain, ChainVersion
from services.approvals.condition import facts_used, holds
from services.approvals.staffing import Candidate, Directory, Unit
from services.approvals.step import RoleSelector, RouteStep, Segment, Step
from shared.digest import canonical, digest
from shared.errors import Problem
from shared.events.documents import Submission

CONTENT_LIMIT = 256 * 1024


@dataclass(frozen=True)
class InForce:
    """The chains that apply to a document: published versions, and whether the unit may go without one."""

    unit: tuple[Chain, ChainVersion] | None = None
    district: tuple[Chain, ChainVersion] | None = None
    unit_optional: bool = False

    @property
    def steps(self) -> list[Step]:
        published = [pair[1].steps for pair in (self.unit, self.district) if pair]
        return [Step.model_validate(step) for steps in published for step in steps]


@dataclass(frozen=True)
class Route:
    """`steps` is what a round freezes. `first` is the step that opens first, `candidates` are those who may
    be picked or asked there. With problems there is no round."""

    steps: Sequence[RouteStep]
    problems: Sequence[Problem]
    first: int | None = None
    candidates: Sequence[Candidate] = ()

    @property
    def asks_pick(self) -> bool:
        return self.first is not None and self.steps[self.first].pick != "none"

    def to_json(self) -> list[dict[str, Any]]:
        return [step.to_json() for step in self.steps]


def route(submission: Submission, chains: InForce, directory: Directory | None) -> Route:
    """The route of a submission, the candidates of its first step (never the applicant), and its problems.

    Problems: `unknown_unit`, `unit_inactive`, `no_unit_chain`, `no_district_chain`, `empty_step`,
    `empty_route`, `content_invalid`, `content_too_large`, `digest_mismatch`.
    """
    if directory is None:
        return Route((), [Problem("unknown_unit", "单位未登记", "/organisation_id", "unknown unit")])
    problems = [*_content_problems(submission), *_chain_problems(directory.unit, chains)]
    steps = [
        *_segment(Segment.UNIT, chains.unit, submission, directory),
        *_segment(Segment.DISTRICT, chains.district, submission, directory),
    ]
    first: int | None = None
    asked: list[Candidate] = []
    for index, step in enumerate(steps):
        if not step.applies:
            continue
        found = [
            person
            for person in directory.candidates(step.selector, step.organisation_id)
            if person.person_id != submission.applicant_id
        ]
        if not found and step.on_empty == "refuse":
            problems.append(_empty_step(step))
        if first is None and (found or step.on_empty != "skip"):
            first, asked = index, found
    if first is None and not problems:
        problems.append(Problem("empty_route", "没有需要审核的环节", "", "no step of the chains applies"))
    return Route(steps, problems, first, asked)


def _segment(
    segment: Segment, chain: tuple[Chain, ChainVersion] | None, submission: Submission, directory: Directory
) -> list[RouteStep]:
    if chain is None:
        return []
    owner, version = chain
    return [
        _route_step(segment, owner, version.n, Step.model_validate(step), submission.facts, directory)
        for step in version.steps
    ]


def _route_step(  # noqa: PLR0913 - a step and everything that explains it
    segment: Segment, owner: Chain, n: int, step: Step, facts: dict[str, Any], directory: Directory
) -> RouteStep:
    place = directory.place_of(step.selector) if isinstance(step.selector, RoleSelector) else None
    return RouteStep(
        **{
            **step.model_dump(),
            "key": f"{segment}.{step.key}",
            "segment": segment,
            "chain_id": owner.id,
            "chain_version": n,
            "owner": owner.owner,
            "owner_path": owner.district_path,
            "facts": {name: facts.get(name) for name in sorted(facts_used(step.condition))},
            "applies": holds(step.condition, facts),
            "organisation_id": place.id if place else None,
            "organisation_name": place.name if place else "",
        }
    )


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
    if chains.unit is None and not chains.unit_optional:
        problems.append(
            Problem("no_unit_chain", "本单位尚未发布审核链", "", "the unit has not published a chain")
        )
    if chains.district is None:
        text = "本区划及上级区划尚未发布审核链"
        problems.append(
            Problem("no_district_chain", text, "", "no district at or above has published a chain")
        )
    return problems


def _empty_step(step: RouteStep) -> Problem:
    text_en = f"nobody can review the step {step.key}"
    return Problem("empty_step", f"环节“{step.name}”没有可用的审核人", f"/steps/{step.key}", text_en)
