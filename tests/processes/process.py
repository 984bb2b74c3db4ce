"""One process of the product: started, watched over HTTP, ended or killed by its id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic

import httpx

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
OURS = ("_URL", "_PROXY", "_KEY", "PORT", "HOST", "DATA_DIR", "BROKER_PREFIX", "STORY", "CI")


def wait_until(true: Callable[[], object], what: Callable[[], str] | str, patience: float = PATIENCE) -> None:
    """Waits for something that other processes bring about; fails when it takes too long."""
    until = monotonic() + patience
    while not true():
        if monotonic() > until:
            raise AssertionError(f"waited in vain: {what if isinstance(what, str) else what()}")
        threading.Event().wait(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(**settings: object) -> dict[str, str]:
    """The environment of a process: ours without what would steer the product, and these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().endswith(OURS)}
    return kept | {"PYTHONUTF8": "1"} | {name.upper(): str(value) for name, value in settings.items()}


def run(*arguments: str, settings: Mapping[str, str], timeout: float = PATIENCE) -> tuple[int, str]:
    """Runs a command of the product to its end; its status and everything it said."""
    done = subprocess.run(
        [sys.executable, "-m", "services", *arguments],
        cwd=ROOT,
        env=dict(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout,
        check=False,
    )
    return done.returncode, done.stdout.decode()


class Process:
    """`python -m services …` with its own log file. `url` answers `/health` once it works."""

    def __init__(self, name: str, arguments: list[str], settings: Mapping[str, str], url: str) -> None:
        self.name = name
        self.arguments = arguments
        self.settings = settings
        self.url = url
        self.log = Path(settings["DATA_DIR"]).with_suffix(".logs") / f"{name}.log"
        self.starts = 0
        self._groups: list[int] = []
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> Process:
        """Starts it, in a process group of its own, and does not wait."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.starts += 1
        with self.log.open("ab") as log:
            log.write(f"--- start {self.starts}\n".encode())
            log.flush()
            self._running = subprocess.Popen(
                [sys.executable, "-m", "services", *self.arguments],
                cwd=ROOT,
                env=dict(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._groups.append(self._running.pid)
        return self

    def healthy(self) -> bool:
        """Whether it answers; fails when it has ended instead."""
        assert self._running is not None
        status = self._running.poll()
        assert status is None, f"{self.name} ended with {status}:\n{self.said()[-3000:]}"
        try:
            return httpx.get(f"{self.url}/health", trust_env=False, timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def wait(self) -> Process:
        """Until it answers."""
        wait_until(self.healthy, f"{self.name} to answer")
        return self

    def kill(self) -> None:
        """Ends it at once, in the middle of whatever it does (SIGKILL)."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end and waits until it has; its status."""
        assert self._running is not None
        self._running.send_signal(how)
        return self._running.wait(PATIENCE)

    def cut_off(self) -> bool:
        """Whether by its own clock it was late to end, and cut off what it was still at."""
        return "cut_off" in self.said()

    def has_children(self) -> bool:
        """Whether a process that one of its starts has made is still there, although itself has ended."""
        return any(_exists(group) for group in self._groups if self._ended(group))

    def _ended(self, group: int) -> bool:
        now = self._running
        return now is None or now.pid != group or now.poll() is not None

    def clear(self) -> None:
        """Kills what is left of it, its children too."""
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        if self._running is not None:
            self._running.wait()

    def said(self) -> str:
        """Everything it has printed and logged, over all its starts."""
        return self.log.read_text() if self.log.exists() else ""


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
