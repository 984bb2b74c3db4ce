"""How long finished rounds and their steps took, in working time: what statistics are made of, without
people.

Rows are made from the case events in the transaction that ends a round; every one can be computed again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.approvals.case import Case, CaseState
from services.approvals.case_event import CaseEvent
from services.approvals.step import RouteStep
from services.approvals.tables import Approvals
from shared.database import UtcDateTime

REASON = 200
Between = Callable[[datetime, datetime], timedelta]
"""How much working time passed from one moment to another."""


class RoundTime(Approvals):
    """A round that is over: how long it was with reviewers, and before it with the applicant (0 for the
    first).

    `outcome` is the state it ended in; `step_name` and `reason` tell of a return. The `case_…` are the sums
    over all rounds so far.
    """

    __tablename__ = "round_time"
    __table_args__ = (
        Index("ix_round_time_organisation_id_ended_at", "organisation_id", "ended_at"),
        Index("ix_round_time_district_code_ended_at", "district_code", "ended_at"),
    )

    case_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    doc_type: Mapped[str] = mapped_column(String(40))
    organisation_id: Mapped[UUID] = mapped_column(Uuid)
    district_code: Mapped[str] = mapped_column(String(6))
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20))
    step_name: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(String(REASON))
    review_minutes: Mapped[int]
    applicant_minutes: Mapped[int | None]
    case_review_minutes: Mapped[int]
    case_applicant_minutes: Mapped[int]


class StepTime(Approvals):
    """A step of a round that is over. `outcome`: agreed, disagreed, or ended (with the round, undecided)."""

    __tablename__ = "step_time"
    __table_args__ = (
        Index("ix_step_time_organisation_id_ended_at", "organisation_id", "ended_at"),
        Index("ix_step_time_district_code_ended_at", "district_code", "ended_at"),
        Index("ix_step_time_chain_id_step_key_ended_at", "chain_id", "step_key", "ended_at"),
    )

    case_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step_key: Mapped[str] = mapped_column(String(60), primary_key=True)
    step_name: Mapped[str] = mapped_column(String(60))
    chain_id: Mapped[UUID] = mapped_column(Uuid)
    doc_type: Mapped[str] = mapped_column(String(40))
    organisation_id: Mapped[UUID] = mapped_column(Uuid)
    district_code: Mapped[str] = mapped_column(String(6))
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20))
    minutes: Mapped[int]


def ends_a_round(events: Sequence[CaseEvent]) -> bool:
    """Whether the last of a case's events took it out of review."""
    states = [CaseState(entry.data["state"]) for entry in events[-2:]]
    return len(states) == 2 and states[0] == CaseState.REVIEWING != states[1]


def measure(
    case: Case, events: Sequence[CaseEvent], frozen: Sequence[RouteStep], between: Between
) -> list[RoundTime | StepTime]:
    """The rows of the round that the last of a case's events ended; `events` are all of the case, in order,
    `frozen` the route that the round began with.

    Time belongs to the step that the case stood at, also when an act led back to it. What passed between two
    acts outside review was the applicant's.
    """
    last, n = events[-1], events[-1].round
    stood, left = _stood_at([one for one in events if one.round == n], frozen)
    reviews: dict[int, timedelta] = defaultdict(timedelta)
    before: dict[int, timedelta] = defaultdict(timedelta)
    of_step: dict[str, timedelta] = defaultdict(timedelta)
    for one, following in pairwise(events):
        passed = between(one.at, following.at)
        if one.data["state"] != CaseState.REVIEWING:
            before[following.round] += passed
            continue
        reviews[one.round] += passed
        if one.round == n:
            of_step[stood[one.seq].key] += passed
    where = {
        "case_id": case.id,
        "n": n,
        "doc_type": case.doc_type,
        "organisation_id": case.organisation_id,
        "district_code": case.district_path.strip("/").rpartition("/")[2],
        "ended_at": last.at,
    }
    whole = RoundTime(
        **where,
        outcome=str(last.data["state"]),
        step_name=last.step_name,
        reason=_short(last.opinion) if last.data["state"] == CaseState.RETURNED else "",
        review_minutes=_minutes(reviews[n]),
        applicant_minutes=_minutes(before[n]) if n in before else None,
        case_review_minutes=_minutes(sum(reviews.values(), timedelta())),
        case_applicant_minutes=_minutes(sum(before.values(), timedelta())),
    )
    by_key = {step.key: step for step in stood.values()}
    steps = [
        StepTime(
            **where,
            step_key=key,
            step_name=by_key[key].name,
            chain_id=by_key[key].chain_id,
            outcome=_outcome(last) if key == _ended_at(last, stood) else "ended" if key in left else "agreed",
            minutes=_minutes(time),
        )
        for key, time in of_step.items()
    ]
    return [whole, *steps]


def _stood_at(
    events: Sequence[CaseEvent], frozen: Sequence[RouteStep]
) -> tuple[dict[int, RouteStep], set[str]]:
    """The step that the case stood at after each event of a round, by its number; and the keys of those that
    it left undecided, because it was moved to a version of the chain without them."""
    route, stood = frozen, {}
    for one in events:
        if one.type == "migrated":
            route = [RouteStep.model_validate(step) for step in one.data["route"]]
        stood[one.seq] = route[one.data["step_index"]]
    return stood, {step.key for step in stood.values()} - {step.key for step in route}


def _ended_at(last: CaseEvent, stood: dict[int, RouteStep]) -> str:
    """The step at which the round ended; an approval leaves its last step behind as agreed."""
    return "" if last.data["state"] == CaseState.APPROVED else stood[last.seq].key


def _outcome(last: CaseEvent) -> str:
    return "disagreed" if last.data["state"] == CaseState.RETURNED else "ended"


def _short(opinion: str) -> str:
    text = " ".join(opinion.split())
    return text if len(text) <= REASON else f"{text[: REASON - 1]}…"


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)
