"""Requests to others: where they may go, and what a request means that was not answered."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from typing import Any

import pytest

from services.notify.answer import Answer, Outcome
from services.notify.providers.web import LONGEST_ANSWER, Reply, Web
from tests.notify.fakes import fake, hang_up
from tests.notify.post_office import broken_office, hang

INSIDE = Web((ip_network("127.0.0.0/8"),))
HASTY = replace(INSIDE, timeout=0.3)


def said(reply: Reply) -> Answer:
    return Answer(Outcome.ACCEPTED, str(reply.status), reply.text)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost:1/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data/",
        "http://224.0.0.1/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "//example.org",
        "",
    ],
)
def test_a_guarded_request_leads_nowhere_inside(url: str) -> None:
    answer = Web().post(url, said, json={})
    assert (answer.outcome, answer.code) == (Outcome.CONFIG_ERROR, "address_not_allowed")


def test_the_private_networks_of_the_settings_are_open() -> None:
    with fake(lambda heard: {"host": heard.headers["host"]}) as server:
        answer = INSIDE.post(server.url, said, json={})
    assert answer.outcome is Outcome.ACCEPTED
    assert server.url.removeprefix("http://") in answer.text


def test_a_redirection_is_not_followed() -> None:
    def away(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "http://169.254.169.254/")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with fake(lambda heard: away) as server:
        assert INSIDE.post(server.url, said).code == "302"


def test_what_nobody_hears_was_not_sent_and_what_breaks_off_may_have_been() -> None:
    assert INSIDE.post("http://127.0.0.1:1/", said).outcome is Outcome.RETRY
    with fake(lambda heard: hang_up) as server:
        assert INSIDE.post(server.url, said).outcome is Outcome.UNKNOWN


def what_comes_of(url: str, web: Web = HASTY) -> tuple[Outcome, str]:
    answer = web.post(url, said, json={})
    return answer.outcome, answer.code


@pytest.mark.parametrize("host", ["a..b", "a" * 64, "xn--", "[::1"])
def test_a_host_that_cannot_be_looked_up_is_a_wrong_address(host: str) -> None:
    assert what_comes_of(f"https://{host}/") == (Outcome.CONFIG_ERROR, "bad_url")


def test_a_request_is_over_when_its_time_is_however_often_something_comes() -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        try:
            for number in range(30):
                connection.sendall(f"X-{number}: y\r\n".encode())
                time.sleep(0.1)
            connection.sendall(b"Content-Length: 0\r\n\r\n")
        except OSError:
            pass  # as it should be: the other side has gone

    with broken_office(drip) as address:
        assert what_comes_of(f"http://{address}/") == (Outcome.UNKNOWN, "timeout")


def test_what_ends_before_the_request_leaves_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with broken_office(hang) as address:
        assert what_comes_of(f"https://{address}/") == (Outcome.RETRY, "no_connection")
    over = threading.Event()

    def no_name_server_answers(*_: object, **__: object) -> Any:
        over.wait(20)
        raise socket.gaierror

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", no_name_server_answers)
        assert what_comes_of("https://trade.example.org/") == (Outcome.RETRY, "no_connection")
        assert not over.is_set()
        over.set()


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"x" * LONGEST_ANSWER * 100)])
def test_an_answer_that_is_compressed_unasked_is_not_read(body: bytes) -> None:
    def compressed(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with fake(lambda heard: {"asked": heard.headers["accept-encoding"]}) as server:
        assert "identity" in INSIDE.post(server.url, said).text
        server.answers.append(compressed)
        assert INSIDE.post(server.url, said) == Answer(Outcome.ACCEPTED, "200")


def test_an_answer_without_end_is_cut_off() -> None:
    def slowly(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        until = time.monotonic() + 5
        while time.monotonic() < until:
            handler.wfile.write(b"x" * 10)
            time.sleep(0.05)

    with fake(lambda heard: b"x" * (LONGEST_ANSWER * 4)) as server:
        assert len(INSIDE.post(server.url, said).text) == LONGEST_ANSWER
        server.answers.append(slowly)
        assert what_comes_of(server.url) == (Outcome.UNKNOWN, "timeout")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff\xfe", b"[" * 10_000, b'{"a": NaN}'])
def test_an_answer_that_is_no_object_is_an_empty_one(body: bytes) -> None:
    with fake(lambda heard: body) as server:
        found = INSIDE.reply("GET", server.url)
    assert found.status == 200
    assert set(found.json) <= {"a"}
