"""Who gets a part in a step when it opens, or by which named rule it is skipped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.approvals.quorum import needed
from services.approvals.staffing import Candidate
from services.approvals.step import RouteStep

CandidatesOf = Callable[[RouteStep], Sequence[Candidate]]
"""Who may review a step today, before anybody is excluded."""

SKIP_RULES = {
    "nobody_to_review": "无审核人，按规则跳过",
    "applicant_is_reviewer": "申请人即审核人，按规则跳过",
    "repeated": "审核人本轮已同意，按规则跳过",
    "passed_before": "改用新版前已跳过",
}


@dataclass(frozen=True)
class Seating:
    """`people` may review the step; `basis` says what makes them eligible; `skip` is the rule by which the
    step is passed over."""

    people: Sequence[Candidate] = ()
    basis: str = "candidate"
    skip: str = ""


def seat(
    step: RouteStep,
    candidates: CandidatesOf,
    applicant: UUID,
    agreed: Collection[UUID] = (),
    administrators: Collection[UUID] = (),
) -> Seating:
    """The people of a step: never the applicant, never anybody who has `agreed` in this round already, or who
    has acted on the step as administrator."""
    found, basis = candidates(step), "candidate"
    if any(person.person_id == applicant for person in found):
        if step.self_review == "skip":
            return Seating(skip="applicant_is_reviewer")
        if step.self_review == "superior":
            found, basis = candidates(step.at_superior), "superior"
    others = [person for person in found if person.person_id not in {applicant, *administrators}]
    people = [person for person in others if person.person_id not in agreed]
    if step.repeat == "skip_repeated" and _met_already(step, len(others), len(others) - len(people)):
        return Seating(skip="repeated")
    if not people and step.on_empty == "skip":
        return Seating(skip="nobody_to_review")
    return Seating(people, basis)


def _met_already(step: RouteStep, places: int, agreed: int) -> bool:
    return agreed > 0 and agreed >= needed(step, places)
