"""Sends mail to an SMTP server, and says what its answer means."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from urllib.parse import parse_qs, unquote, urlsplit

from services.notify.answer import Answer, Outcome, unsendable
from services.notify.providers.deadline import Deadline

TIMEOUT = 10.0
"""Seconds for each step of the conversation."""
LONGEST_TIMEOUT = 20.0
LONGEST = 60.0
"""Seconds for a whole mail, whatever its steps take: far below the lease of its job."""
READY, GO_ON, REFUSED = 220, 354, 400
"""The greeting; the reply to DATA, when the server waits for the mail; and where refusals begin."""
SENDER_MUST_SIGN_IN = frozenset({530, 534, 535, 538})
TOO_LARGE = 552
SENDER_REFUSED = re.compile(rb"^5\.1\.[78]\b|sender address rejected", re.IGNORECASE)
"""What servers say that look at the sender only when they have heard the receiver, as Postfix does."""


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
    longest: float = LONGEST

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
        server, deadline = self._server(), Deadline(self.longest)
        try:
            with _Conversation(server, deadline):
                server.begin(self.host, self.port, deadline)
                return self._hand_over(server, message)
        except smtplib.SMTPAuthenticationError as error:
            return _answer(Outcome.CONFIG_ERROR, error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError as error:
            return Answer(Outcome.CONFIG_ERROR, "tls_required", str(error))
        except smtplib.SMTPResponseException as error:
            # refused before the mail was even shown: that says nothing about the mail
            return _answer(_put_off_by(server), error.smtp_code, error.smtp_error)
        except ssl.SSLCertVerificationError as error:
            return Answer(Outcome.CONFIG_ERROR, "bad_certificate", error.verify_message)
        except UnicodeError as error:
            return Answer(Outcome.CONFIG_ERROR, "bad_host", str(error))
        except (smtplib.SMTPException, OSError) as error:
            timed_out = deadline.is_over or isinstance(error, TimeoutError)
            timed_out = timed_out or isinstance(error.__context__, TimeoutError)
            code = "timeout" if timed_out else "no_connection"
            return Answer(_put_off_by(server), code, f"{type(error).__name__}: {error}")

    def _server(self) -> _Server:
        if self.implicit_tls:
            context = ssl.create_default_context()
            return _TlsServer(local_hostname=_own_name(), timeout=self.timeout, context=context)
        return _Server(local_hostname=_own_name(), timeout=self.timeout)

    def _hand_over(self, server: _Server, message: EmailMessage) -> Answer:
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
            return _judged(code, text, bool(SENDER_REFUSED.search(text)))
        except smtplib.SMTPSenderRefused as error:
            return _judged(error.smtp_code, error.smtp_error, error.smtp_code != TOO_LARGE)
        except smtplib.SMTPDataError as error:
            if error.smtp_code < REFUSED:
                raise
            return _judged(error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError as error:
            return unsendable("smtputf8_not_supported", str(error))
        except UnicodeError as error:
            return unsendable("bad_address", str(error))
        return Answer(Outcome.ACCEPTED, "250")

    def _starttls_context(self) -> ssl.SSLContext:
        """With a password the certificate is verified; without one any encryption is better than none."""
        context = ssl.create_default_context()
        if not self.user:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class _Server(smtplib.SMTP):
    """A conversation with a deadline. It notes when the server has asked for the mail: from then on a lost
    answer may hide a mail taken."""

    was_shown = False

    def begin(self, host: str, port: int, deadline: Deadline) -> None:
        """Connects, and hears the greeting. Raises SMTPException and OSError."""
        self.deadline = deadline
        self._host = host  # whom a certificate has to name
        code, text = self.connect(host, port)
        if code != READY:
            raise smtplib.SMTPConnectError(code, text)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.deadline.connect(host, port, timeout)

    def getreply(self) -> tuple[int, bytes]:
        code, text = super().getreply()
        self.was_shown = self.was_shown or code == GO_ON
        return code, text


class _TlsServer(smtplib.SMTP_SSL, _Server):
    pass


class _Conversation:
    """Ends politely and never fails in doing so: once the mail was taken, a lost goodbye changes nothing."""

    def __init__(self, server: _Server, deadline: Deadline) -> None:
        self.server, self.deadline = server, deadline

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            with suppress(smtplib.SMTPException, OSError):
                self.server.quit()
        self.server.close()
        self.deadline.close()


@cache
def _own_name() -> str:
    """What we call ourselves to servers; asked once, because looking it up can take seconds."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"


def _receivers(message: EmailMessage) -> list[str]:
    return [address.addr_spec for address in message["To"].addresses]


def _put_off_by(server: _Server) -> Outcome:
    """What it means that there was no reply that can be understood."""
    return Outcome.UNKNOWN if server.was_shown else Outcome.RETRY


def _judged(code: int, text: bytes | str, is_about_sender: bool = False) -> Answer:
    """What a reply to the mail itself means: 4xx later, 5xx never. A missing sign-in is ours to repair, and
    so is a sender that is refused: no mail will go out by this server before."""
    if code in SENDER_MUST_SIGN_IN or (is_about_sender and code >= 500):
        return _answer(Outcome.CONFIG_ERROR, code, text)
    return _answer(Outcome.FAILED if code >= 500 else Outcome.RETRY, code, text)


def _answer(outcome: Outcome, code: int, text: bytes | str) -> Answer:
    return Answer(outcome, str(code), text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
