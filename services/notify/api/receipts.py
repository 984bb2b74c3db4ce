"""Receipts that an SMS gateway pushes to us, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field
from sqlalchemy import or_, select

from services.notify.answer import REFERENCE_LENGTH, kept
from services.notify.delivery import Delivery
from services.notify.jobs import post_of
from services.notify.provider import Provider
from services.notify.providers.kinds import sender_of
from services.notify.providers.sms_http import Gateway
from services.notify.receipt import settle
from shared.errors import Unauthorised, Unreadable
from shared.http import Here, Shape
from shared.service import Running
from shared.store import Work

router = APIRouter(prefix="/receipts", tags=["receipts"])
PAST = timedelta(minutes=5)
MOST = 500


class Taken(Shape):
    """How many of the receipts were about a letter of ours."""

    taken: int = Field(ge=0, examples=[1])


@router.post(
    "/{provider_id}",
    operation_id="take_receipts",
    summary="短信状态回执 (receipts pushed by an SMS gateway)",
    openapi_extra={
        "requestBody": {
            "content": {"application/json": {"schema": {"type": "object", "additionalProperties": True}}},
            "required": True,
        }
    },
)
async def take_receipts(
    request: Request,
    here: Here,
    provider_id: UUID,
    x_timestamp: Annotated[str, Header(max_length=20, description="Unix 秒 (seconds)")],
    x_signature: Annotated[
        str, Header(max_length=100, description="HMAC-SHA256(receipt_key, 时间戳.请求体)，十六进制 (hex)")
    ],
) -> Taken:
    """One receipt as an object, or several as a list. 401 `bad_signature` for a wrong key or an old time.
    The same receipt again changes nothing."""
    body = await request.body()
    return await run_in_threadpool(_take, here, provider_id, (x_timestamp, x_signature), body)


def _take(here: Running, provider_id: UUID, signed: tuple[str, str], body: bytes) -> Taken:
    gateway = _gateway(here, provider_id)
    if gateway is None or not _is_right(gateway.secrets.receipt_key, signed, body, here):
        raise Unauthorised("bad_signature", "签名不正确或已过期", "wrong or expired signature")
    with here.store.work() as work:
        told = [gateway.receipt(pushed) for pushed in _receipts(body)]
        found = [(_named(work, provider_id, reference), receipt) for reference, receipt in told if reference]
        ours = [(delivery_id, receipt) for delivery_id, receipt in found if delivery_id is not None]
        # in the order in which all others lock them, those of one letter as they came
        for delivery_id, receipt in sorted(ours, key=lambda one: one[0]):
            if receipt is not None:
                settle(work, work.get(Delivery, delivery_id), receipt, post_of(here).keeps)
    return Taken(taken=len(ours))


def _gateway(here: Running, provider_id: UUID) -> Gateway | None:
    with here.store.read() as look:
        provider = look.find(Provider, provider_id)
    sender = sender_of(here, provider) if provider is not None else None
    return sender if isinstance(sender, Gateway) else None


def _is_right(key: str, signed: tuple[str, str], body: bytes, here: Running) -> bool:
    stamp, signature = signed
    if not key or not stamp.isdecimal():
        return False
    now = here.store.clock.now().timestamp()
    right = hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    same = hmac.compare_digest(right.encode(), signature.lower().encode("utf-8", "replace"))
    return same and abs(now - int(stamp)) <= PAST.total_seconds()


def _receipts(body: bytes) -> list[dict[str, Any]]:
    """Raises `Unreadable` for what is no list of objects."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("json_invalid", "请求体不是有效的 JSON", "the body is not JSON") from None
    pushed = found if isinstance(found, list) else [found]
    if len(pushed) > MOST or not all(isinstance(one, dict) for one in pushed):
        raise Unreadable("bad_receipts", "应为回执对象或其列表", "a receipt, or a list of them")
    return pushed


def _named(work: Work, provider_id: UUID, reference: str) -> UUID | None:
    """The newest letter that a receipt may mean: it names it as the gateway or as we do."""
    names = [Delivery.reference == kept(reference, REFERENCE_LENGTH)]
    with suppress(ValueError):  # many gateways call letters by what could be an id of ours
        names.append(Delivery.id == UUID(reference))
    wanted = select(Delivery.id).where(Delivery.provider_id == provider_id, or_(*names))
    return work.first(wanted.order_by(Delivery.id.desc()))
