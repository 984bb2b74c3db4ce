"""What a plan takes of budget lines and gives back; lines are always locked in the order of their ids."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from services.plans.budget import BudgetLine, Entry, Reservation, insufficient_budget
from services.plans.plan import Plan
from services.plans.rules import lines_of
from shared.store import Work


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
    reservations = work.all(open_ones.order_by(Reservation.line_id))
    lines = lock_lines(work, plan)
    for reservation in reservations:
        line, fen = lines[reservation.line_id], reservation.reserved_fen
        work.add(line.enter(kind, fen, work.now, plan_id=plan.id, round=plan.round))
        reservation.state = kind
        if kind is Entry.RELEASED:
            reservation.reserved_fen = 0
