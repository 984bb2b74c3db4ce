"""Trades on a plan: each moves its money and that of its budget lines, and is told, in one transaction.

The plan's row is locked first, then its lines in the order of their ids, as everywhere.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.plans.account import AccountCopy
from services.plans.announcement import status_changed
from services.plans.budget import Entry
from services.plans.guards import insufficient_remaining
from services.plans.plan import Action, Plan, Status
from services.plans.reservation import commit, move
from services.plans.review import note
from services.plans.trade import TAKEN, Outcome, Trade
from shared.errors import Conflict, NotFound, Problem, invalid
from shared.events.plans import TradeAwarded, TradeChanged, TradeFailed, TradeReversed, TradeStarted
from shared.money import format_yuan
from shared.people import Caller
from shared.store import Look, Work


def trades_of(plan_id: UUID) -> Select[Trade]:
    return select(Trade).where(Trade.plan_id == plan_id)


def trade_and_plan(look: Look, trade_id: UUID, account: AccountCopy) -> tuple[Trade, Plan]:
    """A trade with its plan, in the account's district; in a `Work` both are locked, the plan first. Raises
    `NotFound`."""
    within = Plan.district_path.startswith(account.district_path, autoescape=True)
    plan_id = look.first(
        select(Plan.id).join(Trade, Trade.plan_id == Plan.id).where(Trade.id == trade_id, within)
    )
    if plan_id is None:
        raise NotFound("not_found", "未找到该交易", "no such trade")
    plan = look.get(Plan, plan_id)
    return look.get(Trade, trade_id), plan


def start(work: Work, plan: Plan, holder: Caller, fen: int, reference: str) -> Trade:
    """Starts a trade on a locked plan. Raises `Conflict`: `wrong_state`, `insufficient_remaining`,
    `reference_taken`."""
    plan.must_allow(Action.START_TRADE)
    if fen > plan.remaining_fen:
        raise insufficient_remaining(plan)
    _must_be_new(work, plan, reference)
    before = plan.to_record()
    trade = Trade.of(plan, holder, fen, reference, work.now)
    about = {"round": plan.round, "actor_id": holder.person_id, "reason": reference}
    trade.bear(commit(work, plan, fen, **about))
    work.add(trade)
    plan.use(Action.START_TRADE, work.now, committed=fen)
    text = f"发起交易 {reference}，金额 {format_yuan(fen)} 元"
    note(work, plan, "trade_started", text, by=holder, before=before, trade_id=str(trade.id))
    _tell(work, plan, trade, TradeStarted, before)
    return trade


def award(work: Work, plan: Plan, trade: Trade, fen: int, by: AccountCopy) -> None:
    """The trade was awarded for an amount; what it saved remains in the plan."""
    trade.must_allow(Outcome.AWARD)
    plan.must_allow(Action.AWARD)
    if fen > trade.amount_fen:
        text = f"成交金额不能超过交易金额 {format_yuan(trade.amount_fen)} 元"
        raise invalid([Problem("award_above_trade", text, "/amount", "more than the trade's amount")])
    before = plan.to_record()
    trade.award(fen, work.now)
    trade.reported_by = by.account_id
    move(work, plan, Entry.CONSUMED, trade.awarded, **_entry(plan, trade))
    move(work, plan, Entry.UNCOMMITTED, trade.saved, **_entry(plan, trade))
    plan.use(Action.AWARD, work.now, committed=-trade.amount_fen, consumed=fen)
    text = f"交易 {trade.reference} 成交，成交金额 {format_yuan(fen)} 元"
    note(work, plan, "trade_awarded", text, before=before, **_by(trade, by))
    _tell(work, plan, trade, TradeAwarded, before)


def fail(work: Work, plan: Plan, trade: Trade, reason: str, by: AccountCopy) -> None:
    """The trade failed (废标): its amount remains in the plan."""
    trade.must_allow(Outcome.FAIL)
    plan.must_allow(Action.FAIL_TRADE)
    before = plan.to_record()
    trade.fail(reason, work.now)
    trade.reported_by = by.account_id
    move(work, plan, Entry.UNCOMMITTED, trade.whole, **_entry(plan, trade))
    plan.use(Action.FAIL_TRADE, work.now, committed=-trade.amount_fen)
    note(
        work, plan, "trade_failed", f"交易 {trade.reference} 废标：{reason}", before=before, **_by(trade, by)
    )
    _tell(work, plan, trade, TradeFailed, before)


def reverse(work: Work, plan: Plan, trade: Trade, reason: str, by: AccountCopy) -> None:
    """The award is taken back: what it consumed remains in the plan again, or is released at once when the
    plan has been closed meanwhile."""
    trade.must_allow(Outcome.REVERSE)
    plan.must_allow(Action.REVERSE)
    before = plan.to_record()
    trade.reverse(reason, work.now)
    trade.reported_by = by.account_id
    move(work, plan, Entry.REVERSED, trade.awarded, **_entry(plan, trade))
    if plan.status == Status.CLOSED:
        move(work, plan, Entry.RELEASED, trade.awarded, **_entry(plan, trade))
    plan.use(Action.REVERSE, work.now, consumed=-trade.awarded_fen)
    text = f"交易 {trade.reference} 成交撤销：{reason}"
    note(work, plan, "trade_reversed", text, before=before, **_by(trade, by))
    _tell(work, plan, trade, TradeReversed, before)


def _must_be_new(work: Work, plan: Plan, reference: str) -> None:
    same = trades_of(plan.id).where(Trade.reference == reference, Trade.state.in_(TAKEN))
    if (known := work.first(same)) is not None:
        facts = {"trade_id": str(known.id), "state": known.state, "amount": format_yuan(known.amount_fen)}
        text = f"交易编号 {reference} 已在本计划下使用"
        raise Conflict("reference_taken", text, "the plan has a trade of this reference", facts=facts)


def _entry(plan: Plan, trade: Trade) -> dict[str, Any]:
    return {"round": plan.round, "actor_id": trade.reported_by, "reason": trade.reference}


def _by(trade: Trade, account: AccountCopy) -> dict[str, Any]:
    return {"actor_id": account.account_id, "actor_name": account.name, "trade_id": str(trade.id)}


def _tell(work: Work, plan: Plan, trade: Trade, kind: type[TradeChanged], before: dict[str, Any]) -> None:
    told = kind(
        trade_id=trade.id,
        reference=trade.reference,
        state=trade.state,
        amount_fen=trade.amount_fen,
        awarded_fen=trade.awarded_fen,
        reason=trade.reason,
        plan_id=plan.id,
        version=plan.version,
        plan_status=plan.status,
        plan_number=plan.plan_number or "",
        name=plan.name,
        fiscal_year=plan.fiscal_year,
        organisation_id=plan.organisation_id,
        holder_id=plan.holder_id,
        remaining_fen=plan.remaining_fen,
        committed_fen=plan.committed_fen,
        consumed_fen=plan.consumed_fen,
    )
    work.publish(told)
    if plan.status != before["status"]:
        work.publish(status_changed(plan, str(before["status"])))
