"""`/health` and `/metrics` of processes that serve nothing else."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from structlog import get_logger

from shared.threads import Threads

log = get_logger(__name__)


def health_of(ended: list[str]) -> dict[str, Any]:
    """What `/health` says of a process with these threads gone; with any, it works no longer as it should."""
    return {"status": "failing", "threads_ended": ended} if ended else {"status": "ok"}


class _Answer(BaseHTTPRequestHandler):
    registry: CollectorRegistry
    threads: Threads

    def do_GET(self) -> None:
        if self.path == "/metrics":
            self._say(200, CONTENT_TYPE_LATEST, generate_latest(self.registry))
        elif self.path == "/health":
            ended = self.threads.ended()
            self._say(503 if ended else 200, "application/json", json.dumps(health_of(ended)).encode())
        else:
            self._say(404, "application/json", b"{}")

    def _say(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Probes are not worth a line."""


def serve_health(port: int, metrics: CollectorRegistry, threads: Threads) -> None:
    """Answers on a port until the process is to end; a taken port is a warning, work goes on."""
    try:
        answer = type("Answer", (_Answer,), {"registry": metrics, "threads": threads})
        server = ThreadingHTTPServer(("", port), answer)
    except OSError as error:
        log.warning("health_port_taken", port=port, error=str(error))
        return
    threading.Thread(target=server.serve_forever, daemon=True, name="health").start()

    def end() -> None:
        threads.stopping.wait()
        server.shutdown()
        server.server_close()

    threading.Thread(target=end, daemon=True, name="health-end").start()
