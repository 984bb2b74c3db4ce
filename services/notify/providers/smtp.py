"""Sends mail to an SMTP server, and says what its answer means."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from urllib.parse import parse_qs, unquote, urlsplit

from services.notify.answer import Answer, Outcome

TIMEOUT = 10.0
"""Seconds for each step of the conversation."""
LONGEST_TIMEOUT = 20.0
"""A whole conversation has to end before the lease of its job does."""
GO_ON = 354
"""The reply to DATA: now the server waits for the mail."""
SENDER_MUST_SIGN_IN = frozenset({530, 534, 535, 538})


@dataclass(frozen=True)
class SmtpServer:
    """An SMTP server. `smtps` is TLS from the start; otherwise STARTTLS is used when the server offers it,
    and always before a password is sent."""

    host: str
    port: int
    implicit_tls: bool
    user: str
    password: str
    timeout: float = TIMEOUT

    provider = "smtp"

    @classmethod
    def from_url(cls, url: str) -> SmtpServer:
        """Reads `smtp://user:password@host:port?timeout=10` or `smtps://…`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL must be smtp://host:port or smtps://host:port")
        timeout = float(parse_qs(parts.query).get("timeout", [str(TIMEOUT)])[0])
        if not 0 < timeout <= LONGEST_TIMEOUT:
            raise ValueError(f"the timeout in SMTP_URL must be above 0 and up to {LONGEST_TIMEOUT:g} seconds")
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if parts.scheme == "smtps" else 25),
            implicit_tls=parts.scheme == "smtps",
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            timeout=timeout,
        )

    def send(self, message: EmailMessage) -> Answer:
        """Hands one mail over. A failure of network or server is an answer, never an exception."""
        server = None
        try:
            with self._connected() as server:
                return self._hand_over(server, message)
        except smtplib.SMTPAuthenticationError as error:
            return _answer(Outcome.CONFIG_ERROR, error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError as error:
            return Answer(Outcome.CONFIG_ERROR, "tls_required", str(error))
        except smtplib.SMTPResponseException as error:
            # refused before the mail was even shown: that says nothing about the mail
            return _answer(Outcome.RETRY, error.smtp_code, error.smtp_error)
        except ssl.SSLCertVerificationError as error:
            return Answer(Outcome.CONFIG_ERROR, "bad_certificate", error.verify_message)
        except (smtplib.SMTPException, OSError) as error:
            timed_out = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
            code = "timeout" if timed_out else "no_connection"
            lost = server is not None and server.was_shown
            return Answer(
                Outcome.UNKNOWN if lost else Outcome.RETRY, code, f"{type(error).__name__}: {error}"
            )

    def _connected(self) -> _Conversation:
        if self.implicit_tls:
            context = ssl.create_default_context()
            return _Conversation(
                _TlsServer(self.host, self.port, _own_name(), timeout=self.timeout, context=context)
            )
        return _Conversation(_Server(self.host, self.port, _own_name(), timeout=self.timeout))

    def _hand_over(self, server: _Server | _TlsServer, message: EmailMessage) -> Answer:
        server.ehlo_or_helo_if_needed()
        if not self.implicit_tls and (self.user or server.has_extn("starttls")):
            server.starttls(context=self._starttls_context())
            server.ehlo_or_helo_if_needed()
        if self.user:
            server.login(self.user, self.password)
        try:
            server.send_message(message, message["From"].addresses[0].addr_spec, _receivers(message))
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return _judged(code, text)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            return _judged(error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError as error:
            return Answer(Outcome.FAILED, "smtputf8_not_supported", str(error))
        except UnicodeError as error:
            return Answer(Outcome.FAILED, "bad_address", str(error))
        return Answer(Outcome.ACCEPTED, "250")

    def _starttls_context(self) -> ssl.SSLContext:
        """With a password the certificate is verified; without one any encryption is better than none."""
        context = ssl.create_default_context()
        if not self.user:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class _Shown:
    """Notes when the server has asked for the mail: from then on a lost answer may hide a mail taken."""

    was_shown = False

    def getreply(self) -> tuple[int, bytes]:
        code, text = super().getreply()  # type: ignore[misc]
        self.was_shown = self.was_shown or code == GO_ON
        return code, text


class _Server(_Shown, smtplib.SMTP):
    pass


class _TlsServer(_Shown, smtplib.SMTP_SSL):
    pass


class _Conversation:
    """Ends politely and never fails in doing so: once the mail was taken, a lost goodbye changes nothing."""

    def __init__(self, server: _Server | _TlsServer) -> None:
        self.server = server

    def __enter__(self) -> _Server | _TlsServer:
        return self.server

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            with suppress(smtplib.SMTPException, OSError):
                self.server.quit()
        self.server.close()


@cache
def _own_name() -> str:
    """What we call ourselves to servers; asked once, because looking it up can take seconds."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"


def _receivers(message: EmailMessage) -> list[str]:
    return [address.addr_spec for address in message["To"].addresses]


def _judged(code: int, text: bytes | str) -> Answer:
    """What a reply to the mail itself means: 4xx later, 5xx never, a missing sign-in is ours to repair."""
    if code in SENDER_MUST_SIGN_IN:
        return _answer(Outcome.CONFIG_ERROR, code, text)
    return _answer(Outcome.FAILED if code >= 500 else Outcome.RETRY, code, text)


def _answer(outcome: Outcome, code: int, text: bytes | str) -> Answer:
    return Answer(outcome, str(code), text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
