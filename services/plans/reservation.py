"""What a plan takes of budget lines and gives back; lines are always locked in the order of their ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from services.plans.budget import BudgetLine, Entry, Reservation, insufficient_budget
from services.plans.plan import Plan, Status
from services.plans.rules import lines_of
from shared.store import Look, Work

USED = (Status.USABLE, Status.IN_USE, Status.USED_UP, Status.CLOSED)


def lock_lines(work: Work, plan: Plan) -> dict[UUID, BudgetLine]:
    """The lines that a plan draws on, locked in id order, so that two plans never wait for each other."""
    if not plan.allocations:
        return {}
    return {line.id: line for line in work.lock_all(lines_of(plan))}


def hold(work: Work, plan: Plan, lines: dict[UUID, BudgetLine], actor_id: UUID) -> None:
    """Reserves what the plan allocates. Raises `Conflict` (`insufficient_budget`) naming every short line."""
    wanted = [(lines[part.budget_line_id], part.amount_fen) for part in plan.allocations]
    if short := [(line, fen) for line, fen in wanted if line.available_fen < fen]:
        raise insufficient_budget(short)
    for line, fen in sorted(wanted, key=lambda pair: pair[0].id):
        work.add(line.enter(Entry.HELD, fen, work.now, plan_id=plan.id, round=plan.round, actor_id=actor_id))
        work.session.merge(Reservation(plan_id=plan.id, line_id=line.id, state="held", reserved_fen=fen))


def confirm(work: Work, plan: Plan) -> None:
    """The plan is usable: its reservations are no longer provisional."""
    _settle(work, plan, Entry.CONFIRMED)


def release(work: Work, plan: Plan) -> None:
    """Gives back everything that the plan has reserved."""
    _settle(work, plan, Entry.RELEASED)


def _settle(work: Work, plan: Plan, kind: Entry) -> None:
    open_ones = select(Reservation).where(Reservation.plan_id == plan.id, Reservation.state != "released")
    held = work.all(open_ones.order_by(Reservation.line_id))
    lines = lock_lines(work, plan)
    for reservation in held:
        fen = reservation.reserved_fen
        if fen:  # a line that trades have used up has nothing to give back
            work.add(lines[reservation.line_id].enter(kind, fen, work.now, plan_id=plan.id, round=plan.round))
            reservation.follow(kind, fen)
        reservation.state = kind


def reservations(look: Look, plan: Plan) -> dict[UUID, Reservation]:
    """What the plan has of each line; looked up only once the plan can be used, before it is all reserved."""
    if not plan.allocations or plan.status not in USED:
        return {}
    return {row.line_id: row for row in look.all(select(Reservation).where(Reservation.plan_id == plan.id))}


@dataclass(frozen=True)
class Share:
    """What one line bears of an amount, in fen."""

    line_id: UUID
    fen: int


def commit(work: Work, plan: Plan, fen: int, **about: object) -> list[Share]:
    """Commits an amount to a trade: the lines bear it in the order of the plan's allocations."""
    lines, held = lock_lines(work, plan), reservations(work, plan)
    shares = []
    for part in plan.allocations:
        share = Share(part.budget_line_id, min(fen, held[part.budget_line_id].reserved_fen))
        if share.fen:
            shares.append(share)
            _enter(work, lines[share.line_id], held[share.line_id], Entry.COMMITTED, share.fen, **about)
            fen -= share.fen
    return shares


def move(work: Work, plan: Plan, kind: Entry, shares: Iterable[Share], **about: object) -> None:
    """Moves the shares of a trade on, each on its own line: consumed, uncommitted or reversed."""
    lines, held = lock_lines(work, plan), reservations(work, plan)
    for share in shares:
        if share.fen:
            _enter(work, lines[share.line_id], held[share.line_id], kind, share.fen, **about)


def _enter(
    work: Work, line: BudgetLine, reservation: Reservation, kind: Entry, fen: int, **about: object
) -> None:
    about = {"plan_id": reservation.plan_id, **about}
    work.add(line.enter(kind, fen, work.now, **about))
    reservation.follow(kind, fen)
