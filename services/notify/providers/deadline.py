"""An end to a conversation over a socket: a timeout is for each step, and steps can be many."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Timer
from time import monotonic


class Deadline:
    """Breaks a connection off when it has had its time, whatever is waited for; TLS over it breaks, too."""

    def __init__(self, seconds: float) -> None:
        self._until = monotonic() + seconds
        self._line: socket.socket | None = None
        self._timer: Timer | None = None
        self.is_over = False

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """A connection to the first of the host's addresses that answers. Raises OSError."""
        failed: OSError = TimeoutError("no time left to connect")
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if (left := self._until - monotonic()) <= 0:
                break
            try:
                made = socket.create_connection((str(address[0]), port), min(timeout, left))
            except OSError as error:
                failed = error
            else:
                self._watch(made, timeout)
                return made
        raise failed

    def close(self) -> None:
        """The connection is not needed any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._line is not None:
            self._line.close()

    def _watch(self, connection: socket.socket, timeout: float) -> None:
        connection.settimeout(timeout)
        self._line = connection.dup()
        self._timer = Timer(max(0.0, self._until - monotonic()), self._break_off)
        self._timer.daemon = True
        self._timer.start()

    def _break_off(self) -> None:
        self.is_over = True
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
