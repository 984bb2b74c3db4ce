"""Requests to outside systems, signed as Standard Webhooks says (https://www.standardwebhooks.com), v1.

`webhook-id` is the event's: a repeated request has the same, so that a receiver takes each event once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from structlog import get_logger

from services.notify.answer import Answer, Outcome
from services.notify.providers.web import Reply, Web
from services.notify.vault import Unsealable, Vault
from shared.clock import Clock
from shared.service import Running

log = get_logger(__name__)
PREFIX = "whsec_"
KEY_BYTES = 32
OVERLAP = timedelta(hours=24)
"""How long the secret of before signs too, after there is a new one."""
MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"
REFUSED = frozenset({400, 413, 422})
"""The receiver says that it will never take this event; anything else may change."""
GONE = "410"


@dataclass(frozen=True)
class Courier:
    """Posts events to addresses that administrators of districts have entered: public ones, and those within
    PRIVATE_NETWORKS."""

    web: Web
    vault: Vault
    clock: Clock

    @classmethod
    def of(cls, here: Running) -> Courier:
        return cls(Web.of(here.settings, guarded=True), Vault(here.key), here.store.clock)

    def post(self, url: str, sealed: str, event_id: UUID, body: str) -> Answer:
        """What the receiver says; nothing that goes wrong is raised. A refusal by the address or by a lost
        secret is `config_error`."""
        try:
            return self._post(url, sealed, event_id, body)
        except Exception as error:  # whatever else goes wrong must not keep the later events back for ever
            log.exception("pushing_failed", event_id=str(event_id))
            return Answer(Outcome.UNKNOWN, "unexpected", repr(error))

    def _post(self, url: str, sealed: str, event_id: UUID, body: str) -> Answer:
        now = self.clock.now()
        try:
            signing = secrets_at(self.vault.open(sealed), now)
        except Unsealable:
            return Answer(
                Outcome.CONFIG_ERROR, "secret_unreadable", "SERVICE_KEY has changed: renew the secret"
            )
        stamp, content = str(int(now.timestamp())), body.encode()
        headers = {
            "Content-Type": MEDIA_TYPE,
            "webhook-id": str(event_id),
            "webhook-timestamp": stamp,
            "webhook-signature": signatures(signing, f"{event_id}", stamp, content),
        }
        return self.web.post(url, judge, content=content, headers=headers)


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def renewed(opened: dict[str, str], secret: str, now: datetime) -> dict[str, str]:
    """The secrets after a new one was made: the one of before signs too, for a while."""
    return {"secret": secret, "before": opened.get("secret", ""), "until": (now + OVERLAP).isoformat()}


def secrets_at(opened: dict[str, str], now: datetime) -> list[str]:
    """The secrets that sign at a moment, the newest first."""
    found = [opened.get("secret", "")]
    if opened.get("before") and now < datetime.fromisoformat(opened["until"]):
        found.append(opened["before"])
    return found


def signatures(signing: Sequence[str], event_id: str, stamp: str, body: bytes) -> str:
    """One for each secret, apart by spaces: `v1,` and the HMAC-SHA256 of id, timestamp and body in Base64."""
    signed = f"{event_id}.{stamp}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix(PREFIX)) for secret in signing]
    return " ".join(
        f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}" for key in keys
    )


def judge(reply: Reply) -> Answer:
    """2xx is success, nothing else is."""
    if 200 <= reply.status < 300:
        return Answer(Outcome.ACCEPTED, str(reply.status), reply.text)
    outcome = Outcome.FAILED if reply.status in REFUSED else Outcome.RETRY
    return Answer(outcome, str(reply.status), reply.text, after=reply.after)
