"""The step that opens next, who gets a part in it, and entering it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.approvals import judge
from services.approvals.case import CaseState
from services.approvals.case_file import CaseFile, Effects
from services.approvals.route import Route
from services.approvals.staffing import Candidate
from services.approvals.step import RouteStep

CandidatesOf = Callable[[RouteStep], Sequence[Candidate]]
"""Who may review a step today, before anybody is excluded."""


@dataclass(frozen=True)
class NextStep:
    """What opens after the present step: nothing when the route is finished, nobody when it is vacant."""

    index: int | None
    holders: Sequence[Candidate] = ()
    skipped: Sequence[str] = ()
    origin: str = "selector"


def opening(found: Route, picks: Sequence[UUID]) -> NextStep:
    """How a round begins by its route. Picks are heard only where the first step asks for them.

    Raises `Invalid`: `pick_required`, `pick_not_candidate`.
    """
    first = found.first if found.first is not None else len(found.steps)
    skipped = [step.key for step in found.steps[:first] if step.applies]
    if found.first is None:
        return NextStep(None, skipped=skipped)
    holders = judge.chosen(found.steps[first], found.candidates, picks if found.asks_pick else ())
    return NextStep(first, holders, skipped, "picked" if found.asks_pick else "selector")


def following(
    file: CaseFile, after: int, candidates: CandidatesOf, deciders: set[UUID], picks: Sequence[UUID]
) -> NextStep:
    """The step that opens once `deciders` have closed step number `after`; raises as `deciding.agree`."""
    excluded = file.excluded | deciders
    skipped: list[str] = []
    for index, step in enumerate(file.route[after + 1 :], after + 1):
        if not step.applies:
            continue
        found = [person for person in candidates(step) if person.person_id not in excluded]
        if not found and step.on_empty == "skip":
            skipped.append(step.key)
            continue
        holders = judge.chosen(step, found, picks)
        return NextStep(index, holders, skipped, "picked" if step.pick != "none" else "selector")
    judge.chosen(None, (), picks)
    return NextStep(None, skipped=skipped)


def enter(file: CaseFile, opening: NextStep) -> Effects:
    """Opens the slots of a step; approves the case when none is left."""
    case = file.case
    case.attention = ""
    if opening.index is None:
        case.move(CaseState.APPROVED, file.at)
        return Effects(skipped=opening.skipped)
    case.step_index = opening.index
    holders: Sequence[Candidate | None] = opening.holders or (None,)
    opened = [file.give_slot(opening.index, holder, opening.origin) for holder in holders]
    if not opening.holders:
        file.raise_attention("nobody_to_review")
    return Effects(opened, skipped=opening.skipped)
