"""The processes of the product: what each starts, and how each ends well."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from services.ending import end_when_asked, leave_when_asked, started
from services.runtime import System
from shared import wakeups
from shared.health import serve_health
from shared.logs import configure
from shared.settings import Settings

err = Console(stderr=True, highlight=False, soft_wrap=True)
out = Console(highlight=False, soft_wrap=True)
GRACE = 2


class CannotStart(Exception):
    """Something that the person who starts us has to change; one clear line."""


def guarded(act: Callable[..., int]) -> Callable[..., int]:
    """Turns what prevents a start into one line and status 1."""

    def run(settings: Settings, *arguments: object) -> int:
        try:
            configure(settings.log_format, settings.log_level)
            check_secrets(settings)
            check_urls(settings)
            return act(settings, *arguments)
        except CannotStart as reason:
            err.print(f"[red]无法启动 (cannot start):[/] {reason}")
        except SQLAlchemyError as error:
            err.print(f"[red]数据库不可用 (database):[/] {str(error).splitlines()[0]}")
        return 1

    return run


def check_secrets(settings: Settings) -> None:
    """Outside embedded nothing may run with a missing, short or published secret. Raises `CannotStart`."""
    if settings.embedded:
        return
    if len(settings.service_key) < 32 or settings.service_key.startswith("change"):
        raise CannotStart(
            "SERVICE_KEY 必须至少 32 个字符 (set SERVICE_KEY to a random text of 32+ characters)"
        )
    if settings.database_url and "{service}" not in settings.database_url:
        raise CannotStart("DATABASE_URL 必须包含 {service} (needs {service} in it)")


def check_urls(settings: Settings) -> None:
    """Only databases and transports that are known to work. Raises `CannotStart`."""
    if settings.database_url and not settings.database_url.startswith(("postgresql", "sqlite")):
        raise CannotStart("DATABASE_URL 必须以 postgresql+psycopg:// 开头 (must begin so)")
    if not settings.broker_url.startswith(("inproc:", "amqp:", "amqps:", "redis:", "rediss:")):
        raise CannotStart(
            "BROKER_URL 必须以 amqp://、redis:// 或 inproc:// 开头 (must begin with one of them)"
        )


def open_data_dir(path: Path) -> None:
    """Makes DATA_DIR (0700). Raises `CannotStart` when it cannot be written."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = path / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(f"DATA_DIR {path} 不可写 (not writable): {error.strerror}") from None


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Holds DATA_DIR for this process. Raises `CannotStart` when another one has it."""
    with (path / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(f"另一个进程正在使用 DATA_DIR {path} (another process uses it)") from None
        yield


def listen(host: str, port: int) -> socket.socket:
    """Binds the web server's port. Raises `CannotStart` when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        hint = "换一个端口 (choose another): PORT=8001"
        raise CannotStart(f"端口 {host}:{port} 不可用 ({error.strerror}); {hint}") from None
    return bound


class Web(uvicorn.Server):
    """Lets open streams end first, so that nobody waits for them."""

    def __init__(self, config: uvicorn.Config, system: System) -> None:
        super().__init__(config)
        self.system = system

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.system.end()
        super().handle_exit(sig, frame)


def serve(system: System, bound: socket.socket, after_start: Callable[[], None] | None = None) -> None:
    """Serves until Ctrl-C or SIGTERM; `after_start` runs in a thread once the server answers."""
    config = uvicorn.Config(
        system.app(),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        timeout_graceful_shutdown=GRACE,
        lifespan="off",
    )
    server = Web(config, system)
    end_when_asked(system.end)  # uvicorn raises the signal again after its own shutdown
    started(system.stopping)
    if after_start is not None:
        threading.Thread(target=_when_started, args=(server, after_start), daemon=True).start()
    server.run(sockets=[bound])


def _when_started(server: uvicorn.Server, act: Callable[[], None]) -> None:
    while not server.started and not server.should_exit:
        threading.Event().wait(0.01)
    if not server.should_exit:
        act()


@guarded
def up(settings: Settings) -> int:
    """The embedded system: everything in one process."""
    from services.demo.play import play_embedded

    leave_when_asked()
    open_data_dir(settings.data_dir)
    with only_one(settings.data_dir):
        bound = listen(settings.host, settings.port)
        system = System(settings.model_copy(update={"port": bound.getsockname()[1]}))
        empty = not (settings.data_dir / "first-admin").exists()
        try:
            system.migrate()
            system.resume_jobs()
            system.start_relays()
            system.start_receivers()
            system.start_worker()
            play = settings.story and empty
            serve(system, bound, lambda: play_embedded(system.settings, system.stopping, out, play))
        finally:
            system.stop()
    return 0


@guarded
def web(settings: Settings, names: Sequence[str]) -> int:
    """One or more services over HTTP."""
    leave_when_asked()
    open_data_dir(settings.data_dir)
    bound = listen(settings.host, settings.port)
    system = System(settings, names)
    try:
        if settings.database_url == "":
            system.migrate()
        system.start_relays()
        serve(system, bound)
    finally:
        system.stop()
    return 0


@guarded
def worker(settings: Settings, names: Sequence[str]) -> int:
    """Receivers and relays of one or more services."""
    open_data_dir(settings.data_dir)
    leave_when_asked()
    system = System(settings, names)
    try:
        system.start_relays()
        system.start_receivers()
        serve_health(settings.health_port, system.metrics, system.threads)
        end_when_asked(system.end)
        started(system.stopping)
        system.stopping.wait()
    finally:
        system.stop()
    return 0


@guarded
def jobs(settings: Settings, concurrency: int) -> int:
    """Celery's prefork worker for all services."""
    leave_when_asked()
    open_data_dir(settings.data_dir)
    system = System(settings)
    serve_health(settings.health_port, system.metrics, system.threads)
    wakeups.before_the_end(system.end)
    started(system.stopping)
    name = f"jobs-{socket.gethostname()}-{os.getpid()}"
    arguments = ["worker", "--concurrency", str(concurrency), "--hostname", name, "--without-mingle"]
    system.celery.worker_main([*arguments, "--without-gossip", "--loglevel", "WARNING"])
    return 0


@guarded
def beat(settings: Settings) -> int:
    """The ticks' clock; keeps no state, so that a second one or a restart is harmless."""
    leave_when_asked()
    open_data_dir(settings.data_dir)
    system = System(settings)
    serve_health(settings.health_port, system.metrics, system.threads)
    system.celery.Beat(scheduler="celery.beat:Scheduler", loglevel="WARNING", quiet=True).run()
    return 0


@guarded
def migrate(settings: Settings) -> int:
    """Migrations and reference data of every service."""
    open_data_dir(settings.data_dir)
    System(settings).migrate()
    out.print("数据库已是最新版本 (databases are up to date)")
    return 0
