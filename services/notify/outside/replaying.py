"""Sending again what an outside system was told before, and forgetting what nobody needs any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update

from services.notify.outside.endpoint import Endpoint
from services.notify.outside.push import OVER, Push, PushState, PushTry
from services.notify.outside.pushing import go_on
from shared.errors import Conflict, NotFound
from shared.store import Store, Work

MOST = 10_000
"""Events that one replay may send again."""
KEPT = timedelta(days=90)


def push_of(work: Work, endpoint: Endpoint, push_id: UUID) -> Push:
    """A push of an endpoint that is locked already. Raises `NotFound`."""
    push = work.find(Push, push_id)
    if push is None or push.endpoint_id != endpoint.id:
        raise NotFound("not_found", "未找到，或不在您的查看范围内", "not found, or outside your scope")
    return push


def replay_period(work: Work, endpoint: Endpoint, first: datetime, last: datetime) -> int:
    """Sends again, in their old order and before what waits, the events that happened from `first` until
    before `last`; answers how many. Raises `Conflict` (`too_many`)."""
    wanted = (Push.endpoint_id == endpoint.id) & Push.state.in_(OVER)
    wanted &= (Push.event_time >= first) & (Push.event_time < last)
    count = work.session.scalar(select(func.count()).select_from(Push).where(wanted)) or 0
    if count > MOST:
        text = f"一次最多重推 {MOST} 个事件，该时段有 {count} 个"
        raise Conflict("too_many", text, f"{MOST} events at most", facts={"count": count})
    again = {"state": PushState.QUEUED, "code": "", "tries": 0, "next_try_at": None, "changed_at": work.now}
    work.execute(update(Push).where(wanted).values(**again).execution_options(synchronize_session=False))
    go_on(work, endpoint)
    return count


def forget_pushes(store: Store) -> None:
    """Deletes what is older than `KEPT`, whatever became of it."""
    with store.work() as work:
        _delete(work, Push.created_at < work.now - KEPT)


def forget_endpoint(work: Work, endpoint: Endpoint) -> None:
    """Deletes an endpoint with its log."""
    _delete(work, Push.endpoint_id == endpoint.id)
    work.session.delete(endpoint)


def _delete(work: Work, which: ColumnElement[bool]) -> None:
    found, alone = select(Push.id).where(which), {"synchronize_session": False}
    work.execute(delete(PushTry).where(PushTry.push_id.in_(found)).execution_options(**alone))
    work.execute(delete(Push).where(which).execution_options(**alone))
