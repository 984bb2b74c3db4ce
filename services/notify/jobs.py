"""Work that notify does later: it sends deliveries, and forgets what nobody needs any more."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from services.notify.notice import SEND
from services.notify.providers.kinds import keeps, sender_of
from services.notify.sending import Post, send
from services.notify.waking import wake_held
from shared.jobs import Jobs
from shared.service import Running
from shared.upkeep import tidy

jobs = Jobs()


def post_of(here: Running) -> Post:
    """How this process sends."""
    return Post(partial(sender_of, here), partial(keeps, here), here.settings.own_url())


@jobs.task(SEND)
def send_delivery(here: Running, delivery_id: str, attempt: int) -> None:
    send(here.store, post_of(here), UUID(delivery_id), attempt)


@jobs.every(seconds=10)
def wake_deliveries(here: Running) -> None:
    """Those that waited for a provider to be repaired."""
    wake_held(here.store, partial(keeps, here))


@jobs.every(seconds=3600)
def tidy_up(here: Running) -> None:
    tidy(here)
