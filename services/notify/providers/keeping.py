"""Keeps letters in the database instead of sending them."""

from __future__ import annotations

from dataclasses import dataclass

from services.notify.answer import Answer, Outcome
from services.notify.kept import Kept
from services.notify.letter import Letter
from shared.store import Store


@dataclass(frozen=True)
class Keeping:
    """Takes every letter; a repeated one replaces itself, so that there is never a second one."""

    store: Store

    provider = "kept"

    def send(self, letter: Letter) -> Answer:
        with self.store.work() as work:
            work.session.merge(
                Kept(
                    delivery_id=letter.delivery_id,
                    channel=letter.channel,
                    to=letter.to,
                    name=letter.name,
                    title=letter.title,
                    body=letter.body,
                    url=letter.url,
                    at=work.now,
                )
            )
        return Answer(Outcome.ACCEPTED, "kept")
