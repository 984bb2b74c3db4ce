"""The step that opens next, who gets a part in it, and entering it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.approvals import judge
from services.approvals.carrying import Carried
from services.approvals.case import CaseState
from services.approvals.case_file import CaseFile, Effects
from services.approvals.quorum import has_quorum, needed
from services.approvals.route import Route
from services.approvals.seating import CandidatesOf, Seating, seat
from services.approvals.slot import Slot, SlotState
from services.approvals.staffing import Candidate
from services.approvals.step import RouteStep


@dataclass(frozen=True)
class NextStep:
    """What opens after the present step: nothing when the route is finished, nobody when it is vacant.
    `carried` is what a new round takes over from the one before."""

    index: int | None
    holders: Sequence[Candidate] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    origin: str = "selector"
    basis: str = "candidate"
    carried: Mapping[int, Carried] = field(default_factory=dict)


def opening(found: Route, picks: Sequence[UUID]) -> NextStep:
    """How a round begins by its route. Picks are heard only where the first step asks for them.

    Raises `Invalid`: `pick_required`, `pick_not_candidate`, `too_few_picks`.
    """
    if found.first is None:
        return NextStep(None, skipped=found.skipped)
    step = found.steps[found.first]
    stands = found.carried.get(found.first)
    agreed = len(stands.agreed) if stands else 0
    holders = judge.chosen(step, found.candidates, picks if found.asks_pick else (), agreed)
    return NextStep(found.first, holders, found.skipped, _origin(step), found.seating.basis, found.carried)


def following(
    file: CaseFile, after: int, candidates: CandidatesOf, deciders: set[UUID], picks: Sequence[UUID]
) -> NextStep:
    """The step that opens once `deciders` have closed step number `after`; raises as `deciding.agree`."""
    agreed = file.excluded | deciders
    skipped: dict[str, str] = {}
    for index, step in enumerate(file.route[after + 1 :], after + 1):
        if not step.applies or step.carried:
            continue
        administrators = file.administrators_of(step)
        seated = seat(step, candidates, file.case.applicant_id, agreed, administrators)
        if needs_nobody(file, step, seated):
            continue
        if seated.skip:
            skipped[step.key] = seated.skip
            continue
        holders = judge.chosen(step, seated.people, picks, len(carried_in(file, step)))
        return NextStep(index, holders, skipped, _origin(step), seated.basis)
    judge.chosen(None, (), picks)
    return NextStep(None, skipped=skipped)


def carried_in(file: CaseFile, step: RouteStep) -> list[Slot]:
    """Agreements of an earlier round that hold in a step."""
    return [one for one in file.slots if one.step_key == step.key and one.carried_round]


def needs_nobody(file: CaseFile, step: RouteStep, seated: Seating) -> bool:
    """Whether what was carried is enough after all: of a step of all, those who have not agreed in it have
    decided another one meanwhile."""
    carried = carried_in(file, step)
    return bool(carried) and not seated.people and has_quorum(step, carried)


def enter(file: CaseFile, opening: NextStep) -> Effects:
    """Opens the slots of a step, places without people waiting for an administrator; approves the case when
    no step is left."""
    case = file.case
    file.need("")
    if opening.index is None:
        case.move(CaseState.APPROVED, file.at)
        return Effects(skipped=opening.skipped)
    case.step_index = opening.index
    places = len(opening.holders) + sum(one.state == SlotState.AGREED for one in file.step_slots)
    missing = needed(file.step, places) - places
    holders = [*opening.holders, *[None] * missing]
    opened = [file.give_slot(opening.index, holder, opening.origin) for holder in holders]
    for slot in opened:
        slot.basis = opening.basis
    if missing > 0:
        file.raise_attention("too_few_reviewers" if opening.holders else "nobody_to_review")
    return Effects(opened, skipped=opening.skipped)


def _origin(step: RouteStep) -> str:
    return "picked" if step.pick != "none" else "selector"
