"""Notify: tells people what concerns them."""

from pathlib import Path

from services.notify.api import (
    contacts,
    deliveries,
    endpoints,
    messages,
    notices,
    preferences,
    providers,
    pushes,
    receipts,
    stream,
    templates,
    unsubscribe,
    webhook,
)
from services.notify.api.live import close_live, live_of
from services.notify.dead_list import DEAD
from services.notify.first_start import first_start
from services.notify.handlers import events
from services.notify.jobs import jobs
from services.notify.message import Base
from shared.people import Copies
from shared.service import Service
from shared.working_days import CalendarCopies

service = Service(
    name="notify",
    title="通知服务 (notifications)",
    routers=(
        messages.router,
        notices.router,
        contacts.router,
        deliveries.router,
        endpoints.router,
        preferences.router,
        providers.router,
        pushes.router,
        receipts.router,
        stream.router,
        templates.router,
        unsubscribe.router,
        webhook.router,
    ),
    tables=(Copies.metadata, CalendarCopies.metadata, Base.metadata),
    migrations=Path(__file__).parent / "migrations",
    handlers=events,
    jobs=jobs,
    first_start=first_start,
    on_start=live_of,
    on_end=close_live,
    numbers=(DEAD,),
)
