"""Deliveries for the platform administrator: what failed, and sending it again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import select
from starlette.responses import Response

from services.notify.dead_list import ResendAsked, resend_dead
from services.notify.delivery import Delivery
from services.notify.kept import Kept
from services.notify.notice import SEND
from services.notify.providers.kinds import limits_on
from services.notify.queries import DeliveriesAsked, DeliveryFilter, code_counts, deliveries, tries_of
from services.notify.schemas import (
    DeliveryShape,
    KeptShape,
    ResentShape,
    StateCounts,
    delivery_shape,
    state_counts,
)
from shared.http import DoOnce, Here, Page, Paged, SignedIn, StoreHere, page_of
from shared.jobs import later
from shared.people import Role

router = APIRouter(prefix="/deliveries", tags=["deliveries"])


@router.get(
    "", operation_id="list_deliveries", summary="发送情况列表 (deliveries; failed ones are the dead list)"
)
def list_deliveries(
    store: StoreHere, caller: SignedIn, asked: Annotated[DeliveriesAsked, Query()]
) -> Page[DeliveryShape]:
    """All deliveries, newest first, without the texts of messages. For the platform administrator."""
    caller.require(Role.PLATFORM_ADMINISTRATOR)
    with store.read() as look:
        rows, following = page_of(look, deliveries(caller, asked), [Delivery.id], asked)
        tries = tries_of(look, rows)
    return Page(items=[delivery_shape(row, tries[row.id], may_resend=True) for row in rows], next=following)


@router.get("/counts", operation_id="count_deliveries", summary="各状态、各原因的数量 (numbers by state)")
def count_deliveries(
    store: StoreHere, caller: SignedIn, asked: Annotated[DeliveryFilter, Query()]
) -> StateCounts:
    """How many there are in each state, and for which reasons: the most frequent ones first, 100 at most."""
    caller.require(Role.PLATFORM_ADMINISTRATOR)
    with store.read() as look:
        return state_counts(code_counts(look, Delivery.visible_to(caller), *asked.conditions()))


@router.get("/kept", operation_id="list_kept", summary="未实际发出的内容 (what was kept instead of sent)")
def list_kept(store: StoreHere, caller: SignedIn, asked: Paged) -> Page[KeptShape]:
    """What would have gone out, newest first: one's own, all of it for the platform administrator. Only where
    a channel has no provider that sends; mail is kept as files."""
    with store.read() as look:
        wanted = select(Kept).where(Kept.visible_to(caller))
        rows, following = page_of(look, wanted, [Kept.at, Kept.delivery_id], asked)
    return Page(items=[KeptShape.model_validate(row) for row in rows], next=following)


@router.post(
    "/resend",
    operation_id="resend_deliveries",
    summary="批量重新发送 (send failed ones again)",
    response_model=ResentShape,
)
def resend_deliveries(here: Here, caller: SignedIn, once: DoOnce, body: ResendAsked) -> Response:
    """Puts failed deliveries that the filter means back to work with all their tries, the oldest first; ask
    again until none is `left`. Each goes out once however many ask, at a pace that leaves every provider half
    of its limit for what is new. What a digest has collected goes with its letter (`digest.collected`)."""
    with here.store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        caller.require(Role.PLATFORM_ADMINISTRATOR)
        return once.answer(work, ResentShape.model_validate(resend_dead(work, body, limits_on)))


@router.post(
    "/{delivery_id}/resend",
    operation_id="resend_delivery",
    summary="重新发送 (send a failed one again)",
    response_model=DeliveryShape,
)
def resend_delivery(store: StoreHere, caller: SignedIn, once: DoOnce, delivery_id: UUID) -> Response:
    """Puts a failed delivery back to work with all its tries; 409 `not_failed` for any other."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        delivery = work.get(Delivery, delivery_id, seen_by=caller)
        caller.require(Role.PLATFORM_ADMINISTRATOR)
        later(work, SEND, delivery_id=str(delivery.id), turn=delivery.resend(work.now))
        tries = tries_of(work, [delivery])[delivery.id]
        return once.answer(work, delivery_shape(delivery, tries, may_resend=True))
