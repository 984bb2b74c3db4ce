"""Routes of trades (交易): the holder starts one, the trade system reports what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.plans.account import AccountCopy, active_account
from services.plans.plan import Plan
from services.plans.trade import Trade, must_be_holder
from services.plans.trading import award, fail, reverse, start, trade_and_plan, trades_of
from services.plans.usage_schemas import (
    AwardForm,
    OutcomeForm,
    TradeForm,
    TradeOutcome,
    TradeShape,
    UsageShape,
)
from shared.accounts import DoOnceForAccount, SignedInAccount
from shared.http import DoOnce, Once, Page, PageAsked, SignedIn, StoreHere, etag, page_of, shown
from shared.store import Store

router = APIRouter(tags=["trades"])


class TradesAsked(PageAsked):
    """A page of a plan's trades, newest first."""


@dataclass(frozen=True)
class Report:
    """What every route asks for that the trade system reports to."""

    store: Store
    account: AccountCopy
    once: Once


def known_account(account: SignedInAccount, store: StoreHere) -> AccountCopy:
    """The program that asks; its token outlives its deactivation."""
    with store.read() as look:
        return active_account(look, account.account_id)


ActiveAccount = Annotated[AccountCopy, Depends(known_account)]


def reporting(store: StoreHere, account: ActiveAccount, once: DoOnceForAccount) -> Report:
    return Report(store, account, once)


Reporting = Annotated[Report, Depends(reporting)]


def outcome_shape(trade: Trade, plan: Plan) -> TradeOutcome:
    return TradeOutcome(trade=TradeShape.model_validate(trade), plan=UsageShape.model_validate(plan))


@router.post(
    "/plans/{plan_id}/trades",
    operation_id="start_trade",
    summary="发起交易 (start a trade on a usable plan)",
    status_code=201,
    response_model=TradeOutcome,
)
def start_trade(plan_id: UUID, body: TradeForm, store: StoreHere, caller: SignedIn, once: DoOnce) -> Response:
    """By the holder, for at most what remains of the plan (409 `insufficient_remaining`); the amount is
    committed until the trade system reports the outcome."""
    with store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        plan = work.get(Plan, plan_id, seen_by=caller)
        must_be_holder(plan, caller)
        trade = start(work, plan, caller, body.amount, body.reference)
        return once.answer(work, outcome_shape(trade, plan), 201, etag(trade.version))


@router.get("/plans/{plan_id}/trades", operation_id="list_trades", summary="交易列表 (trades of a plan)")
def list_trades(
    plan_id: UUID, store: StoreHere, caller: SignedIn, wanted: Annotated[TradesAsked, Query()]
) -> Page[TradeShape]:
    """Newest first."""
    with store.read() as look:
        look.get(Plan, plan_id, seen_by=caller)
        rows, following = page_of(look, trades_of(plan_id), [Trade.id], wanted)
        return Page(items=[TradeShape.model_validate(row) for row in rows], next=following)


@router.get(
    "/trades/{trade_id}",
    operation_id="get_trade",
    summary="交易详情，供交易系统查询 (a trade, for the trade system)",
    response_model=TradeOutcome,
)
def get_trade(trade_id: UUID, store: StoreHere, account: ActiveAccount) -> Response:
    """The trade as it is, with what it leaves of its plan; 404 for one out of the account's district."""
    with store.read() as look:
        trade, plan = trade_and_plan(look, trade_id, account)
        return shown(outcome_shape(trade, plan), etag(trade.version))


@router.post(
    "/trades/{trade_id}/award",
    operation_id="award_trade",
    summary="成交 (the trade was awarded)",
    response_model=TradeOutcome,
)
def award_trade(trade_id: UUID, body: AwardForm, asked: Reporting) -> Response:
    """By a service account, once per trade (409 `wrong_trade_state`): the amount is consumed, what was
    saved remains in the plan."""
    with asked.store.work(actor=asked.account.actor) as work:
        if (answered := asked.once.before(work)) is not None:
            return answered
        trade, plan = trade_and_plan(work, trade_id, asked.account)
        award(work, plan, trade, body.amount, asked.account)
        return asked.once.answer(work, outcome_shape(trade, plan), etag=etag(trade.version))


@router.post(
    "/trades/{trade_id}/fail",
    operation_id="fail_trade",
    summary="废标 (the trade failed)",
    response_model=TradeOutcome,
)
def fail_trade(trade_id: UUID, body: OutcomeForm, asked: Reporting) -> Response:
    """By a service account: the amount remains in the plan, which is usable again when nothing of it is
    committed or consumed."""
    with asked.store.work(actor=asked.account.actor) as work:
        if (answered := asked.once.before(work)) is not None:
            return answered
        trade, plan = trade_and_plan(work, trade_id, asked.account)
        fail(work, plan, trade, body.reason, asked.account)
        return asked.once.answer(work, outcome_shape(trade, plan), etag=etag(trade.version))


@router.post(
    "/trades/{trade_id}/reverse",
    operation_id="reverse_trade",
    summary="成交撤销 (the award is reversed)",
    response_model=TradeOutcome,
)
def reverse_trade(trade_id: UUID, body: OutcomeForm, asked: Reporting) -> Response:
    """By a service account, for an awarded trade: what it consumed remains in the plan again; a closed plan
    stays closed, and its budget gets it back."""
    with asked.store.work(actor=asked.account.actor) as work:
        if (answered := asked.once.before(work)) is not None:
            return answered
        trade, plan = trade_and_plan(work, trade_id, asked.account)
        reverse(work, plan, trade, body.reason, asked.account)
        return asked.once.answer(work, outcome_shape(trade, plan), etag=etag(trade.version))
