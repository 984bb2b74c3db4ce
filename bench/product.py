"""The product's own processes for a bench: started with settings of a run, asked over HTTP, ended."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.servers import Place, free_port, place
from services.demo.client import Api
from services.demo.play import administrator
from services.demo.sample import Sample, build
from services.runtime import NAMES, System
from shared.clock import Clock
from shared.settings import Settings

PATIENCE = 60.0


@dataclass
class Process:
    """One running process and the port where it answers."""

    popen: subprocess.Popen[str]
    port: int
    out: Path | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for_health(self) -> None:
        """Raises `RuntimeError` when the process ends or never answers."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.popen.poll() is None:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/health", trust_env=False, timeout=1).status_code == 200:
                    return
            time.sleep(0.01)
        raise RuntimeError(f"{self.popen.args!r} does not answer at {self.url}: {self.said()}")

    def said(self) -> str:
        """The end of what the process has printed."""
        return self.out.read_text()[-1000:] if self.out else ""

    def stop(self) -> None:
        self.popen.terminate()
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


@dataclass
class Product:
    """All services on the databases of one place; `run` starts a process of them."""

    here: Place
    data_dir: Path
    running: list[Process] = field(default_factory=list)
    feed_port: int = 0
    more: dict[str, str] = field(default_factory=dict)
    """Settings of its processes beyond those of every bench."""

    def __post_init__(self) -> None:
        self.key = secrets.token_urlsafe(48)

    @property
    def settings(self) -> Settings:
        return Settings(
            data_dir=self.data_dir,
            database_url=self.here.database_url,
            broker_url=self.here.broker_url,
            broker_prefix=self.here.prefix,
            service_key=self.key,
        )

    def migrate(self) -> None:
        system = System(self.settings)
        system.migrate()
        system.stop()

    def run(self, *arguments: str) -> Process:
        """Starts `python -m services …` and waits until it answers."""
        port = free_port()
        self.feed_port = self.feed_port or port
        settings = {
            "DATABASE_URL": self.here.database_url,
            "BROKER_URL": self.here.broker_url,
            "BROKER_PREFIX": self.here.prefix,
            "SERVICE_KEY": self.key,
            "FEED_URL": f"http://127.0.0.1:{self.feed_port}",
            **self.more,
        }
        process = start(arguments, self.data_dir, port, settings)
        self.running.append(process)
        process.wait_for_health()
        return process

    def stop(self) -> None:
        while self.running:
            self.running.pop().stop()
        self.feed_port = 0

    def with_district(self, act: Callable[[Sample], None]) -> Sample:
        """Builds a sample district through the public API and acts in it; then ends all processes."""
        web = self.run("web")
        self.run("worker")
        with api_at(web.url) as api:
            admin = administrator(api, self.data_dir / "first-admin")
            sample = build(api, admin, Clock().today().year)
            act(sample)
        self.stop()
        return sample


@contextmanager
def product() -> Iterator[Product]:
    """An empty, migrated product; its processes are ended and its data removed at the end."""
    with place(*NAMES) as here, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        made = Product(here, Path(folder))
        made.migrate()
        try:
            yield made
        finally:
            made.stop()


@contextmanager
def api_at(url: str) -> Iterator[Api]:
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        yield Api(http, pause=lambda: time.sleep(0.02))


def start(arguments: Sequence[str], data_dir: Path, port: int, settings: dict[str, str]) -> Process:
    """A process of the product with these settings; its own prints go to DATA_DIR/out."""
    environment = {
        **os.environ,
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "HEALTH_PORT": str(port),
        "LOG_LEVEL": "ERROR",
        "PYTHONUTF8": "1",
        **settings,
    }
    with (data_dir / "out").open("a") as out:
        command = [sys.executable, "-m", "services", *arguments]
        popen = subprocess.Popen(command, env=environment, stdout=out, stderr=out, text=True)
    return Process(popen, port, data_dir / "out")
