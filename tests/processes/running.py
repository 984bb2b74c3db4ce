"""The product as separate processes on real servers: web and worker of each service, jobs and beat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import redis

from services.demo.client import Api
from services.runtime import NAMES
from shared.broker import Broker
from tests.conftest import PostgresDatabases, server_url
from tests.processes.audit import Books
from tests.processes.gateway import Gateway
from tests.processes.paperwork import wait_a_moment
from tests.processes.process import Process, environment, free_port, run, wait_until

SERVICE_KEY = "k" * 48


class ByPath(httpx.BaseTransport):
    """Sends each request to the web process of the service that its path names."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.ports = ports
        self.network = httpx.HTTPTransport(trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=self.ports[request.url.path.split("/")[2]])
        return self.network.handle_request(request)

    def close(self) -> None:
        self.network.close()


class Product:
    """All processes of the product. `origin` is a gateway in front of them, `http()` asks each itself."""

    def __init__(self, data_dir: Path, databases: PostgresDatabases, broker: Broker) -> None:
        self.data_dir = data_dir
        self.databases = databases
        self.broker = broker
        self.ports = {name: free_port() for name in NAMES}
        self.gateway = Gateway(self.ports)
        self.origin = self.gateway.url
        self.settings = environment(
            data_dir=data_dir,
            database_url=databases.template,
            broker_url=broker.url,
            broker_prefix=broker.prefix,
            redis_url=server_url("redis"),
            feed_url=self.origin,
            service_key=SERVICE_KEY,
            log_format="json",
        )
        webs = [self._process(f"{name}-web", "web", "--service", name) for name in NAMES]
        workers = [self._process(f"{name}-worker", "worker", "--service", name) for name in NAMES]
        others = [self._process("jobs", "jobs"), self._process("beat", "beat")]
        self.processes = {process.name: process for process in (*webs, *workers, *others)}

    def _process(self, name: str, *arguments: str) -> Process:
        port = self.ports[name.removesuffix("-web")] if name.endswith("-web") else free_port()
        settings = self.settings | {"PORT": str(port), "HEALTH_PORT": str(port)}
        return Process(name, list(arguments), settings, f"http://127.0.0.1:{port}")

    def migrate(self) -> None:
        status, said = run("migrate", settings=self.settings, timeout=120)
        assert status == 0, said

    def start(self) -> None:
        """Migrates, starts everything and waits until all of it answers."""
        self.migrate()
        for process in self.processes.values():
            process.start()
        for process in self.processes.values():
            process.wait()

    @contextmanager
    def http(self) -> Iterator[httpx.Client]:
        with httpx.Client(
            base_url="http://127.0.0.1", transport=ByPath(self.ports), trust_env=False, timeout=30
        ) as client:
            yield client

    @contextmanager
    def api(self) -> Iterator[Api]:
        with self.http() as client:
            yield Api(client, pause=wait_a_moment)

    @property
    def admin_file(self) -> Path:
        return self.data_dir / "first-admin"

    def url_of(self, service: str) -> str:
        return self.databases.template.replace("{service}", service)

    def settle(self, books: Books) -> None:
        """Waits until every event has been handled everywhere and every job is done."""
        wait_until(lambda: books.unfinished() == [], lambda: f"quiet: {books.unfinished()}", patience=90)

    def said(self) -> str:
        """What all processes have logged, for a message to who reads a failure."""
        return "\n".join(f"== {name}\n{process.said()[-1500:]}" for name, process in self.processes.items())

    def close(self) -> None:
        for process in self.processes.values():
            process.clear()
        self.gateway.close()


@contextmanager
def separate_processes(data_dir: Path, transport: str, prefix: str) -> Iterator[Product]:
    """A product on PostgreSQL, Redis and a transport (`amqp`, `redis`), all its own; not yet started."""
    broker = Broker(server_url(transport), prefix)
    with PostgresDatabases() as databases:
        product = Product(data_dir, databases, broker)
        try:
            yield product
        finally:
            product.close()
            forget(broker)


def forget(broker: Broker) -> None:
    """Removes everything that a product has left with the servers."""
    broker.wipe(NAMES)
    wipe_jobs(broker)
    with redis.Redis.from_url(server_url("redis")) as client:
        for key in [*client.scan_iter(f"*{broker.prefix}*")]:
            client.delete(key)


def wipe_jobs(broker: Broker) -> None:
    """Deletes the queue of wake-ups: their rows are the truth."""
    with broker.connect() as connection:
        channel = connection.channel()
        channel.queue_delete(f"{broker.prefix}jobs")
        channel.exchange_delete(f"{broker.prefix}jobs")
