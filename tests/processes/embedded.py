"""The one embedded process, with a data directory of its own."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from services.demo.client import Api
from shared.database import sqlite_url
from tests.processes.paperwork import Persistent, wait_a_moment
from tests.processes.process import Process, environment, free_port


class Embedded:
    """`python -m services up` on a free port and SQLite."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.data_dir = data_dir
        port = free_port()
        self.settings = environment(**{"data_dir": data_dir, "port": port, "story": 0, **settings})
        self.url = f"http://127.0.0.1:{port}"
        self.process = Process("up", ["up"], self.settings, self.url)

    def start(self) -> Embedded:
        self.process.start().wait()
        return self

    def start_again(self) -> None:
        """Kills the process in the middle of whatever it does, and starts it anew."""
        self.process.kill()
        self.process.start()

    @contextmanager
    def api(self) -> Iterator[tuple[Api, Persistent]]:
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30) as client:
            http = Persistent(client)
            yield Api(http, pause=wait_a_moment), http

    @property
    def admin_file(self) -> Path:
        return self.data_dir / "first-admin"

    def url_of(self, service: str) -> str:
        return sqlite_url(self.data_dir, service)


@contextmanager
def embedded(data_dir: Path, **settings: object) -> Iterator[Embedded]:
    """An embedded system that has started and answers."""
    made = Embedded(data_dir, **settings)
    try:
        yield made.start()
    finally:
        made.process.clear()


@contextmanager
def taken_port() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@contextmanager
def silent_server() -> Iterator[tuple[int, threading.Event]]:
    """A server that lets everybody connect and never says a word; its port, and whether somebody has come."""
    called = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        guests: list[socket.socket] = []

        def welcome() -> None:
            with suppress(OSError):  # the end of the test
                while True:
                    guests.append(server.accept()[0])
                    called.set()

        threading.Thread(target=welcome, daemon=True).start()
        yield server.getsockname()[1], called
        server.shutdown(socket.SHUT_RDWR)
    for guest in guests:
        guest.close()


def lines(said: str) -> list[str]:
    """What was said, without blank lines and colours."""
    return [line for line in re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines() if line.strip()]
