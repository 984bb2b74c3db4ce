"""A server that keeps a conversation going for ever has its time, and a reply that breaks off is none."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import pytest

from services.notify.answer import Outcome
from services.notify.providers.smtp import LONGEST, LONGEST_TIMEOUT, SmtpServer
from shared.jobs import LEASE
from tests.notify.post_office import Replies, broken_office, post_office, take
from tests.notify.test_smtp_sign_in import MAIL
from tests.notify.test_smtp_sign_in import certificate as certificate
from tests.notify.test_smtp_sign_in import tls as tls

Act = Callable[[socket.socket], None]


def server_at(address: str, scheme: str = "smtp") -> SmtpServer:
    """Patient with each step, and with no mail for long."""
    host, _, port = address.partition(":")
    return SmtpServer(host, int(port), scheme == "smtps", "", "", timeout=20, longest=0.5)


def say_for_ever(connection: socket.socket, line: bytes) -> None:
    """Says the same again and again, a little apart, until nobody listens."""
    connection.settimeout(0.05)
    while True:
        try:
            connection.sendall(line)
            if connection.recv(1000) == b"":
                return
        except TimeoutError:
            continue
        except OSError:
            return


def greet_for_ever(connection: socket.socket) -> None:
    say_for_ever(connection, b"220-wait a moment\r\n")


def think_for_ever(connection: socket.socket) -> None:
    """Takes the mail and then says that it is still thinking about it."""
    take(connection)
    say_for_ever(connection, b"250-thinking\r\n")


def break_off(connection: socket.socket) -> None:
    """Takes the mail, and is gone in the middle of its reply."""
    take(connection)
    connection.sendall(b"25")


def talk_nonsense(connection: socket.socket) -> None:
    """Takes the mail and answers something else."""
    take(connection)
    connection.sendall(b"well done\r\n")


@pytest.mark.parametrize(
    ("act", "outcome"), [(greet_for_ever, Outcome.RETRY), (think_for_ever, Outcome.UNKNOWN)]
)
def test_a_conversation_without_end_is_broken_off(act: Act, outcome: Outcome) -> None:
    with broken_office(act) as address:
        answer = server_at(address).send(MAIL)
    assert (answer.outcome, answer.code) == (outcome, "timeout")


def test_a_handshake_without_end_is_broken_off() -> None:
    def shake_for_ever(connection: socket.socket) -> None:
        connection.recv(5)
        say_for_ever(connection, b"\x16\x03\x03\x40")  # a record that never gets whole

    with broken_office(shake_for_ever) as address:
        answer = server_at(address, "smtps").send(MAIL)
    assert (answer.outcome, answer.code) == (Outcome.RETRY, "timeout")


def test_encryption_that_was_begun_breaks_with_its_connection(tls: ssl.SSLContext) -> None:
    class Slow(Replies):
        async def handle_DATA(self, *_: object) -> str:
            return "250-thinking"  # and never the last line

    with post_office(Slow(), tls, require_starttls=True) as address:
        answer = server_at(address).send(MAIL)
    assert (answer.outcome, answer.code) == (Outcome.UNKNOWN, "timeout")


@pytest.mark.parametrize("act", [break_off, talk_nonsense])
def test_after_the_mail_was_shown_what_is_no_reply_is_a_lost_one(act: Act) -> None:
    with broken_office(act) as address:
        answer = server_at(address).send(MAIL)
    assert answer.outcome is Outcome.UNKNOWN


def test_a_mail_is_over_long_before_the_lease_of_its_job() -> None:
    assert LONGEST_TIMEOUT < LONGEST < LEASE.total_seconds() / 2
