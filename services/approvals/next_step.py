"""The step that opens next, and who gets a part in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.approvals import judge
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
