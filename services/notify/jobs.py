"""Work that notify does later: it sends deliveries, and forgets what nobody needs any more."""

from __future__ import annotations

from uuid import UUID

from services.notify.channels import Channel
from services.notify.eml import EmlFolder
from services.notify.failed_text import tell_who_looks_after_texts
from services.notify.mail import Carrier, Mailing
from services.notify.notice import SEND
from services.notify.sending import Post, send
from services.notify.smtp import SmtpServer
from services.notify.wording import TEXT_FAILED
from shared.jobs import Jobs
from shared.service import Running
from shared.settings import Settings
from shared.upkeep import tidy

jobs = Jobs()


def post_of(settings: Settings) -> Post:
    """Who takes the letters of each channel: mail goes to the SMTP server, or to files when there is none."""
    carrier: Carrier = (
        SmtpServer.from_url(settings.smtp_url) if settings.smtp_url else EmlFolder(settings.data_dir / "mail")
    )
    return Post({Channel.EMAIL: Mailing(carrier, settings.mail_from)}, settings.own_url())


@jobs.task(SEND)
def send_delivery(here: Running, delivery_id: str, attempt: int) -> None:
    send(here.store, post_of(here.settings), UUID(delivery_id), attempt)


@jobs.task(TEXT_FAILED)
def tell_of_failed_text(here: Running, version_id: str, line: int | None, error: str) -> None:
    with here.store.work() as work:
        tell_who_looks_after_texts(work, UUID(version_id), line, error)


@jobs.every(seconds=3600)
def tidy_up(here: Running) -> None:
    tidy(here)
