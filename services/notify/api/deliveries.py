"""Deliveries for the platform administrator: what failed, and sending it again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import select
from starlette.responses import Response

from services.notify.delivery import Delivery
from services.notify.kept import Kept
from services.notify.notice import SEND
from services.notify.queries import DeliveriesAsked, deliveries, delivery_counts, tries_of
from services.notify.schemas import DeliveryShape, KeptShape, StateCounts, delivery_shape
from shared.http import DoOnce, Page, Paged, SignedIn, StoreHere, page_of
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


@router.get("/counts", operation_id="count_deliveries", summary="各状态的数量 (numbers by state)")
def count_deliveries(store: StoreHere, caller: SignedIn) -> StateCounts:
    caller.require(Role.PLATFORM_ADMINISTRATOR)
    with store.read() as look:
        return StateCounts(**delivery_counts(look, caller))


@router.get("/kept", operation_id="list_kept", summary="未实际发出的内容 (what was kept instead of sent)")
def list_kept(store: StoreHere, caller: SignedIn, asked: Paged) -> Page[KeptShape]:
    """What would have gone out, newest first: one's own, all of it for the platform administrator. Only where
    a channel has no provider that sends; mail is kept as files."""
    with store.read() as look:
        wanted = select(Kept).where(Kept.visible_to(caller))
        rows, following = page_of(look, wanted, [Kept.at, Kept.delivery_id], asked)
    return Page(items=[KeptShape.model_validate(row) for row in rows], next=following)


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
        later(work, SEND, delivery_id=str(delivery.id), attempt=delivery.resend(work.now))
        tries = tries_of(work, [delivery])[delivery.id]
        return once.answer(work, delivery_shape(delivery, tries, may_resend=True))
