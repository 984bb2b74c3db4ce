"""A way to a real server that a test can cut, or hold up, and mend."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """Passes TCP connections on to the server of a URL; `url` leads there through it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5672)
        self._server = socket.create_server(("127.0.0.1", 0))
        login = parts.netloc.rpartition("@")[0]
        port = self._server.getsockname()[1]
        self.url = urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))
        self._is_cut = False
        self._flows = threading.Event()
        self._flows.set()
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._welcome, daemon=True).start()

    def cut(self) -> None:
        """Breaks every connection, and every new one at once."""
        self._is_cut = True
        for end in self._ends:
            _end(end)
        self._ends.clear()

    def hold_up(self) -> None:
        """Connections stay open, and nothing more comes through."""
        self._flows.clear()

    def mend(self) -> None:
        self._is_cut = False
        self._flows.set()

    def close(self) -> None:
        self.cut()
        self._flows.set()
        _end(self._server)

    def _welcome(self) -> None:
        with suppress(OSError):  # the end of the test
            while True:
                guest = self._server.accept()[0]
                if self._is_cut:
                    guest.close()
                    continue
                host = socket.create_connection(self._target)
                self._ends += [guest, host]
                for ends in ((guest, host), (host, guest)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, start: socket.socket, end: socket.socket) -> None:
        with suppress(OSError):
            while data := start.recv(65536):
                self._flows.wait()
                end.sendall(data)
        _end(start)
        _end(end)


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
        end.close()
