"""What notify has from its first start on: the provider of e-mail that follows the setting SMTP_URL."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite

from services.notify.channels import Channel
from services.notify.provider import MAIL_SETTING, Provider
from shared.service import Running


def first_start(here: Running) -> None:
    """Makes the built-in providers; those that are there stay as they are."""
    insert = sqlite.insert if here.store.is_sqlite else postgresql.insert
    with here.store.work() as work:
        row = {
            "id": MAIL_SETTING,
            "channel": Channel.EMAIL,
            "kind": "mail_setting",
            "name": "SMTP_URL",
            "priority": 100,
            "created_at": work.now,
            "changed_at": work.now,
        }
        work.execute(insert(Provider).values(**row).on_conflict_do_nothing())
