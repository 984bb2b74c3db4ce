"""SMTP servers of the tests: real ones that answer as told, and broken ones."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Replies:
    """Gives a reply to MAIL, one to RCPT and one to DATA, and keeps the mails that it took."""

    def __init__(self, rcpt: str = "250 OK", data: str = "250 OK", mail: str = "250 OK") -> None:
        self.mail = mail
        self.rcpt = rcpt
        self.data = data
        self.taken: list[EmailMessage] = []
        self.was_encrypted: list[bool] = []

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.mail

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.taken.append(mail)
            self.was_encrypted.append(session.ssl is not None)
        return self.data


@contextmanager
def post_office(replies: object, tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[str]:
    """A server on a free port; gives its address as `host:port`."""
    if tls is not None:
        options |= {"tls_context": tls, "authenticator": _password_is_right}
    server = Controller(replies, hostname="127.0.0.1", port=_free_port(), **options)
    server.start()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        server.stop()


def _password_is_right(
    _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any
) -> AuthResult:
    right = isinstance(given, LoginPassword) and given.password == b"right"
    return AuthResult(success=right, handled=right)


@contextmanager
def broken_office(act: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does something to each connection instead of speaking SMTP."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                act(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def reset(connection: socket.socket) -> None:
    """Drops the connection in the middle: greets, reads, and resets."""
    connection.sendall(b"220 ready\r\n")
    connection.recv(1000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(connection: socket.socket) -> None:
    """Never says a word, until the other side has had enough."""
    connection.settimeout(10)
    connection.recv(1000)


def take(connection: socket.socket) -> None:
    """Takes the mail, as far as that a reply is due."""
    connection.settimeout(10)
    lines = connection.makefile("rb")
    connection.sendall(b"220 ready\r\n")
    for reply in (b"250 office", b"250 OK", b"250 OK", b"354 go on"):
        lines.readline()
        connection.sendall(reply + b"\r\n")
    while lines.readline() != b".\r\n":
        pass


def take_in_silence(connection: socket.socket) -> None:
    """Takes the mail and closes without a word about it."""
    take(connection)


def take_and_vanish(connection: socket.socket) -> None:
    """Takes the mail and closes before it is said goodbye to."""
    take(connection)
    connection.sendall(b"250 taken\r\n")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
