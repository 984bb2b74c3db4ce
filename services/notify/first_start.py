"""What notify has from its first start on: a provider of e-mail that follows the setting SMTP_URL, and in an
embedded installation one for each other channel that keeps what would go out."""

from __future__ import annotations

from uuid import UUID

from services.notify.channels import ROBOTS, Channel
from services.notify.provider import MAIL_SETTING, Provider
from shared.service import Running


def first_start(here: Running) -> None:
    """Makes the built-in providers; those that are there stay as they are."""
    made = [(Channel.EMAIL, "mail_setting", "SMTP_URL")]
    if here.settings.embedded:
        made += [(channel, "kept", "仅保存") for channel in (Channel.SMS, *sorted(ROBOTS))]
    made.append((Channel.WEBHOOK, "webhook", "Webhook"))  # further ones come last: the place is the id
    with here.store.work() as work:
        for number, (channel, kind, name) in enumerate(made, MAIL_SETTING.int):
            row = {
                "id": UUID(int=number),
                "channel": channel,
                "kind": kind,
                "name": name,
                "priority": 100,
                "created_at": work.now,
                "changed_at": work.now,
            }
            work.execute(work.insert(Provider).values(**row).on_conflict_do_nothing())
