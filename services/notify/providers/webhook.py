"""Webhooks of people: a signed request to an address that the person has entered.

The receiver knows a repeated request by its id, so a request without an answer is simply made again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace

from services.notify.answer import Answer, Outcome
from services.notify.letter import Letter
from services.notify.providers.standard import secrets_at
from services.notify.providers.web import Reply, Web
from services.notify.vault import Unsealable, Vault
from shared.clock import Clock
from shared.service import Running

SIGNATURE = "X-Plans-Signature"
"""`sha256=` and the HMAC-SHA256, in hex, of the timestamp, a dot and the body, by the secret shown once;
for a day after there is a new one two of them, the newer first, apart by a space."""


@dataclass(frozen=True)
class Webhook:
    """Posts letters to the addresses of their receivers."""

    web: Web
    vault: Vault
    clock: Clock

    provider = "webhook"

    def send(self, letter: Letter) -> Answer:
        now = self.clock.now()
        try:
            signing = secrets_at(self.vault.open(letter.sealed), now)
        except Unsealable:
            return Answer(Outcome.FAILED, "secret_unreadable", "the receiver has to enter the address again")
        body = json.dumps(
            {
                "id": str(letter.delivery_id),
                "kind": letter.kind,
                "title": letter.title,
                "body": letter.body,
                "link": letter.url,
                "at": letter.composed_at.isoformat(),
            },
            ensure_ascii=False,
        ).encode()
        stamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "X-Plans-Delivery": str(letter.delivery_id),
            "X-Plans-Timestamp": stamp,
            SIGNATURE: " ".join(f"sha256={signature(secret, stamp, body)}" for secret in signing),
        }
        return _ones_own(self.web.post(letter.to, _judge, content=body, headers=headers))


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What a receiver computes to know that a request is ours."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def build(_settings: object, _secrets: object, here: Running) -> Webhook:
    """People enter the addresses, so they lead to public ones and PRIVATE_NETWORKS only."""
    return Webhook(Web.of(here.settings, guarded=True), Vault(here.key), here.store.clock)


def _judge(reply: Reply) -> Answer:
    if 200 <= reply.status < 300:
        return Answer(Outcome.ACCEPTED, str(reply.status))
    if reply.status >= 500 or reply.status in (408, 425, 429):
        return Answer(Outcome.RETRY, str(reply.status), reply.text, after=reply.after)
    return Answer(Outcome.FAILED, str(reply.status), reply.text)


def _ones_own(answer: Answer) -> Answer:
    """A wrong address is its owner's to repair and nobody else's, and a repeated request does no harm."""
    outcomes = {Outcome.UNKNOWN: Outcome.RETRY, Outcome.CONFIG_ERROR: Outcome.FAILED}
    return replace(answer, outcome=outcomes.get(answer.outcome, answer.outcome))
