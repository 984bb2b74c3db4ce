"""A real SMTP server and a real HTTP server that count what they take, and at times refuse or fall silent."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.notify.fakes import Heard, fake, hang_up
from tests.notify.post_office import post_office

REFUSED = 0.02
"""How often a letter is put off."""
LOST = 0.02
"""How often a letter is taken and nothing said about it."""


@dataclass
class Mailroom:
    """Counts what was taken, by delivery: a mail has its id in the Message-ID, a webhook in a header. What an
    outside system hears stands in `outside`, in the order of its requests."""

    chance: random.Random
    taken: Counter[str] = field(default_factory=Counter)
    outside: list[str] = field(default_factory=list)
    smtp: str = ""
    http: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def fate(self) -> float:
        with self._lock:
            return self.chance.random()

    def take(self, delivery: str) -> None:
        with self._lock:
            self.taken[delivery] += 1

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        fate = self.fate()
        if fate < REFUSED:
            return "451 try again later" if fate < REFUSED / 2 else "421 too busy"
        assert isinstance(envelope.content, bytes)
        name = str(message_from_bytes(envelope.content, policy=default)["Message-ID"])
        self.take(name.strip("<>").partition("@")[0])
        if fate < REFUSED + LOST and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "250 OK"

    def judge(self, heard: Heard) -> Any:
        fate = self.fate()
        if fate < REFUSED:
            return 503, {}
        if "webhook-id" in heard.headers:
            self.outside.append(heard.headers["webhook-id"])
        else:
            self.take(heard.headers["x-plans-delivery"])
        return self._silence if fate < REFUSED + LOST else {}

    @staticmethod
    def _silence(handler: BaseHTTPRequestHandler) -> None:
        hang_up(handler)


@contextmanager
def mailroom(chance: random.Random) -> Iterator[Mailroom]:
    made = Mailroom(chance)
    with ExitStack() as servers:
        made.smtp = servers.enter_context(post_office(made))
        made.http = servers.enter_context(fake(made.judge)).url
        yield made
